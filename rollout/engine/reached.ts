import type { AttemptId } from "../model/attempt.ts";
import type { Configuration } from "../model/configuration.ts";
import { sha256Hex } from "../model/digest.ts";
import { LABEL } from "../model/labels.ts";
import { isAborted, isRolledOut } from "../model/record.ts";
import type { StoreView } from "./observation.ts";

/** Whom a release was given to, by the records: its configuration may have been narrowed or deleted by hand. */
export interface Reached {
  /** Priority of its configuration. */
  readonly priority: number;
  /** Every condition it may have had on a hub, the latest first. */
  readonly conditions: readonly string[];
}

/** Whom a release that is not taken back yet was given to; undefined where no record says so. */
export function reachedBy(store: StoreView | undefined, attempt: AttemptId): Reached | undefined {
  const intent = store?.head?.record.intents.find((one) => one.attempt === attempt);
  if (intent === undefined || !isRolledOut(intent) || isAborted(intent)) return undefined;
  return { priority: intent.priority, conditions: store?.conditions.get(attempt) ?? [] };
}

/**
 * The widest condition that exposed devices to a release. Its configuration names it by digest; of one that was deleted
 * the records tell, which may say too much where somebody died before acting on the latest: too many are caught then,
 * not too few.
 */
export function exposedBy({ conditions }: Reached, found: Configuration | undefined): string | undefined {
  if (found === undefined) return conditions[0];
  return conditions.find((condition) => found.labels[LABEL.exposed] === sha256Hex(condition));
}
