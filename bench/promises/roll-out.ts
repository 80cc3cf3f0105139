import { assessWatched, assessWave } from "../../rollout/gate/assess.ts";
import { countsOf } from "../../rollout/gate/counts.ts";
import { strataThatCanProve } from "../../rollout/gate/proving-strata.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import type { Look, Tally } from "../../rollout/model/look.ts";
import { GATE, LOOK_EVERY_MS, QUERY_LAG_MS, WATCH_MS, WAVES, type SimulatedDevice } from "./scenario.ts";

/** How one rollout went. */
export interface RolloutEnd {
  readonly stopped: boolean;
  /** Waves that opened, and of them those that the gate let on. */
  readonly opened: number;
  readonly promoted: number;
  /** Looks at which the gate was asked. */
  readonly judged: number;
}

type State = "contacted" | "ok" | "failed" | "gone";

interface Change {
  readonly at: number;
  readonly device: SimulatedDevice;
  readonly contactedAt: number;
  readonly to: State;
}

/**
 * One rollout, looked at every five minutes and judged by the gate's own code. Looks at which no verdict can change are
 * skipped: before a wave has baked only a failure or a silence more can stop the release. `everyLook` skips none of those
 * that found a change; the tests compare both.
 */
export function rollOut(
  devices: readonly SimulatedDevice[],
  { everyLook = false }: { readonly everyLook?: boolean } = {},
): RolloutEnd {
  const strata = [...new Set(devices.map(({ stratum }) => stratum))].sort();
  const bySize = Object.fromEntries(
    strata.map((name) => [name, devices.filter(({ stratum }) => stratum === name).length]),
  );
  const proving = strataThatCanProve(bySize, GATE);
  const evidenceWaves = WAVES.filter(({ kind }) => kind === "evidence").length;
  const levels = thresholds({ ...GATE, strata: strata.length, evidenceWaves });
  const fleet = new Fleet(strata);
  const looks: Look[] = [];
  const end = { stopped: false, opened: 0, promoted: 0, judged: 0 };
  let now = 0;
  for (const [index, wave] of WAVES.entries()) {
    end.opened++;
    const openedAt = now;
    const added = devices.filter((device) => device.wave === index);
    fleet.open(added, openedAt);
    let bakedSince: number | undefined;
    const bakeMs = Math.max(GATE.bakeMs, GATE.deadlineMs + QUERY_LAG_MS);
    const judge = (): "promote" | "hold" | "abort" => {
      end.judged++;
      return assessWave({
        gate: GATE,
        counts: countsOf({ looks, deadlineMs: GATE.deadlineMs, queryLagMs: QUERY_LAG_MS }),
        strata,
        proving,
        thresholds: levels,
        wave: { ...wave, bakeMs },
        coverage: { contacted: fleet.contacted, targeted: added.length },
        nowMs: now,
        openedAtMs: openedAt,
        bakedSinceMs: bakedSince,
      }).kind;
    };
    for (let verdict = "hold"; verdict === "hold";) {
      const bakedAt = bakedSince === undefined ? Infinity : bakedSince + bakeMs;
      const next = fleet.nextLook(now < bakedAt ? bakedAt : Infinity);
      // Nothing will ever change again: a person has to decide.
      if (next === Infinity) return end;
      now = next;
      const { isWorse } = fleet.advance(now);
      looks.push({ at: now, wave: index, views: fleet.views(), answered: 0 });
      if (fleet.contacted >= GATE.coverage * added.length) bakedSince ??= now;
      if (isWorse || everyLook || now >= bakedAt) verdict = judge();
      if (verdict === "abort") return { ...end, stopped: true };
    }
    end.promoted++;
  }
  const watchedUntil = now + WATCH_MS;
  for (now = fleet.nextLook(Infinity); now <= watchedUntil; now = fleet.nextLook(Infinity)) {
    const { isWorse } = fleet.advance(now);
    looks.push({ at: now, wave: WAVES.length - 1, views: fleet.views(), answered: 0 });
    if (!isWorse && !everyLook) continue;
    end.judged++;
    const counts = countsOf({ looks, deadlineMs: GATE.deadlineMs, queryLagMs: QUERY_LAG_MS });
    if (assessWatched({ gate: GATE, counts, strata, thresholds: levels }).kind === "abort")
      return { ...end, stopped: true };
  }
  return end;
}

