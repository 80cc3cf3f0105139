import { randomBytes } from "node:crypto";
import { nextRecord } from "../engine/next-record.ts";
import { configurationOf, reachedHubs } from "../engine/found.ts";
import { isUnstarted } from "../engine/unstarted.ts";
import { WavegateError } from "../model/problem.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Declared } from "../plan/declared.ts";
import { act } from "./act.ts";
import { writtenByOthers } from "./record-decision.ts";
import { observeAndDecide, reconcile, type ReconcileOptions, type ReconcilePorts } from "./reconcile.ts";

/** Runs in which everything else that is due is done; what is due for longer is somebody else's doing. */
const RUNS = 8;

/**
 * [protocol §3, 6] Let a held release go on, at the wave it stands in: a person's decision, with a reason. Everything
 * else that is due is done first, so that every stop stands in the chain that the resume is written under; a stop that
 * comes meanwhile stays in force. The gate judges the same wave again.
 */
export async function resume(
  declared: Declared,
  ports: ReconcilePorts,
  options: ReconcileOptions & { readonly reason: string },
): Promise<RolloutIntent> {
  for (let runs = 0; ; runs++) {
    const { steps, problems } = await reconcile(declared, ports, options);
    if (problems !== undefined) {
      throw new WavegateError("PLAN_BLOCKED", "the declarations have errors; nothing was resumed", {
        hint: "correct them and run: wavegate plan",
        problems,
      });
    }
    if (steps.length === 0) break;
    if (runs >= RUNS) throw writtenByOthers();
  }
  const monotonicMs = ports.clock.monotonic();
  const nonce = randomBytes(8).toString("hex");
  const { decision, input } = await observeAndDecide({ declared, ports, options, nonce });
  const { observation } = input;
  const { product } = declared;
  const held = observation.store?.head?.record.intents.findLast(
    (intent): intent is RolloutIntent => intent.state === "held",
  );
  if (held === undefined) {
    throw new WavegateError("NOTHING_TO_STOP", `${product} has no release on hold`, {
      hint: `see what runs: wavegate status ${product}`,
    });
  }
  if (decision.step.kind !== "wait" || decision.step.status.attempt !== held.attempt) {
    const why = decision.step.kind === "wait" ? decision.step.status.text : "something else is due first";
    throw new WavegateError("HUB_CONFLICT", `${held.attempt} cannot be resumed now: ${why}`, {
      hint: `run: wavegate reconcile ${product}`,
    });
  }
  if (reachedHubs(observation).some((hub) => configurationOf(hub, held) === undefined)) {
    throw new WavegateError(
      "REF_LOST",
      `the configuration of ${held.attempt} was deleted; it is never created again`,
      { hint: `take it back: wavegate abort ${product} --release ${held.version} --reason "..."` },
    );
  }
  const resumed: RolloutIntent = { ...held, state: "running" };
  // One that was held before it started is free to start, like any other.
  const change = isUnstarted(held) ? { dropped: [held.attempt] } : { changed: [resumed] };
  const step = nextRecord(input, {
    kind: "resume",
    subject: held.attempt,
    ...change,
    reason: options.reason,
  });
  await act(step, { product, hubs: observation.hubs, monotonicMs }, ports);
  await reconcile(declared, ports, options);
  return resumed;
}
