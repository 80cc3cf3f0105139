import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { isoInstant } from "../../../rollout/model/instant.ts";
import { digestOfOverride, parseOverride } from "../../../rollout/model/override-declaration.ts";
import { checkDeclarations } from "../../../rollout/plan/check-declarations.ts";
import { defineOverride, type OverrideDeclaration } from "../../../rollout/wavegate.ts";
import { aRelease } from "../../support/declarations.ts";

const GOOD = defineOverride({
  product: "thermostat",
  version: "1.1.0",
  wave: "half",
  evidence: "95a3c7ad1c1c",
  reason: "that one is in a drawer",
  until: "2026-11-27T12:00:00Z",
});

/** Codes, places and sentences of what is wrong with override files beside one release. */
function problems(
  ...files: readonly Partial<Record<keyof OverrideDeclaration, unknown>>[]
): readonly string[] {
  const checked = checkDeclarations({
    fleet: { value: { products: { thermostat: {} } }, file: "fleet.ts" },
    releases: [{ value: aRelease("1.1.0"), file: "releases/thermostat-1.1.0.ts" }],
    overrides: files.map((value, index) => ({ value, file: `overrides/${index}.ts` })),
  });
  return checked.problems.map(
    ({ severity, code, path, summary, hint }) => `${severity} ${code} ${path}: ${summary} (${hint})`,
  );
}

describe("an override file", () => {
  it("is read whole, its end as an instant", () => {
    expect(parseOverride(GOOD, "a.ts")).toEqual({
      override: { ...GOOD, until: Date.parse("2026-11-27T12:00:00Z") },
      problems: [],
    });
    expect(problems(GOOD)).toEqual([]);
  });

  it("is refused with everything that is wrong at once, and its place", () => {
    const found = problems({
      ...GOOD,
      until: undefined,
      evidence: "95a3",
      reason: "  ",
      wawe: "half",
    } as never);
    expect(found).toEqual([
      expect.stringMatching(
        /^error OVERRIDE_INVALID overrides\/0.ts: evidence: must be 12 to 64 lower-case hex/,
      ),
      expect.stringMatching(/^error OVERRIDE_INVALID overrides\/0.ts: reason: must say why/),
      expect.stringMatching(/^error OVERRIDE_INVALID overrides\/0.ts: until: write an instant with its zone/),
      expect.stringMatching(/^error OVERRIDE_INVALID overrides\/0.ts: wawe: .*did you mean "wave"\?/),
    ]);
  });

  it.each<[string, Partial<OverrideDeclaration>, string]>([
    [
      "a product that is none",
      { product: "termostat" },
      'error UNKNOWN_PRODUCT overrides/0.ts: product: the fleet has no product "termostat" (did you mean "thermostat"?)',
    ],
    [
      "a version that nobody declares",
      { version: "1.1.1" },
      'warning UNKNOWN_VERSION overrides/0.ts: version: no file declares thermostat 1.1.1: the override says nothing (did you mean "1.1.0"? Else remove overrides/0.ts)',
    ],
    [
      "a wave that the release lacks",
      { wave: "hlf" },
      'error OVERRIDE_INVALID overrides/0.ts: wave: thermostat 1.1.0 has no wave "hlf" (did you mean "half"?)',
    ],
    [
      "an instant without a zone",
      { until: "2026-11-27T12:00:00" },
      "error OVERRIDE_INVALID overrides/0.ts: until: write an instant with its zone",
    ],
    [
      "upper-case digits",
      { evidence: "95A3C7AD1C1C" },
      "error OVERRIDE_INVALID overrides/0.ts: evidence: must be",
    ],
  ])("with %s is told so", (_, change, text) => {
    expect(problems({ ...GOOD, ...change })).toEqual([expect.stringContaining(text)]);
  });

  it("is the only one about its wave", () => {
    expect(problems(GOOD, { ...GOOD, wave: "canary" }, { ...GOOD, reason: "again" })).toEqual([
      'error DUPLICATE_OVERRIDE overrides/2.ts: the gate of wave "half" of thermostat 1.1.0 is overridden in overrides/0.ts too (remove the one that is for older counts)',
    ]);
  });

  test.prop({
    evidence: fc.stringMatching(/^[0-9a-f]{12,64}$/),
    reason: fc.string({ minLength: 1 }).filter((text) => text.trim() !== ""),
    until: fc.integer({ min: 0, max: 4e12 }),
  })("has an identity that any change of what it decides changes", ({ evidence, reason, until }) => {
    const digest = (declaration: OverrideDeclaration): string => {
      const { override } = parseOverride(declaration, "a.ts");
      if (override === undefined) throw new Error("it is not read");
      return digestOfOverride(override);
    };
    const one = { ...GOOD, evidence, reason, until: isoInstant(until) };
    expect(digest({ ...one })).toBe(digest(one));
    const others = [
      { ...one, evidence: evidence === "0".repeat(12) ? "1".repeat(12) : "0".repeat(12) },
      { ...one, reason: `${reason}.` },
      { ...one, until: isoInstant(until + 1) },
      { ...one, wave: "canary" },
    ];
    for (const other of others) expect(digest(other)).not.toBe(digest(one));
  });
});
