import type { RuleName } from "./rules.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly rule: RuleName;
  readonly isKept: boolean;
  /** What the rule made the kit expect. */
  readonly expected: string;
}

/** A finding about what must not be: `faults` says what was expected instead, `otherwise` what was seen to be so. */
export function finding(rule: RuleName, faults: readonly string[], otherwise: string): Finding {
  return { rule, isKept: faults.length === 0, expected: faults.length === 0 ? otherwise : faults.join("; ") };
}
