import { shortEvidence } from "../../model/evidence.ts";
import { isoMinute } from "../../model/instant.ts";
import type { OverrideStanding } from "../../plan/product-plan.ts";

/** Override files for people, one line each: which gate, for which counts and how long, and what becomes of it. */
export function overrideLines(overrides: readonly OverrideStanding[]): readonly string[] {
  return overrides.map(
    ({ file, version, wave, evidence, until, reason, text }) =>
      `override ${file}: wave "${wave}" of ${version}, on evidence ${shortEvidence(evidence)}, until ${isoMinute(until)} ("${reason}"): ${text}`,
  );
}
