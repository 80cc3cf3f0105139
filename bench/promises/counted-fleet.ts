import type { Look, Tally } from "../../rollout/model/look.ts";
import { GATE, LOOK_EVERY_MS, QUERY_LAG_MS, type SimulatedDevice } from "./scenario.ts";

type State = "contacted" | "ok" | "failed" | "gone";

interface Change {
  readonly at: number;
  readonly device: SimulatedDevice;
  readonly contactedAt: number;
  readonly to: State;
}

/** What the hub would count, at looks five minutes apart. */
export class CountedFleet {
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

  /** Let a wave reach these devices. */
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

  /** The counts as they are now, of all devices and of those in contact since the wave opened. */
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
