import { addTo } from "./device-counts.ts";
import { lookModelOf } from "./look-model.ts";
import type { RolloutModel } from "./rollout-model.ts";
import { createSimulatedFleet, type ChancePlace } from "./simulated-fleet.ts";
import { POOLED, type RuleVerdict, type StopRule } from "./stop-rule.ts";
import type { Truth } from "./truth.ts";

/** How a rollout ended. */
export interface PlayedRollout {
  /** `settled`: it reached everyone, and nothing stopped it while it was watched; `stuck`: a wave ran out of patience, and a person is asked. */
  readonly end: "settled" | "stopped" | "stuck";
  /** Index of the wave it ended in; the number of waves once it had reached everyone. */
  readonly wave: number;
  /** Devices that the release harmed, known or not yet, by stratum. Overwritten by the next rollout. */
  readonly harmedByStratum: Int32Array;
  readonly harmed: number;
  /** Failed and silent devices that the rule could see at the end. */
  readonly seen: number;
  /** Devices that held the release at the end. */
  readonly contacted: number;
  /** Of them, without an outcome: they cannot be called back. */
  readonly inFlight: number;
  /** Looks from the start to the completion, the stop, or the end of patience; the watch after it does not count. */
  readonly looks: number;
  /** Looks by wave and phase (contact, bake, hold). Overwritten by the next rollout. */
  readonly looksByPhase: Int32Array;
}

/** The phases of a wave, in the order of `looksByPhase`. */
export const PHASES = ["contact", "bake", "hold"] as const;

/** Rollouts of one model under one rule, one after the other: what they share is set up once. */
export function rolloutPlayer(
  model: RolloutModel,
  rule: StopRule,
): (truth: Truth, place: ChancePlace) => PlayedRollout {
  const { release, strata, devices, timing } = model;
  const { waves, gate, watchMs } = release;
  const fleet = createSimulatedFleet(lookModelOf(model));
  const { counts } = fleet;
  const judge = rule.judgeOf({
    release,
    strata,
    devices,
    lookMs: timing.lookMs,
    queryLagMs: timing.queryLagMs,
  });
  const looksByPhase = new Int32Array(waves.length * PHASES.length);
  const watchLooks = Math.ceil(watchMs / timing.lookMs);

  return (truth, place) => {
    fleet.reset(truth, place);
    judge.reset();
    looksByPhase.fill(0);
    let part = 0;
    let completedAt = 0;
    /** The phase the wave has been in since the look up to which its time is accounted for. */
    let phase = PHASE_OF.contacting;
    let accounted = 0;
    fleet.expose(0, part);
    const account = (): void => {
      addTo(looksByPhase, counts.wave * PHASES.length + phase, counts.look - accounted);
      accounted = counts.look;
    };
    const ended = (end: PlayedRollout["end"]): PlayedRollout => {
      const looks = counts.wave < waves.length ? counts.look : completedAt;
      const { wave } = counts;
      const seen = counts.failed(POOLED, "cumulative") + counts.silent(POOLED, "cumulative");
      const { harmed: harmedByStratum, contacted, inFlight } = fleet.stop();
      const harmed = harmedByStratum.reduce((sum, count) => sum + count, 0);
      return { end, wave, harmedByStratum, harmed, seen, contacted, inFlight, looks, looksByPhase };
    };
    for (;;) {
      const isWorse = fleet.step();
      const isWatching = counts.wave >= waves.length;
      if (isWatching && counts.look - completedAt >= watchLooks) return ended("settled");
      const pace = waves[counts.wave]?.pace;
      const isPartDue = counts.hasMoreParts && pace !== undefined && counts.sinceOpenedMs >= pace.everyMs;
      if (!isWorse && !isPartDue && counts.look < judge.askAgainAt) continue;
      const verdict = judge.at(counts);
      if (!isWatching) account();
      if (verdict === "stop") return ended("stopped");
      if (isWatching) continue;
      phase = PHASE_OF[verdict];
      if (counts.hasMoreParts) {
        if (isPartDue && (judge.mayOpenPart?.(counts) ?? true)) fleet.expose(counts.wave, ++part);
        else if (isPartDue && counts.sinceOpenedMs > gate.patienceMs) return ended("stuck");
        continue;
      }
      if (verdict === "go") {
        part = 0;
        phase = PHASE_OF.contacting;
        if (counts.wave + 1 < waves.length) fleet.expose(counts.wave + 1, part);
        else {
          completedAt = counts.look;
          fleet.complete();
        }
      } else if (verdict !== "baking" && counts.sinceOpenedMs > gate.patienceMs) return ended("stuck");
    }
  };
}

/** Place in `PHASES` of the time after a verdict. */
const PHASE_OF: Readonly<Record<Exclude<RuleVerdict, "stop">, number>> = {
  contacting: PHASES.indexOf("contact"),
  baking: PHASES.indexOf("bake"),
  hold: PHASES.indexOf("hold"),
  go: PHASES.indexOf("hold"),
};
