import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { attemptId } from "../../../rollout/model/attempt.ts";
import {
  labelValue,
  refSlotLabels,
  refSlotOf,
  slotLabels,
  slotOf,
  textOfLabel,
  withoutSlots,
} from "../../../rollout/model/labels.ts";
import { makeStop, type StopFacts } from "../../../rollout/model/stop.ts";

const attempt = attemptId("thermostat", "1.1.0", 1);
const facts = (reason: string, more: Partial<StopFacts> = {}): StopFacts => ({
  kind: "abort",
  attempt,
  release: "d".repeat(64),
  actor: "Zoë",
  at: "2026-01-01T00:00:00.000Z",
  reason,
  nonce: "abc",
  ...more,
});
const ALLOWED = /^[A-Za-z0-9\-:.+%_#*?!(),=@;']{0,128}$/;

describe("a stop in labels", () => {
  test.prop([
    fc.string({ maxLength: 200, unit: "grapheme" }),
    fc.constantFrom("abort" as const, "hold" as const),
  ])("is read back with its identity, whatever was typed, in the service's alphabet", (reason, kind) => {
    const stop = makeStop(facts(reason, { kind }));
    for (const value of Object.values({ ...slotLabels(stop), ...refSlotLabels(stop) }))
      expect(value).toMatch(ALLOWED);
    expect(slotOf(slotLabels(stop), attempt)).toEqual(stop);
    expect(refSlotOf(refSlotLabels(stop), attempt)).toEqual(stop);
  });

  it("is an abort before a hold, and leaves nothing when it is taken out", () => {
    const [hold, abort] = [makeStop(facts("wait", { kind: "hold" })), makeStop(facts("stop"))];
    const labels = { other: "stays", ...slotLabels(hold), ...slotLabels(abort) };
    expect(slotOf(labels, attempt)?.kind).toBe("abort");
    expect(withoutSlots(labels)).toEqual({ other: "stays" });
  });

  it("with the same text twice is two stops", () => {
    expect(makeStop(facts("same")).id).not.toBe(makeStop(facts("same", { nonce: "other" })).id);
  });
});

describe("a label value", () => {
  it.each([
    ["plain-1.2", "plain-1.2"],
    ["two words", "two%20words"],
    ["50% / ü", "50%25%20%2F%20%C3%BC"],
  ])("of %s is %s and back", (text, value) => {
    expect(labelValue(text)).toBe(value);
    expect(textOfLabel(value)).toBe(text);
  });

  it("that is too long is cut where it shows", () => {
    expect(labelValue("x".repeat(300))).toBe(`${"x".repeat(125)}...`);
  });
});
