import { randomBytes } from "node:crypto";
import type { Judgement } from "../engine/judge.ts";
import { repair } from "../engine/next-step.ts";
import type { StepInput } from "../engine/observation.ts";
import type { Step } from "../engine/step.ts";
import { WavegateError } from "../model/problem.ts";
import type { RecordKind } from "../model/record.ts";
import type { Declared } from "../plan/declared.ts";
import { act, type Effect } from "./act.ts";
import { observeAndDecide, type ReconcileOptions, type ReconcilePorts } from "./reconcile.ts";

/** What a person decides on: one observation in which no repair is due. */
export interface DecisionInput {
  readonly input: StepInput;
  readonly judgements: readonly Judgement[];
}

/** Rounds in which stops are recorded, the tree is put right and lost races are run again. */
const ROUNDS = 8;
/** Records that only follow what happened: written before a person's decision, so that it stands on all of it. */
const FOLLOWING: readonly RecordKind[] = ["create", "hold", "halt", "abort"];

/**
 * Record what a person decided: one conditional write of the ref, from an observation in which every stop stands in the
 * chain and the tree matches the head. Nothing else is decided on the way: whoever approves starts and promotes nothing.
 */
export async function recordDecision<Result>(
  declared: Declared,
  ports: ReconcilePorts,
  options: ReconcileOptions,
  decide: (found: DecisionInput) => Promise<{ readonly step?: Step; readonly result: Result }>,
): Promise<Result> {
  const nonce = randomBytes(8).toString("hex");
  for (let round = 0; round < ROUNDS; round++) {
    const monotonicMs = ports.clock.monotonic();
    const { decision, input } = await observeAndDecide({ declared, ports, options, nonce });
    const observed = { product: declared.product, hubs: input.observation.hubs, monotonicMs };
    if (isRepair(decision.step)) {
      await unlessOutrun(() => act(decision.step as Effect, observed, ports));
      continue;
    }
    const trouble = repair(input);
    if (trouble?.kind === "wait") {
      throw new WavegateError("HUB_CONFLICT", `nothing was recorded: ${trouble.status.text}`, {
        hint: `see what is wrong: wavegate status ${declared.product}`,
      });
    }
    const { step, result } = await decide({ input, judgements: decision.judgements });
    if (step === undefined) return result;
    if (await unlessOutrun(() => act(step as Effect, observed, ports))) return result;
  }
  throw writtenByOthers();
}

/** A person's decision finds no moment in which it could be recorded. */
export function writtenByOthers(): WavegateError {
  return new WavegateError("HUB_CONFLICT", "others write the product's configurations all the time", {
    hint: "run the same command again",
  });
}

function isRepair(step: Step): boolean {
  if (step.kind === "record") return FOLLOWING.includes(step.record.kind);
  return step.kind === "stop" || step.kind === "write" || step.kind === "mark";
}

/** False when somebody else wrote first: nothing took effect, and everything is looked at anew. */
async function unlessOutrun(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (error instanceof WavegateError && error.code === "HUB_CONFLICT") return false;
    throw error;
  }
}
