import { bakeNeededMs } from "../../../rollout/engine/assess-evidence.ts";
import { thresholdsOf } from "../../../rollout/engine/evidence-at.ts";
import { assessWatched, assessWave } from "../../../rollout/gate/assess.ts";
import { countsOf } from "../../../rollout/gate/counts.ts";
import { strataThatCanProve } from "../../../rollout/gate/proving-strata.ts";
import { slowDownReason } from "../../../rollout/gate/slow-down.ts";
import { activeShare, type DelayLaw } from "../../../rollout/forecast/laws.ts";
import type { RolloutModel } from "../../../rollout/forecast/rollout-model.ts";
import type { Truth } from "../../../rollout/forecast/truth.ts";
import type { Look, Tally } from "../../../rollout/model/look.ts";
import type { Verdict } from "../../../rollout/model/verdict.ts";

/** What became of one rollout. */
export interface Played {
  readonly end: "settled" | "stopped" | "stuck";
  readonly harmed: number;
  readonly looks: number;
}

interface Device {
  readonly stratum: string;
  /** Instants, ms since the start; Infinity: never. */
  readonly contactAt: number;
  readonly okAt: number;
  readonly failedAt: number;
  readonly isBad: boolean;
}

/**
 * The slow way, as an oracle: every device for itself and in continuous time, the looks counted as the controller counts
 * them, and judged by the gate's own code.
 */
export function playDeviceByDevice(model: RolloutModel, truth: Truth, chance: () => number): Played {
  const { release, strata, added, laws, timing } = model;
  const { lookMs, queryLagMs, evaluationMs, activeWithinMs } = timing;
  const { waves, gate } = release;
  const proving = strataThatCanProve(
    Object.fromEntries(strata.map((name, index) => [name, model.devices[index]!])),
    gate,
  );
  const active = laws.contact.reduce((sum, one) => sum + one.share * activeShare(one, activeWithinMs), 0);
  const common = { gate, strata, thresholds: thresholdsOf(release, strata.length) };
  const devices: Device[] = [];
  const looks: Look[] = [];
  let [wave, part, openedAt, partOpenedAt, completedAt] = [0, 0, 0, 0, -1];
  let coveredAt: number | undefined;
  let [aimedAt, addedNow] = [0, 0];

  const expose = (at: number): void => {
    const parts = waves[wave]!.pace?.parts ?? 1;
    strata.forEach((_, index) => {
      const total = added[wave]![index]!;
      const count = Math.round((total * (part + 1)) / parts) - Math.round((total * part) / parts);
      for (let device = 0; device < count; device++) {
        devices.push(aDevice({ model, truth, stratum: index, exposedAt: at + evaluationMs, chance }));
      }
      aimedAt += Math.round(count * active);
      addedNow += Math.round(count * active);
    });
    partOpenedAt = at;
  };
  const tally = (at: number, since: number): Record<string, Tally> => {
    const seenAt = at - queryLagMs;
    const tallies = Object.fromEntries(strata.map((name) => [name, { ok: 0, failed: 0, contacted: 0 }]));
    for (const { stratum, contactAt, okAt, failedAt } of devices) {
      if (contactAt > seenAt || contactAt <= since - queryLagMs) continue;
      tallies[stratum]![failedAt <= seenAt ? "failed" : okAt <= seenAt ? "ok" : "contacted"]++;
    }
    return tallies;
  };
  const contacts = (view: Record<string, Tally>): number =>
    Object.values(view).reduce((sum, { ok, failed, contacted }) => sum + ok + failed + contacted, 0);
  const ended = (end: Played["end"], at: number, toldUntil: number): Played => ({
    end,
    harmed: devices.filter(({ isBad, contactAt }) => isBad && contactAt <= toldUntil).length,
    looks: (completedAt >= 0 ? completedAt : at) / lookMs,
  });

  expose(0);
  for (let at = lookMs; ; at += lookMs) {
    const isWatching = completedAt >= 0;
    if (isWatching && at - completedAt >= release.watchMs) return ended("settled", at, at + evaluationMs);
    const all = tally(at, -Infinity);
    const own = isWatching ? {} : tally(at, openedAt);
    looks.push({ at, wave, views: { all, wave: own }, answered: 0 });
    const counts = countsOf({ looks, deadlineMs: gate.deadlineMs, queryLagMs });
    if (isWatching) {
      if (assessWatched({ ...common, counts }).kind === "abort")
        return ended("stopped", at, at + evaluationMs);
      continue;
    }
    const open = waves[wave]!;
    const parts = open.pace?.parts ?? 1;
    const hasMoreParts = part + 1 < parts;
    const isWorse = contacts(own) * aimedAt <= contacts(all) * addedNow;
    const coverage = isWorse
      ? { contacted: contacts(own), targeted: addedNow }
      : { contacted: contacts(all), targeted: aimedAt };
    if (coveredAt === undefined && !hasMoreParts && coverage.contacted >= gate.coverage * coverage.targeted)
      coveredAt = at;
    const verdict: Verdict = assessWave({
      ...common,
      counts,
      proving,
      coverage,
      wave: { ...open, bakeMs: bakeNeededMs(open, gate, queryLagMs) },
      nowMs: at,
      openedAtMs: partOpenedAt,
      bakedSinceMs: open.kind === "timed" ? partOpenedAt : coveredAt,
    });
    if (verdict.kind === "abort") return ended("stopped", at, at + evaluationMs);
    const isSlowed =
      slowDownReason(
        { ...common, counts },
        open.kind === "evidence" ? ["cumulative", "wave"] : ["cumulative"],
      ) !== undefined;
    if (hasMoreParts) {
      if (at - partOpenedAt < open.pace!.everyMs) continue;
      if (!isSlowed) {
        part++;
        expose(at);
      } else if (at - partOpenedAt > gate.patienceMs) return ended("stuck", at, at + evaluationMs);
    } else if (verdict.kind === "promote") {
      if (wave + 1 === waves.length) completedAt = at;
      else {
        [wave, part, openedAt, addedNow, coveredAt] = [wave + 1, 0, at, 0, undefined];
        expose(at);
      }
    } else if (verdict.reasons.some(({ code }) => code === "PATIENCE"))
      return ended("stuck", at, at + evaluationMs);
  }
}

