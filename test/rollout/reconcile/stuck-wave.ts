import { evidenceDigest } from "../../../rollout/model/evidence.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aRelease, declared } from "../../support/declarations.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, aWorld, HOUR, rest } from "./in-canary.ts";

/** A release whose canaries all have to answer. */
export const STRICT_RELEASE = aRelease("1.1.0", {
  waves: [
    { name: "canary", cohort: ring("canary"), kind: "smoke" },
    { name: "half", cohort: percent(50), kind: "smoke" },
    { name: "everyone", cohort: percent(100), kind: "smoke" },
  ],
  gate: { ...aRelease("1.1.0").gate, harmCap: 3, coverage: "100%" },
});
export const STRICT = declared(STRICT_RELEASE);

/** One of six canaries is gone before it answers: the wave is never covered. */
export async function stuck(): Promise<World> {
  const world = aWorld();
  await rest(world, STRICT);
  loseOne(world);
  world.settle(() => "ok");
  await rest(world, STRICT);
  world.advance(30 * HOUR);
  return world;
}

export function loseOne(world: World): void {
  const [absent] = [...world.exposed(ATTEMPT)].slice(-1);
  if (absent !== undefined) world.devices.remove(absent);
}

/** One of the canaries that were well is bad by now: the counts are others. */
export function failOne(world: World): void {
  for (const deviceId of [...world.exposed(ATTEMPT)].slice(1, 2))
    world.devices.mergeReported(deviceId, { firmware: { outcome: "failed" } });
}

/** Digest of the counts, as a person is shown it. */
export async function seenEvidence(world: World, wanted: Declared = STRICT): Promise<string> {
  const { judgements } = await observeProduct(wanted, { ...world.ports, settings: { queryLag: 0 } });
  const found = judgements.find(({ intent }) => intent.attempt === ATTEMPT);
  if (found?.kind !== "judged") throw new Error("it is not judged");
  return evidenceDigest(found.evidence);
}
