import type { Role } from "./images.ts";
import type { RuleName } from "./rules.ts";
import type { Trial } from "./trial.ts";

/** What a scenario cannot do without, beside images. */
export type Need =
  /** The kit starts the device, and so can take its power away. */
  | "power"
  /** The device checks signatures by a key the kit can sign with. */
  | "signing";

/** A story a device is put through. */
export interface Scenario {
  /** What `--only` and the evidence call it. */
  readonly name: string;
  readonly story: string;
  /** Rules it looks at, beside those that every report is held to. */
  readonly rules: readonly RuleName[];
  readonly needs?: readonly (Need | Role)[];
  /** Waits for the clock most of its time: begun first. */
  readonly isSlow?: boolean;
  readonly run: (trial: Trial) => Promise<void>;
}
