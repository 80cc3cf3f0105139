import { addTo, ringLength } from "./device-counts.ts";
import type { LookModel } from "./look-model.ts";
import { binomial } from "./random/binomial.ts";
import { multinomial } from "./random/multinomial.ts";
import type { Xoshiro128 } from "./random/xoshiro128.ts";

/**
 * Devices that the release does well. They are nearly all, and what they did matters only when somebody asks: their
 * contacts and successes are drawn then, over as many looks at once as went by. The law is that of drawing at every look.
 */
export interface GoodDevices {
  reset(randoms: readonly Xoshiro128[]): void;
  /** Devices of a stratum become reachable, and some make contact at once; the stratum is played up to this look. */
  arrive(stratum: number, devices: number, look: number, throttle: number): void;
  /** Play a stratum's contacts up to a look; `throttle` slows those of that look alone, so that all before must be played. */
  playTo(stratum: number, look: number, throttle?: number): void;
  /** Contacts in what is left of the time until a stop takes effect, after `look`. */
  playRest(stratum: number, look: number, throttle: number): void;
  /** Play the successes of a stratum that is played up to a look. */
  resolveTo(stratum: number, look: number): void;
  /** The next wave opens; every stratum is played up to this look. */
  openWave(look: number): void;
  /** Contacts to be expected with these chances by class, at most: contacts that are not played yet only lower it. */
  expectedContacts(hazard: Float64Array): number;
  /** Devices in contact that had no outcome when they were resolved last, and made contact at or before a look. */
  unresolvedSince(stratum: number, look: number, view: "cumulative" | "wave"): number;
  /** By stratum, as far as it is played. */
  readonly contacted: Int32Array;
  readonly ok: { readonly cumulative: Int32Array; readonly wave: Int32Array };
}

/** The good devices of one rollout after the other. */
export function createGoodDevices(model: LookModel): GoodDevices {
  const { strata, classes, hazard, firstHazard, lastHazard, shares, success } = model;
  const pending = new Int32Array(strata * classes);
  const playedTo = new Int32Array(strata);
  const contacted = new Int32Array(strata);
  const ok = { cumulative: new Int32Array(strata), wave: new Int32Array(strata) };
  const byClass = new Int32Array(classes);
  /** Devices without an outcome by the look of their contact, and the look up to which their outcomes are played. */
  const slots = ringLength(success.length + 1);
  const open = new Int32Array(strata * slots);
  const openedAt = new Int32Array(strata * slots);
  const resolvedTo = new Int32Array(strata * slots);
  const reported = success.reduce<number[]>((sums, chance) => [...sums, (sums.at(-1) ?? 0) + chance], []);
  let waveOpenedAt = 0;
  let randoms: readonly Xoshiro128[] = [];

  const streamAt = (stratum: number): Xoshiro128 => {
    const random = randoms[stratum];
    if (random === undefined) throw new RangeError(`stratum ${stratum} has no stream of random numbers`);
    return random;
  };

  const succeed = (stratum: number, devices: number, contactAt: number): void => {
    addTo(ok.cumulative, stratum, devices);
    if (contactAt > waveOpenedAt) addTo(ok.wave, stratum, devices);
  };

  const addContacts = (stratum: number, devices: number, look: number): void => {
    const slot = stratum * slots + (look & (slots - 1));
    if (openedAt[slot] !== look) {
      // Whoever made contact a whole ring ago has long reported.
      const left = open[slot] ?? 0;
      if (left > 0) succeed(stratum, left, openedAt[slot] ?? 0);
      open[slot] = 0;
      openedAt[slot] = look;
      resolvedTo[slot] = look - 1;
    }
    addTo(open, slot, devices);
    addTo(contacted, stratum, devices);
  };

  /** Contacts of one stratum with these chances by class. */
  const draw = (stratum: number, chances: Float64Array, throttle: number): number => {
    const random = streamAt(stratum);
    let sum = 0;
    for (let index = 0; index < classes; index++) {
      const cell = stratum * classes + index;
      const waiting = pending[cell] ?? 0;
      if (waiting === 0) continue;
      const here = binomial(random, waiting, (chances[index] ?? 0) * throttle);
      pending[cell] = waiting - here;
      sum += here;
    }
    return sum;
  };

  /** Chances to make contact within so many looks, by class; worked out once for each number. */
  const over: Float64Array[] = [];
  const hazardOver = (looks: number): Float64Array =>
    (over[looks] ??= hazard.map((chance) => 1 - (1 - chance) ** looks));

  const playTo: GoodDevices["playTo"] = (stratum, look, throttle = 1) => {
    let at = playedTo[stratum] ?? 0;
    // What lies further back than the longest delay has reported, whenever it was: one draw for all of it.
    const past = look - success.length - at;
    if (past > 1) {
      const devices = draw(stratum, hazardOver(past), 1);
      addTo(contacted, stratum, devices);
      at += past;
      succeed(stratum, devices, at);
    }
    while (at < look) {
      at++;
      const devices = draw(stratum, hazard, at === look ? throttle : 1);
      if (devices > 0) addContacts(stratum, devices, at);
    }
    playedTo[stratum] = at;
  };

  return {
    contacted,
    ok,
    reset(streams) {
      randoms = streams;
      waveOpenedAt = 0;
      for (const array of [pending, playedTo, contacted, ok.cumulative, ok.wave, open, resolvedTo])
        array.fill(0);
      openedAt.fill(-1);
    },
    arrive(stratum, devices, look, throttle) {
      playTo(stratum, look);
      const random = streamAt(stratum);
      byClass.fill(0);
      multinomial(random, devices, shares, byClass);
      let first = 0;
      for (let index = 0; index < classes; index++) {
        const here = byClass[index] ?? 0;
        const now = binomial(random, here, (firstHazard[index] ?? 0) * throttle);
        first += now;
        if ((hazard[index] ?? 0) > 0) addTo(pending, stratum * classes + index, here - now);
      }
      if (first > 0) addContacts(stratum, first, look);
    },
    playTo,
    playRest(stratum, look, throttle) {
      const devices = draw(stratum, lastHazard, throttle);
      if (devices > 0) addContacts(stratum, devices, look);
    },
    resolveTo(stratum, look) {
      const random = streamAt(stratum);
      for (let slot = stratum * slots; slot < (stratum + 1) * slots; slot++) {
        const waiting = open[slot] ?? 0;
        const contactAt = openedAt[slot] ?? 0;
        if (waiting === 0) continue;
        const before = reported[(resolvedTo[slot] ?? 0) - contactAt] ?? 0;
        const now = look - contactAt >= success.length ? 1 : (reported[look - contactAt] ?? 0);
        const devices = binomial(random, waiting, (now - before) / (1 - before));
        open[slot] = waiting - devices;
        resolvedTo[slot] = look;
        succeed(stratum, devices, contactAt);
      }
    },
    openWave(look) {
      waveOpenedAt = look;
      ok.wave.fill(0);
    },
    expectedContacts(chances) {
      let sum = 0;
      for (let cell = 0; cell < pending.length; cell++)
        sum += (pending[cell] ?? 0) * (chances[cell % classes] ?? 0);
      return sum;
    },
    unresolvedSince(stratum, look, view) {
      let sum = 0;
      for (let slot = stratum * slots; slot < (stratum + 1) * slots; slot++) {
        const contactAt = openedAt[slot] ?? 0;
        if (contactAt <= look && (view === "cumulative" || contactAt > waveOpenedAt)) sum += open[slot] ?? 0;
      }
      return sum;
    },
  };
}
