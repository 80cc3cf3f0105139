import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { attemptId } from "../../../rollout/model/attempt.ts";
import { labelValue, textOfLabel } from "../../../rollout/model/label-value.ts";
import { refSlotLabels, refSlotOf, slotLabels, slotOf, withoutSlots } from "../../../rollout/model/labels.ts";
import {
  isBuried,
  isTombstoneName,
  makeStop,
  STOP_KINDS,
  tombstoneName,
  type StopFacts,
} from "../../../rollout/model/stop.ts";

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
  test.prop([fc.string({ maxLength: 200, unit: "grapheme" }), fc.constantFrom(...STOP_KINDS)])(
    "is read back with its identity, whatever was typed, in the service's alphabet",
    (reason, kind) => {
      const stop = makeStop(facts(reason, { kind }));
      for (const value of Object.values({ ...slotLabels(stop), ...refSlotLabels(stop) }))
        expect(value).toMatch(ALLOWED);
      expect(slotOf(slotLabels(stop), attempt)).toEqual(stop);
      expect(refSlotOf(refSlotLabels(stop), attempt)).toEqual(stop);
    },
  );

  it("is an abort before a halt before a hold, and leaves nothing when it is taken out", () => {
    const labelsOf = (...kinds: readonly StopFacts["kind"][]): Record<string, string> =>
      kinds.reduce<Record<string, string>>(
        (labels, kind) => ({ ...labels, ...slotLabels(makeStop(facts("stop", { kind }))) }),
        { other: "stays" },
      );
    expect(slotOf(labelsOf("hold", "halt"), attempt)?.kind).toBe("halt");
    const labels = labelsOf("hold", "halt", "abort");
    expect(slotOf(labels, attempt)?.kind).toBe("abort");
    expect(withoutSlots(labels)).toEqual({ other: "stays" });
  });

  it("is read back with its identity from text that is no text: half of a pair of surrogates", () => {
    const stop = makeStop(facts("odd \ud800 end"));
    expect(slotOf(slotLabels(stop), attempt)).toEqual(stop);
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

describe("a tombstone", () => {
  const release = "d".repeat(64);
  const second = attemptId("thermostat", "1.1.0", 2);

  it("is named for the release, the attempt and what became of its devices", () => {
    const name = (kind: StopFacts["kind"], of = attempt): string | undefined =>
      tombstoneName({ kind, attempt: of, release });
    expect(name("abort")).toBe(release);
    expect(name("halt")).toBe(`${release}.halt`);
    expect(name("abort", second)).toBe(`${release}.2`);
    expect(name("halt", second)).toBe(`${release}.2.halt`);
    expect(name("hold")).toBeUndefined();
    expect(tombstoneName({ kind: "abort", attempt, release: "../../escape" })).toBeUndefined();
    for (const kind of ["abort", "halt"] as const)
      for (const of of [attempt, second]) {
        expect(isTombstoneName(name(kind, of) ?? "")).toBe(true);
        expect(isBuried(new Set([name(kind, of) ?? ""]), release)).toBe(true);
      }
    expect(isTombstoneName(`${release}.tmp`)).toBe(false);
    expect(isBuried(new Set([`${"e".repeat(64)}.2`]), release)).toBe(false);
  });
});