function aDevice({
  model: { laws, strata },
  truth,
  stratum,
  exposedAt,
  chance,
}: {
  readonly model: RolloutModel;
  readonly truth: Truth;
  readonly stratum: number;
  readonly exposedAt: number;
  readonly chance: () => number;
}): Device {
  let left = chance();
  const own = laws.contact.find(({ share }) => (left -= share) < 0) ?? laws.contact.at(-1)!;
  const perMs = -Math.log(1 - own.perHour) / 3_600_000;
  const contactAt = own.perHour === 0 ? Infinity : exposedAt - Math.log(1 - chance()) / perMs;
  const { reported, silent, late } = truth.rates[stratum]!;
  const fate = chance();
  const isReported = fate < reported;
  const isSilent = !isReported && fate < reported + silent;
  const isLate = !isReported && !isSilent && fate < reported + silent + late;
  const okAt = isReported || isSilent ? Infinity : contactAt + delay(laws.success, chance());
  const failedAt = isReported
    ? contactAt + delay(laws.failure, chance())
    : isLate
      ? okAt + delay(laws.late, chance())
      : Infinity;
  return { stratum: strata[stratum]!, contactAt, okAt, failedAt, isBad: isReported || isSilent || isLate };
}

/** The delay that a share of the devices keeps within. */
export function delay(law: DelayLaw, share: number): number {
  let before = { withinMs: 0, share: 0 };
  for (const point of law) {
    if (share <= point.share) {
      const part = (share - before.share) / (point.share - before.share);
      return before.withinMs + part * (point.withinMs - before.withinMs);
    }
    before = point;
  }
  return before.withinMs;
}
