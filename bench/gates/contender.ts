import type { StopRule } from "../../rollout/forecast/stop-rule.ts";

/** A rule that takes part, as it is documented and with the one setting that is tuned. */
export interface Contender {
  readonly name: string;
  /** With the settings of its documentation, and what these are. */
  readonly documented: { readonly rule: StopRule; readonly settings: string };
  readonly tuned: {
    /** The rule with that setting: the greater, the less it stops. */
    readonly ruleAt: (setting: number) => StopRule;
    readonly settingsAt: (setting: number) => string;
    /** Settings that stop too often, and too seldom. */
    readonly between: readonly [strict: number, lenient: number];
  };
}
