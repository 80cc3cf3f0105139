import { bucketOf } from "../../rollout/model/bucket.ts";
import type { Answer } from "../../rollout/model/question.ts";
import type { Exposable } from "../../rollout/plan/reach.ts";
import { windowsUpTo, type Windows } from "../../rollout/plan/wave-windows.ts";
import type { World } from "./world.ts";

/** The windows of all waves, from counts that the local hub's own engine answers. */
export async function windowsOf(world: World, of: Exposable): Promise<Windows> {
  const answers = new Map<string, Answer>();
  const range = { from: 0, to: of.release.waves.length - 1 };
  let asked = windowsUpTo(of, range, answers);
  if (asked.kind === "ask") {
    for (const question of asked.questions)
      if (question.kind === "count")
        answers.set(question.id, { kind: "count", byStratum: await world.hub.count(question.query) });
    asked = windowsUpTo(of, range, answers);
  }
  if (asked.kind !== "known" || asked.value === undefined) throw new Error("the windows were not computed");
  return asked.value;
}

/** A device without an agent of ours: its bucket is in its tags. */
export function stamp(world: World, deviceId: string): void {
  world.devices.mergeTwin(deviceId, { tags: { rollout: { bucket: bucketOf(deviceId) } } });
}