/** What the hub would count, at looks five minutes apart. */
class Fleet {
  readonly #states = new Map<SimulatedDevice, { state: State; readonly contactedAt: number }>();
  readonly #all: Map<string, Record<keyof Tally, number>>;
  #wave: Map<string, Record<keyof Tally, number>>;
  #changes: readonly Change[] = [];
  #done = 0;
  #viewFrom = 0;
  /** Looks at which a device without an outcome may count as silent. */
  #deadlines: readonly number[] = [];
  /** Devices in contact since the wave opened, whatever became of them. */
  contacted = 0;

  constructor(strata: readonly string[]) {
    this.#all = new Map(strata.map((stratum) => [stratum, { ok: 0, failed: 0, contacted: 0 }]));
    this.#wave = new Map();
    this.#recount(0);
  }

  open(added: readonly SimulatedDevice[], at: number): void {
    const rest = this.#changes.slice(this.#done);
    this.#changes = [...rest, ...added.flatMap((device) => changesOf(device, at))].sort(
      (one, other) => one.at - other.at,
    );
    this.#done = 0;
    this.#deadlines = [...this.#deadlines, ...added.map((device) => silentFrom(device, at))]
      .filter((due) => due > at && due < Infinity)
      .sort((one, other) => one - other);
    this.contacted = 0;
    this.#recount(at - QUERY_LAG_MS);
  }

  /** The next look that has something new to tell, or that at an instant, whichever is first. */
  nextLook(atLatest: number): number {
    const change = this.#changes[this.#done]?.at ?? Infinity;
    return Math.min(lookAfter(change), this.#deadlines[0] ?? Infinity, lookAfter(atLatest));
  }

  /** Take in all that happened until a look; `isWorse`: a failure or a silence is new. */
  advance(look: number): { readonly isWorse: boolean } {
    let isWorse = false;
    for (let change = this.#changes[this.#done]; change !== undefined && change.at <= look;) {
      this.#apply(change);
      isWorse ||= change.to === "failed";
      change = this.#changes[++this.#done];
    }
    while ((this.#deadlines[0] ?? Infinity) <= look) {
      this.#deadlines = this.#deadlines.slice(1);
      isWorse = true;
    }
    return { isWorse };
  }

  views(): Look["views"] {
    const copy = (from: ReadonlyMap<string, Tally>): Record<string, Tally> =>
      Object.fromEntries([...from].map(([stratum, tally]) => [stratum, { ...tally }]));
    return { all: copy(this.#all), wave: copy(this.#wave) };
  }

  #apply({ device, contactedAt, to }: Change): void {
    const before = this.#states.get(device)?.state;
    this.#states.set(device, { state: to, contactedAt });
    const views = contactedAt >= this.#viewFrom ? [this.#all, this.#wave] : [this.#all];
    for (const view of views) {
      const tally = view.get(device.stratum);
      if (tally === undefined) continue;
      if (before !== undefined && before !== "gone") tally[before]--;
      if (to !== "gone") tally[to]++;
    }
    if (before === undefined) this.contacted++;
  }

  #recount(viewFrom: number): void {
    this.#viewFrom = viewFrom;
    this.#wave = new Map(
      [...this.#all.keys()].map((stratum) => [stratum, { ok: 0, failed: 0, contacted: 0 }]),
    );
    for (const [device, { state, contactedAt }] of this.#states) {
      const tally = this.#wave.get(device.stratum);
      if (tally !== undefined && state !== "gone" && contactedAt >= viewFrom) tally[state]++;
    }
  }
}

function changesOf(device: SimulatedDevice, openedAt: number): readonly Change[] {
  const contactedAt = openedAt + device.contactAfter;
  if (contactedAt === Infinity) return [];
  const goneAt = contactedAt + device.vanishesAfter;
  const endsAt = contactedAt + device.outcomeAfter;
  const changes: Change[] = [{ at: contactedAt, device, contactedAt, to: "contacted" }];
  if (device.outcome !== "silent") changes.push({ at: endsAt, device, contactedAt, to: device.outcome });
  if (device.outcome === "failed" && device.recoversAfter < Infinity)
    changes.push({ at: endsAt + device.recoversAfter, device, contactedAt, to: "ok" });
  if (goneAt < Infinity) changes.push({ at: goneAt, device, contactedAt, to: "gone" });
  return changes.filter(({ at, to }) => at < goneAt || to === "gone");
}

/** The look from which a device without an outcome counts as silent: a deadline and the lag after the one that saw it. */
function silentFrom(device: SimulatedDevice, openedAt: number): number {
  if (device.outcome !== "silent" || device.contactAfter === Infinity) return Infinity;
  return lookAfter(openedAt + device.contactAfter) + GATE.deadlineMs + QUERY_LAG_MS;
}

function lookAfter(at: number): number {
  return Math.ceil(at / LOOK_EVERY_MS) * LOOK_EVERY_MS;
}
