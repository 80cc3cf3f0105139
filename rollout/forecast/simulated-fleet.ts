import type { View } from "../model/verdict.ts";
import { createBadDevices } from "./bad-devices.ts";
import { addTo, ringLength } from "./device-counts.ts";
import { drawnRates } from "./drawn-rates.ts";
import { createGoodDevices } from "./good-devices.ts";
import type { LookModel } from "./look-model.ts";
import { streamOf } from "./random/stream.ts";
import type { RuleCounts } from "./stop-rule.ts";
import { DEFECTS, type Truth } from "./truth.ts";

/** Where a rollout's random numbers come from. */
export interface ChancePlace {
  readonly seed: number;
  readonly scenario: number;
  readonly replication: number;
}

/** The devices of a rollout, counted by stratum; nobody is kept one by one. */
export interface SimulatedFleet {
  readonly counts: RuleCounts;
  /** Another rollout starts. */
  reset(truth: Truth, place: ChancePlace): void;
  /** Give the release to one more part of a wave; the wave is the next one, or the open one. */
  expose(wave: number, part: number): void;
  /** Nothing is left to open: the release is complete. */
  complete(): void;
  /** Go on to the next look; true when somebody failed, or may have fallen silent, since the last. */
  step(): boolean;
  /** The release is stopped at this look: play until no more devices are told, and say what it has come to. */
  stop(): Aftermath;
}

/** What a release has done when it ends. */
export interface Aftermath {
  /** Devices that made contact and fail, fell silent or will; by stratum. */
  readonly harmed: Int32Array;
  /** Devices that had made contact. */
  readonly contacted: number;
  /** Those of them without an outcome that anybody could see. */
  readonly inFlight: number;
}

/** Place of the silent defect among those of a stratum. */
const SILENT = DEFECTS.indexOf("silent");

/** Purposes of a stratum's streams of random numbers. */
const [BAD, GOOD, SITES] = [0, 1, 2];

