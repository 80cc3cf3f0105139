import { addTo, ringLength } from "./device-counts.ts";
import type { LookModel } from "./look-model.ts";
import { binomial, inverted, LEAST_MEAN } from "./random/binomial.ts";
import { multinomial } from "./random/multinomial.ts";
import type { Xoshiro128 } from "./random/xoshiro128.ts";
import { DEFECTS } from "./truth.ts";

/** Devices that the release will harm, once they make contact. They are few, so every look of them is played. */
export interface BadDevices {
  /** Another rollout starts: a stream of random numbers and the chances of the defects for each stratum. */
  reset(randoms: readonly Xoshiro128[], rates: readonly (readonly number[])[]): void;
  /** Devices of a stratum become reachable; returns how many of them are not bad. Some make contact at once. */
  arrive(stratum: number, devices: number, look: number, throttle: number): number;
  /** Contacts of one look among those that were reachable before; `hazard` by class. */
  contactAt(look: number, hazard: Float64Array, throttle: number): void;
  /** What they report at this look; true when something failed. */
  reportAt(look: number): boolean;
  /** The next wave opens: its own view starts from nothing. */
  openWave(): void;
  /** Contacts to be expected with these chances by class. */
  expectedContacts(hazard: Float64Array): number;
  /** By stratum: made contact, and so were harmed; of them, fell silent; and by view: failed, and `ok` so far. */
  readonly harmed: Int32Array;
  readonly bricked: Int32Array;
  readonly failed: { readonly cumulative: Int32Array; readonly wave: Int32Array };
  readonly ok: { readonly cumulative: Int32Array; readonly wave: Int32Array };
}

/** Places of the defects in `DEFECTS`. */
const [REPORTED, SILENT, LATE] = [0, 1, 2];

