import type { Code } from "../../model/problem.ts";

/** One rule of the lint: several may share a number. */
export interface LintRule {
  readonly rule: `L${number}`;
  readonly code: Code;
  /** When it speaks, with its numbers; "error" where it blocks, "refused" where it cannot be declared. */
  readonly meaning: string;
}

/** Every rule, by its number; `docs/reference/lint.md` is written from it. Each is computed by a file beside this one, or by the plan. */
export const LINT_RULES: readonly LintRule[] = [
  {
    rule: "L01",
    code: "SMOKE_TOO_SMALL",
    meaning:
      "The first wave makes no statistical claim and sees nothing of a defect in 10% of the devices more often than not: (1 − p)ⁿ.",
  },
  { rule: "L02", code: "WAVE_CANNOT_PROVE", meaning: "An evidence wave can never prove the gate: *error*." },
  {
    rule: "L02",
    code: "WAVE_MAY_STICK",
    meaning:
      "An evidence wave holds a good release (half of `tolerate`) with a chance over 10%, for one failure more than it bears.",
  },
  {
    rule: "L03",
    code: "RELEASE_INVALID",
    meaning:
      "A bake shorter than the deadline: silence could not stop the next wave. *Error*; a bake that ends before the query lag is over is made longer.",
  },
  {
    rule: "L04",
    code: "DEADLINE_SHORT",
    meaning:
      "More devices than are tolerated pause longer between two check-ins than the deadline: they would look silent. Counted: seen within 7 days and not within the deadline.",
  },
  {
    rule: "L05",
    code: "CAP_STOPS_GOOD",
    meaning:
      "The harm cap, a fixed number, stops a release at `tolerate` on a fleet of this size with a chance over `falseStop`.",
  },
  {
    rule: "L06",
    code: "TOTAL_UNKNOWN",
    meaning:
      "A metric judges a rate whose total names neither `{{attempt}}` nor `{{version}}`. (The main gate and `twins` count every device in contact, not those that reported.)",
  },
  {
    rule: "L07",
    code: "RATES_TOO_CLOSE",
    meaning: "`reject` is less than three times `tolerate`: the mean numbers of devices to tell them apart.",
  },
  {
    rule: "L07",
    code: "TOLERATE_BELOW_HISTORY",
    meaning:
      "A release that reached everyone failed more often than is tolerated now: an ordinary release would be stopped.",
  },
  {
    rule: "L08",
    code: "STRATUM_LATE",
    meaning:
      "A stratum is first seen in the last wave: fewer of its devices before it than prove the gate, or none where it is too small.",
  },
  {
    rule: "L09",
    code: "WAVE_CLUSTERED",
    meaning:
      'One site holds over 20% of a wave before the last. Asked where the fleet names the tag: `products: { thermostat: { site: "tags.site" } }`.',
  },
  {
    rule: "L10",
    code: "STOP_TOO_LATE",
    meaning:
      "Devices of strata that have shown nothing yet take the release faster than a look (interval, query lag, the hub's evaluation) can stop it: a defect in 20% harms more than the harm cap.",
  },
  {
    rule: "L11",
    code: "CONTROL_SMALL",
    meaning:
      "A rate ratio compares with a hold-out under 1% or under 100 devices. Without one it is *refused*; a wave that reaches into it is an *error* (`HOLD_OUT_REACHED`).",
  },
  {
    rule: "L12",
    code: "BUDGET_THIN",
    meaning:
      "More than 16 tests share `falseStop`: how many failures more it takes to stop at 50, 100 and 500 devices.",
  },
  { rule: "L13", code: "WAVE_EMPTY", meaning: "A wave that adds no device: *error*." },
  { rule: "L13", code: "WAVE_OF_ONE", meaning: "A percentage of a small fleet is one device more." },
  {
    rule: "L13",
    code: "LAST_STEP_WIDE",
    meaning: "The last wave adds over ten times the devices that were tried before it.",
  },
  {
    rule: "L14",
    code: "CAP_ABOVE_FLEET",
    meaning:
      "A harm cap above the fleet. A gate without a cap or without patience, and an override without an end, are *refused*.",
  },
  { rule: "L15", code: "ONE_MEASUREMENT", meaning: "One measurement beyond a limit stops the release." },
  {
    rule: "L16",
    code: "RELEASE_CHANGED",
    meaning:
      "The gate, or anything else of a release, is changed while its rollout is under way: *error*, nothing of it widens.",
  },
  {
    rule: "L17",
    code: "WAVE_TOO_FAST",
    meaning:
      "A wave takes over 30% of a day's messages, or over a quarter of the deadline at the twin throttle; *error* where a day's messages could not take it back.",
  },
];
