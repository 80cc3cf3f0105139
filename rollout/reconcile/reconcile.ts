import { randomBytes } from "node:crypto";
import type { Judgement } from "../engine/judge.ts";
import { nextStep, type Decision } from "../engine/next-step.ts";
import type { AccessFailure, Deciding, Observation, StepInput } from "../engine/observation.ts";
import type { Status } from "../engine/step.ts";
import type { Digest } from "../model/digest.ts";
import type { AttemptId } from "../model/attempt.ts";
import { InvariantError, WavegateError, type Problem } from "../model/problem.ts";
import type { Declared } from "../plan/declared.ts";
import { act, type Effect } from "./act.ts";
import { answerAll } from "./answer.ts";
import { countedAfter, countedIn, countedUntil, type Counted } from "./counted.ts";
import { decidingWith } from "./deciding.ts";
import { listHubs } from "./list-hubs.ts";
import type { ClockPort, HubPort, ImagePort, MetricPort, RecordPort } from "./ports.ts";
import { readStore } from "./store-view.ts";

/** Everything a run touches. */
export interface ReconcilePorts {
  /** In the order of the settings: where hubs disagree, the first decides. */
  readonly hubs: readonly HubPort[];
  readonly records: RecordPort;
  readonly images: ImagePort;
  readonly clock: ClockPort;
  /** Sources of metrics; absent: the settings have none. */
  readonly metrics?: MetricPort | undefined;
}

/** How a run behaves. */
export interface ReconcileOptions {
  readonly actor: string;
  readonly queryLagMs: number;
  /** Digest of the saved plan that is carried out, for the record of the start. */
  readonly plan?: Digest | undefined;
  /** Key that signed that plan, for the record of the start too. */
  readonly planKey?: string | undefined;
  /** Digest of the one release that the saved plan starts, null: of none; absent: whichever is wanted may start. */
  readonly starts?: Digest | null | undefined;
  /** True: carry on what has started, start nothing and record no override file; default: false. */
  readonly startsNothing?: boolean | undefined;
  /** Looks at each observation before anything is decided by it; throws where nothing may be. */
  readonly admit?: ((observation: Observation) => void) | undefined;
  /** Told of each look and each step, as they happen. */
  readonly onEvent?: (event: ReconcileEvent) => void;
  /** Runs each part of the run, for whoever measures it; it has to run it once, and hand on how it ends. */
  readonly part?: Part | undefined;
}

/** Runs a part of a run: `observe`, `decide`, or a kind of step. */
export type Part = <T>(name: "observe" | "decide" | Effect["kind"], run: () => Promise<T>) => Promise<T>;

/** What happened, in order. */
export type ReconcileEvent =
  | { readonly kind: "judged"; readonly at: number; readonly judgement: Judgement }
  | { readonly kind: "step"; readonly at: number; readonly step: Effect }
  /** Somebody else was first: this run ends, the next looks again. */
  | { readonly kind: "lost race"; readonly at: number; readonly message: string }
  /** Something failed that the run goes on without. */
  | { readonly kind: "trouble"; readonly at: number; readonly message: string };

/** How a run ended. */
export interface ReconcileResult {
  /** Steps taken. */
  readonly steps: readonly Effect[];
  /** Where the product stands, when nothing was left to do. */
  readonly status?: Status;
  /** What blocks, when a person has to correct something. */
  readonly problems?: readonly Problem[];
  readonly observation: Observation;
}

/** Rounds of one run [protocol §3, 5]: a product at rest needs one. */
const ROUNDS = 5;
/** A decision that asks more often than this would ask for ever. */
const ASKS = 8;

/**
 * Observe, decide, act, and again, until nothing is left to do now or five rounds are over. Late, twice or from two
 * places is harmless; a crash anywhere is finished by the next run.
 */
