import type { AttemptId } from "../model/attempt.ts";
import type { AdoptedIntent, Intent } from "../model/record.ts";
import type { Declared } from "./declared.ts";
import type { PlanHub } from "./plan-input.ts";
import type { SizedRelease } from "./product-plan.ts";

/** What the changes of a product are made from. */
export interface ChangesInput {
  readonly declared: Declared;
  /** The head record's, oldest first. */
  readonly intents: readonly Intent[];
  readonly hubs: readonly PlanHub[];
  /** Ids of the stops that are in the chain already. */
  readonly stopIds: ReadonlySet<string>;
  /** Baselines that are still to be adopted. */
  readonly adopting: readonly AdoptedIntent[];
  /** The release that would start. */
  readonly starting: SizedRelease | undefined;
  /** What is retired next, where counts say so. */
  readonly retiring: AttemptId | undefined;
  /** What is retired later, once no device hangs on it. */
  readonly retirable: readonly AttemptId[];
}
