import type { AttemptId } from "../model/attempt.ts";
import { isStopped, type Intent } from "../model/record.ts";
import type { Problem } from "../model/problem.ts";
import type { Observation } from "../engine/observation.ts";
import type { Status } from "../engine/step.ts";
import type { Declared } from "../plan/declared.ts";
import type { Effect } from "./act.ts";
import { isInterruption, isWeather, MOST_TROUBLES, waited } from "./look-again.ts";
import {
  reconcile,
  type ReconcileEvent,
  type ReconcileOptions,
  type ReconcilePorts,
  type ReconcileResult,
} from "./reconcile.ts";

/** How `apply` watches over a rollout. */
export interface ApplyOptions extends Omit<ReconcileOptions, "onEvent"> {
  /** Time between two looks, by the rollout's clock. */
  readonly lookEveryMs: number;
  /** Stops watching, never the rollout. */
  readonly signal: AbortSignal;
  /** False: end as soon as all that is due now is done; default: watch to the end. */
  readonly wait?: boolean;
  readonly onEvent: (product: string, event: ApplyEvent) => void;
  /** Runs one look after those of other products; default: at once. */
  readonly inTurn?: <T>(run: () => Promise<T>) => Promise<T>;
}

/** What happened to one product. */
export type ApplyEvent =
  | ReconcileEvent
  | { readonly kind: "status"; readonly at: number; readonly status: Status }
  /** The hub or the store did not answer; the next look tries again. */
  | { readonly kind: "trouble"; readonly at: number; readonly message: string };

/** How it ended for one product. */
export interface ApplyResult {
  readonly product: string;
  /** `aborted`: a release was stopped or its taking back was finished while we watched. */
  readonly outcome: "done" | "under way" | "aborted" | "held" | "blocked" | "interrupted";
  readonly status?: Status;
  readonly problems?: readonly Problem[];
}

/** Longest pause after a run that ended with work left, ms. */
const AT_ONCE_MS = 1_000;

/** Reconcile one product in a loop until there is nothing to wait for. A first look that fails is an error, not weather. */
export async function apply(
  declared: Declared,
  ports: ReconcilePorts,
  options: ApplyOptions,
): Promise<ApplyResult> {
  const { product } = declared;
  const { clock } = ports;
  const { lookEveryMs, signal, wait, onEvent, inTurn: turn, admit, ...run } = options;
  const inTurn: NonNullable<typeof turn> = turn ?? ((look) => look());
  const tell = (event: ApplyEvent): void => {
    onEvent(product, event);
  };
  const seen = new Set<AttemptId>();
  let looked = false;
  let troubles = 0;
  for (;;) {
    let result: ReconcileResult | undefined;
    try {
      result = await inTurn(() =>
        reconcile(declared, ports, {
          ...run,
          // What a plan stands on moves with the first step it leads to.
          ...(looked ? {} : { admit: once(admit) }),
          onEvent: (event) => {
            const taken = event.kind === "step" ? takenBackBy(event.step) : undefined;
            if (taken !== undefined) seen.add(taken);
            tell(event);
          },
        }),
      );
      looked = true;
      troubles = 0;
    } catch (error) {
      if (isInterruption(error)) return { product, outcome: "interrupted" };
      troubles += 1;
      if (!isWeather(error) || !looked || troubles > MOST_TROUBLES) throw error;
      tell({ kind: "trouble", at: clock.now(), message: `${error.code}: ${error.message}` });
    }
    if (result?.problems !== undefined) return { product, outcome: "blocked", problems: result.problems };
    const status = result?.status;
    const aborted = wasTakenBack(result?.observation, seen);
    if (status !== undefined) {
      tell({ kind: "status", at: clock.now(), status });
      if (status.needsPerson) return { product, outcome: aborted ? "aborted" : "held", status };
      if (status.phase === "idle" || status.phase === "watching")
        return { product, outcome: aborted ? "aborted" : "done", status };
      if (wait === false) return { product, outcome: aborted ? "aborted" : "under way", status };
    }
    const isAtRest = status !== undefined || result === undefined;
    if (!(await waited(clock, isAtRest ? lookEveryMs : Math.min(lookEveryMs, AT_ONCE_MS), signal)))
      return { product, outcome: "interrupted", ...(status === undefined ? {} : { status }) };
  }
}

/** The first observation alone is what a saved plan is held against. */
function once(admit: ApplyOptions["admit"]): ApplyOptions["admit"] {
  let isFirst = true;
  return (observation) => {
    if (isFirst) admit?.(observation);
    isFirst = false;
  };
}

/**
 * True when a release that was under way at one of our looks is now stopped for good, whoever stopped it. What was over
 * before we came is no news.
 */
export function wasTakenBack(observation: Observation | undefined, seen: Set<AttemptId>): boolean {
  const intents = observation?.store?.head?.record.intents ?? [];
  for (const { attempt, state } of intents) {
    if (isUnderWay(state)) seen.add(attempt);
  }
  return intents.some((intent) => isStopped(intent) && seen.has(intent.attempt));
}

function isUnderWay(state: Intent["state"]): boolean {
  return state === "running" || state === "held" || state === "watching" || state === "rolling back";
}

/** The release that a step aborts or halts, or finishes taking back. */
export function takenBackBy(step: Effect): AttemptId | undefined {
  if (step.kind === "stop") return step.stop.kind !== "hold" ? step.stop.attempt : undefined;
  const isOne = step.kind === "record" && ["abort", "halt", "rolled back"].includes(step.record.kind);
  return isOne ? (step.record.subject ?? undefined) : undefined;
}