export async function reconcile(
  declared: Declared,
  ports: ReconcilePorts,
  options: ReconcileOptions,
): Promise<ReconcileResult> {
  const steps: Effect[] = [];
  const nonce = randomBytes(8).toString("hex");
  const unstoppable = new Set<AttemptId>();
  let notStopped: WavegateError | undefined;
  let counted: Counted | undefined;
  let accessFailed: AccessFailure | undefined;
  for (;;) {
    const monotonicMs = ports.clock.monotonic();
    counted = countedUntil(counted, monotonicMs);
    const { decision, input } = await observeAndDecide({
      declared,
      ports,
      options,
      nonce,
      counted,
      unstoppable,
      accessFailed,
    });
    const { observation } = input;
    counted = countedIn(observation, monotonicMs, counted);
    await keepLooks(declared.product, decision, ports.records);
    for (const judgement of decision.judgements)
      options.onEvent?.({ kind: "judged", at: observation.at, judgement });
    const { step } = decision;
    // A stop that could not be written keeps no other stop waiting; everything else waits for the next run.
    if (notStopped !== undefined && step.kind !== "stop") throw notStopped;
    switch (step.kind) {
      case "ask":
        throw new InvariantError("a decision went on asking");
      case "wait":
        return { steps, status: step.status, observation };
      case "blocked":
        return { steps, problems: step.problems, observation };
      default:
        try {
          await (options.part ?? itself)(step.kind, () =>
            act(step, { product: declared.product, hubs: observation.hubs, monotonicMs }, ports),
          );
        } catch (error) {
          if (!(error instanceof WavegateError) || error.code === "INTERRUPTED") throw error;
          if (step.kind === "stop") {
            notStopped ??= error;
            unstoppable.add(step.stop.attempt);
            continue;
          }
          if (step.kind === "grant" && error.code !== "HUB_CONFLICT") {
            accessFailed = { reason: `${error.code}: ${error.message}`, hint: error.hint };
            const message = `no keys to images: ${accessFailed.reason}`;
            options.onEvent?.({ kind: "trouble", at: observation.at, message });
            continue;
          }
          if (error.code !== "HUB_CONFLICT") throw error;
          options.onEvent?.({ kind: "lost race", at: observation.at, message: error.message });
          return { steps, observation };
        }
        options.onEvent?.({ kind: "step", at: observation.at, step });
        steps.push(step);
        counted = countedAfter(step, counted, options.queryLagMs);
        if (steps.length < ROUNDS) continue;
        if (notStopped !== undefined) throw notStopped;
        return { steps, observation };
    }
  }
}

/** Look at the hub, then at the store, and decide; what the decision lacks is asked, on the same listing. */
export async function observeAndDecide(input: {
  readonly declared: Declared;
  readonly ports: ReconcilePorts;
  readonly options: ReconcileOptions;
  readonly nonce: string;
  readonly unstoppable?: ReadonlySet<AttemptId>;
  readonly accessFailed?: AccessFailure | undefined;
  readonly counted?: Pick<Counted, "at" | "answers"> | undefined;
}): Promise<{ readonly decision: Decision; readonly input: StepInput }> {
  const { declared, ports, options, counted } = input;
  const { clock, images } = ports;
  const part = options.part ?? itself;
  const { hubs, at, store } = await part("observe", async () => {
    const listed = await listHubs(ports.hubs);
    // Whole milliseconds: a scaled clock gives fractions, and labels and records hold instants as text.
    const now = counted?.at ?? Math.floor(clock.now());
    const read = await readStore({ records: ports.records, product: declared.product, hubs: listed });
    return { hubs: listed, at: now, store: read };
  });
  const answers = new Map(counted?.answers);
  const { plan, planKey, starts, startsNothing } = options;
  const deciding: Deciding = {
    ...decidingWith(ports, { ...options, nonce: input.nonce }),
    ...{ plan, planKey, starts, startsNothing },
    unstoppable: input.unstoppable ?? new Set<AttemptId>(),
    accessFailed: input.accessFailed,
  };
  const observation: Observation = { at, hubs, store, answers };
  const stepInput: StepInput = { declared, observation, deciding };
  options.admit?.(observation);
  return part("decide", async () => {
    for (let asks = 0; ; asks++) {
      const decision = nextStep(stepInput);
      if (decision.step.kind !== "ask" || asks >= ASKS) return { decision, input: stepInput };
      await answerAll(decision.step.questions, answers, {
        hubs: ports.hubs,
        seen: hubs,
        images,
        metrics: ports.metrics,
      });
    }
  });
}

function itself<T>(_: string, run: () => Promise<T>): Promise<T> {
  return run();
}

/** Append what was counted to the series of looks; one that is lost costs power, never validity. */
async function keepLooks(product: string, { judgements }: Decision, records: RecordPort): Promise<void> {
  for (const judgement of judgements) {
    if (judgement.kind !== "judged") continue;
    try {
      await records.appendLook(product, judgement.intent.attempt, judgement.look);
    } catch (error) {
      if (!(error instanceof WavegateError)) throw error;
    }
  }
}