/** The bad devices of one rollout after the other. */
export function createBadDevices(model: LookModel): BadDevices {
  const { strata, classes, hazard, firstHazard, shares, success, failure, late } = model;
  const defects = DEFECTS.length;
  const cells = strata * defects * classes;
  const pending = new Int32Array(cells);
  /** Chance that none of a cell makes contact in a look, as long as the throttle does not bind. */
  const none = new Float64Array(cells);
  /** The same, classes together. */
  const pendingOf = new Int32Array(strata * defects);
  const logStay = hazard.map((chance) => Math.log1p(-chance));
  const slots = ringLength(Math.max(failure.length, success.length + late.length) + 1);
  const ring = (): Int32Array => new Int32Array(strata * slots);
  /** What is on its way, by stratum and look: failures, successes that will turn, and their turning; of all, and of the wave's own contacts. */
  const fails = ring();
  const succeeds = ring();
  const turns = ring();
  const waveFails = ring();
  const waveSucceeds = ring();
  const waveTurns = ring();
  const rings = [fails, succeeds, turns, waveFails, waveSucceeds, waveTurns];
  const byClass = new Int32Array(classes);
  const byDelay = {
    success: new Int32Array(success.length),
    failure: new Int32Array(failure.length),
    late: new Int32Array(late.length),
  };
  const counts = (): Int32Array => new Int32Array(strata);
  const harmed = counts();
  const bricked = counts();
  const failed = { cumulative: counts(), wave: counts() };
  const ok = { cumulative: counts(), wave: counts() };
  let randoms: readonly Xoshiro128[] = [];
  let rates: readonly (readonly number[])[] = [];

  const streamAt = (stratum: number): Xoshiro128 => {
    const random = randoms[stratum];
    if (random === undefined) throw new RangeError(`stratum ${stratum} has no stream of random numbers`);
    return random;
  };

  /** Devices make contact, and what they will report is settled. */
  const contact = (stratum: number, defect: number, devices: number, look: number): void => {
    addTo(harmed, stratum, devices);
    const random = streamAt(stratum);
    if (defect === SILENT) {
      addTo(bricked, stratum, devices);
      return;
    }
    const base = stratum * slots;
    const first = defect === REPORTED ? failure : success;
    const counted = defect === REPORTED ? byDelay.failure : byDelay.success;
    counted.fill(0);
    multinomial(random, devices, first, counted);
    for (let delay = 0; delay < first.length; delay++) {
      const here = counted[delay] ?? 0;
      if (here === 0) continue;
      const place = base + ((look + delay) & (slots - 1));
      addTo(defect === REPORTED ? fails : succeeds, place, here);
      addTo(defect === REPORTED ? waveFails : waveSucceeds, place, here);
      if (defect === REPORTED) continue;
      byDelay.late.fill(0);
      multinomial(random, here, late, byDelay.late);
      for (let after = 0; after < late.length; after++) {
        const turning = byDelay.late[after] ?? 0;
        if (turning === 0) continue;
        const turnsAt = base + ((look + delay + after) & (slots - 1));
        addTo(turns, turnsAt, turning);
        addTo(waveTurns, turnsAt, turning);
      }
    }
  };

  const setPending = (cell: number, devices: number): void => {
    pending[cell] = devices;
    none[cell] = Math.exp(devices * (logStay[cell % classes] ?? 0));
  };

  return {
    harmed,
    bricked,
    failed,
    ok,
    reset(streams, chances) {
      randoms = streams;
      rates = chances;
      for (const array of [
        pending,
        pendingOf,
        harmed,
        bricked,
        failed.cumulative,
        failed.wave,
        ok.cumulative,
        ok.wave,
      ])
        array.fill(0);
      none.fill(1);
      for (const array of rings) array.fill(0);
    },
    arrive(stratum, devices, look, throttle) {
      const random = streamAt(stratum);
      let good = devices;
      let chanceLeft = 1;
      for (let defect = LATE; defect >= REPORTED; defect--) {
        const rate = rates[stratum]?.[defect] ?? 0;
        if (rate === 0) continue;
        const bad = binomial(random, good, rate / chanceLeft);
        good -= bad;
        chanceLeft -= rate;
        byClass.fill(0);
        multinomial(random, bad, shares, byClass);
        let first = 0;
        for (let index = 0; index < classes; index++) {
          const here = byClass[index] ?? 0;
          const now = binomial(random, here, (firstHazard[index] ?? 0) * throttle);
          first += now;
          const cell = (stratum * defects + defect) * classes + index;
          // Devices that are never reached need not be kept.
          if ((hazard[index] ?? 0) === 0 || here === now) continue;
          addTo(pendingOf, stratum * defects + defect, here - now);
          setPending(cell, (pending[cell] ?? 0) + here - now);
        }
        if (first > 0) contact(stratum, defect, first, look);
      }
      return good;
    },
    contactAt(look, hazards, throttle) {
      for (let stratum = 0; stratum < strata; stratum++) {
        const random = streamAt(stratum);
        for (let defect = 0; defect < defects; defect++) {
          if (pendingOf[stratum * defects + defect] === 0) continue;
          const base = (stratum * defects + defect) * classes;
          let contacts = 0;
          for (let index = 0; index < classes; index++) {
            const waiting = pending[base + index] ?? 0;
            if (waiting === 0) continue;
            const chance = (hazards[index] ?? 0) * throttle;
            const isRemembered =
              throttle === 1 && hazards === hazard && chance <= 0.5 && waiting * chance < LEAST_MEAN;
            const here = isRemembered
              ? inverted(random, waiting, chance, none[base + index] ?? 0)
              : binomial(random, waiting, chance);
            if (here === 0) continue;
            contacts += here;
            setPending(base + index, waiting - here);
          }
          if (contacts === 0) continue;
          addTo(pendingOf, stratum * defects + defect, -contacts);
          contact(stratum, defect, contacts, look);
        }
      }
    },
    reportAt(look) {
      let isWorse = false;
      for (let stratum = 0; stratum < strata; stratum++) {
        const place = stratum * slots + (look & (slots - 1));
        const failing = fails[place] ?? 0;
        const succeeding = succeeds[place] ?? 0;
        const turning = turns[place] ?? 0;
        if ((failing | succeeding | turning) === 0) continue;
        addTo(failed.cumulative, stratum, failing + turning);
        addTo(ok.cumulative, stratum, succeeding - turning);
        addTo(failed.wave, stratum, (waveFails[place] ?? 0) + (waveTurns[place] ?? 0));
        addTo(ok.wave, stratum, (waveSucceeds[place] ?? 0) - (waveTurns[place] ?? 0));
        for (const array of rings) array[place] = 0;
        isWorse ||= failing + turning > 0;
      }
      return isWorse;
    },
    openWave() {
      failed.wave.fill(0);
      ok.wave.fill(0);
      for (const array of [waveFails, waveSucceeds, waveTurns]) array.fill(0);
    },
    expectedContacts(chances) {
      let sum = 0;
      for (let cell = 0; cell < cells; cell++) sum += (pending[cell] ?? 0) * (chances[cell % classes] ?? 0);
      return sum;
    },
  };
}