/** The devices of one rollout after the other. */
export function createSimulatedFleet(model: LookModel): SimulatedFleet {
  const {
    strata,
    contactsPerLook,
    silentAfter,
    deadline,
    lookMs,
    showsAfter,
    hazard,
    firstHazard,
    lastHazard,
  } = model;
  const bad = createBadDevices(model);
  const good = createGoodDevices(model);
  const all = Array.from({ length: strata }, (_, index) => index);
  const history = ringLength(Math.max(silentAfter, deadline, model.success.length) + 2);
  /** At each of the last looks: contacts, and of them those that never report and those that are good. */
  const contactsAt = new Int32Array(strata * history);
  const bricksAt = new Int32Array(strata * history);
  const goodAt = new Int32Array(strata * history);
  const atOpening = {
    contacted: new Int32Array(strata),
    bricked: new Int32Array(strata),
    good: new Int32Array(strata),
  };
  const aimedAt = { cumulative: new Int32Array(strata), wave: new Int32Array(strata) };
  const slowest = Math.max(model.success.length, model.failure.length);
  let arrivals: { readonly look: number; readonly devices: readonly number[] }[] = [];
  let look = 0;
  let openedAt = 0;
  let partOpenedAt = 0;
  /** True when every look has to be played: somebody can fall silent. */
  let isWatched = false;

  /** The same count, for a stratum or all of them. */
  const pooled =
    (count: (stratum: number, view: View) => number) =>
    (stratum: number, view: View): number => {
      if (stratum >= 0) return count(stratum, view);
      let sum = 0;
      for (let index = 0; index < strata; index++) sum += count(index, view);
      return sum;
    };
  const placeOf = (stratum: number, at: number): number => stratum * history + (at & (history - 1));
  const knownContacts = (stratum: number, view: View): number =>
    (good.contacted[stratum] ?? 0) +
    (bad.harmed[stratum] ?? 0) -
    (view === "wave" ? (atOpening.contacted[stratum] ?? 0) : 0);
  const contactsOf = (stratum: number, view: View): number => {
    good.playTo(stratum, look);
    return knownContacts(stratum, view);
  };
  const successesOf = (stratum: number, view: View): number => {
    good.playTo(stratum, look);
    good.resolveTo(stratum, look);
    return (of(good.ok, view)[stratum] ?? 0) + (of(bad.ok, view)[stratum] ?? 0);
  };
  const failuresOf = (stratum: number, view: View): number => of(bad.failed, view)[stratum] ?? 0;
  /** What was counted at an earlier look of this view, less what the view leaves out; nobody before it began. */
  const before = (
    counted: Int32Array,
    opening: Int32Array,
    stratum: number,
    view: View,
    at: number,
  ): number => {
    if (at < 1 || (view === "wave" && at <= openedAt)) return 0;
    return (counted[placeOf(stratum, at)] ?? 0) - (view === "wave" ? (opening[stratum] ?? 0) : 0);
  };
  const timedOutOf = (stratum: number, view: View): number => {
    if (!isWatched) return 0;
    const bricks = before(bricksAt, atOpening.bricked, stratum, view, look - deadline);
    if (slowest <= deadline) return bricks;
    good.playTo(stratum, look);
    good.resolveTo(stratum, look);
    return bricks + good.unresolvedSince(stratum, look - deadline, view);
  };
  /** As `silentAt` of the gate has it while nobody leaves: contacts of back then, less all outcomes since. */
  const silentOf = (stratum: number, view: View): number => {
    if (!isWatched) return 0;
    const back = look - silentAfter;
    const contacts = before(contactsAt, atOpening.contacted, stratum, view, back);
    if (contacts === 0) return 0;
    // Good devices that made contact long enough ago have reported, and need not be asked.
    const reported = before(goodAt, atOpening.good, stratum, view, look - model.success.length + 1);
    if (contacts <= reported + failuresOf(stratum, view)) return 0;
    if (slowest <= silentAfter && before(bricksAt, atOpening.bricked, stratum, view, back) === 0) return 0;
    return Math.max(0, contacts - successesOf(stratum, view) - failuresOf(stratum, view));
  };

  const counts: { -readonly [Key in keyof RuleCounts]: RuleCounts[Key] } = {
    look: 0,
    elapsedMs: 0,
    wave: -1,
    sinceOpenedMs: 0,
    hasMoreParts: false,
    targeted: pooled((stratum, view) => of(aimedAt, view)[stratum] ?? 0),
    active: pooled((stratum, view) => Math.round((of(aimedAt, view)[stratum] ?? 0) * model.activeShare)),
    contacted: pooled(contactsOf),
    leastContacted: pooled(knownContacts),
    succeeded: pooled(successesOf),
    failed: pooled(failuresOf),
    timedOut: pooled(timedOutOf),
    silent: pooled(silentOf),
    inProgress: pooled(
      (stratum, view) => contactsOf(stratum, view) - successesOf(stratum, view) - failuresOf(stratum, view),
    ),
  };

  /** How far the hub's throttle slows contacts in so many looks: the share of those that want to that it lets. */
  const throttleOf = (looks: number, chances: Float64Array, arriving: readonly number[]): number => {
    if (contactsPerLook === Infinity) return 1;
    const most = contactsPerLook * looks;
    const devices = arriving.reduce((sum, count) => sum + count, 0);
    const first = model.shares.reduce((sum, share, index) => sum + share * (firstHazard[index] ?? 0), 0);
    const wanting = (): number =>
      bad.expectedContacts(chances) + good.expectedContacts(chances) + devices * first;
    if (wanting() <= most) return 1;
    // What is not played yet only lowers it.
    for (const stratum of all) good.playTo(stratum, look - 1);
    return Math.min(1, most / wanting());
  };

  const timeChanged = (): void => {
    counts.look = look;
    counts.elapsedMs = look * lookMs;
    counts.sinceOpenedMs = (look - partOpenedAt) * lookMs;
  };

  const play = (): boolean => {
    look++;
    timeChanged();
    const arriving = arrivals[0]?.look === look ? (arrivals.shift()?.devices ?? []) : [];
    const throttle = throttleOf(1, hazard, arriving);
    bad.contactAt(look, hazard, throttle);
    if (isWatched || throttle < 1) for (const stratum of all) good.playTo(stratum, look, throttle);
    arriving.forEach((devices, stratum) => {
      good.arrive(stratum, bad.arrive(stratum, devices, look, throttle), look, throttle);
    });
    return bad.reportAt(look);
  };

  return {
    counts,
    reset(truth, place) {
      const streams = (purpose: number): ReturnType<typeof streamOf>[] =>
        all.map((stratum) => streamOf(place.seed, place.scenario, place.replication, stratum, purpose));
      const rates = drawnRates(truth, truth.correlated === undefined ? [] : streams(SITES));
      bad.reset(streams(BAD), rates);
      good.reset(streams(GOOD));
      isWatched = rates.some((own) => (own[SILENT] ?? 0) > 0) || slowest > Math.min(silentAfter, deadline);
      for (const array of [contactsAt, bricksAt, goodAt, aimedAt.cumulative, aimedAt.wave]) array.fill(0);
      for (const array of [atOpening.contacted, atOpening.bricked, atOpening.good]) array.fill(0);
      arrivals = [];
      look = openedAt = partOpenedAt = 0;
      counts.wave = -1;
      timeChanged();
    },
    expose(nextWave, part) {
      const parts = model.parts[nextWave] ?? [];
      if (nextWave !== counts.wave) {
        for (const stratum of all) {
          // Whoever has reported by now has done so in the waves before.
          good.playTo(stratum, look);
          good.resolveTo(stratum, look);
          atOpening.contacted[stratum] = knownContacts(stratum, "cumulative");
          atOpening.bricked[stratum] = bad.bricked[stratum] ?? 0;
          atOpening.good[stratum] = good.contacted[stratum] ?? 0;
        }
        good.openWave(look);
        bad.openWave();
        aimedAt.wave.fill(0);
        openedAt = look;
      }
      counts.wave = nextWave;
      partOpenedAt = look;
      timeChanged();
      counts.hasMoreParts = part + 1 < parts.length;
      const devices = parts[part] ?? [];
      devices.forEach((count, stratum) => {
        for (const view of ["cumulative", "wave"] as const) addTo(of(aimedAt, view), stratum, count);
      });
      arrivals.push({ look: look + showsAfter + 1, devices });
    },
    complete() {
      counts.wave = model.parts.length;
    },
    step() {
      const isWorse = play();
      if (!isWatched) return isWorse;
      for (const stratum of all) {
        contactsAt[placeOf(stratum, look)] = knownContacts(stratum, "cumulative");
        bricksAt[placeOf(stratum, look)] = bad.bricked[stratum] ?? 0;
        goodAt[placeOf(stratum, look)] = good.contacted[stratum] ?? 0;
      }
      return true;
    },
    stop() {
      let resolved = 0;
      for (const stratum of all)
        resolved += successesOf(stratum, "cumulative") + failuresOf(stratum, "cumulative");
      for (let more = 0; more < showsAfter; more++) play();
      for (const stratum of all) good.playTo(stratum, look);
      const throttle = throttleOf(model.lastPart, lastHazard, []);
      for (const stratum of all) good.playRest(stratum, look, throttle);
      bad.contactAt(look, lastHazard, throttle);
      const contacted = all.reduce((sum, stratum) => sum + knownContacts(stratum, "cumulative"), 0);
      return { harmed: bad.harmed, contacted, inFlight: contacted - resolved };
    },
  };
}

/** One of a pair of counts. A key of two values is slow to look up in the innermost loop. */
function of<Counts>(pair: Readonly<Record<View, Counts>>, view: View): Counts {
  return view === "wave" ? pair.wave : pair.cumulative;
}
