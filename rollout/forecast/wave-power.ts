import { thresholdsOf } from "../engine/evidence-at.ts";
import { sizeToProve } from "../gate/size-to-prove.ts";
import { exactCharacteristics, rateDetected } from "./exact-characteristics.ts";
import type { RolloutModel } from "./rollout-model.ts";

/** What the devices of one stratum can tell by the end of a wave, all waves before included; exact. */
export interface WavePower {
  readonly wave: string;
  readonly stratum: string;
  /** Devices of the stratum that are expected to be recently active, and so to report. */
  readonly devices: number;
  /** Smallest failure rate that stops the release with this chance; undefined: none does. */
  readonly detects80?: number;
  readonly detects95?: number;
  /** Chance that a release which fails this often is not stopped, by rate. */
  readonly unseen: Readonly<Record<"10%" | "20%" | "50%", number>>;
}

/** When the devices of a stratum first meet the release. */
export interface StratumExposure {
  readonly stratum: string;
  readonly devices: number;
  /** First wave in which it has enough devices to prove the gate; undefined: never. */
  readonly provesFrom?: string;
  /** Share of its devices that the last wave is the first to reach. */
  readonly lastWaveShare: number;
}

/** More devices than this are not followed: the power of so many is a bound from below. */
const MOST_DEVICES = 3_000;

/** The power of each wave, for the stratum that knows least and the one that knows most. */
export function powerOfWaves(
  { release, strata, added }: RolloutModel,
  activeShare: number,
): readonly WavePower[] {
  const { gate, waves } = release;
  const abortAt = thresholdsOf(release, strata.length).cumulative;
  const known = new Map<number, Pick<WavePower, "detects80" | "detects95" | "unseen">>();
  const powerOf = (devices: number): Pick<WavePower, "detects80" | "detects95" | "unseen"> => {
    const followed = Math.min(devices, MOST_DEVICES);
    const found = known.get(followed);
    if (found !== undefined) return found;
    const own = { tolerate: gate.tolerate, reject: gate.reject, abortAt };
    const looks = Array.from({ length: followed }, (_, index) => index + 1);
    const unseen = (rate: number): number =>
      1 - exactCharacteristics({ ...own, promoteAt: Infinity }, { rate, looks }).abort;
    const detects80 = rateDetected(own, { devices: followed, chance: 0.8 });
    const detects95 = rateDetected(own, { devices: followed, chance: 0.95 });
    const power = {
      ...(detects80 === undefined ? {} : { detects80 }),
      ...(detects95 === undefined ? {} : { detects95 }),
      unseen: { "10%": unseen(0.1), "20%": unseen(0.2), "50%": unseen(0.5) },
    };
    known.set(followed, power);
    return power;
  };
  return waves.flatMap(({ name }, wave) => {
    const sizes = strata
      .map((stratum, index) => ({
        stratum,
        devices: Math.round(exposedBy(added, wave, index) * activeShare),
      }))
      .filter(({ devices }) => devices > 0)
      .toSorted((one, other) => one.devices - other.devices);
    const chosen = [...new Set([sizes[0], sizes.at(-1)])].filter((size) => size !== undefined);
    return chosen.map(({ stratum, devices }) => ({ wave: name, stratum, devices, ...powerOf(devices) }));
  });
}

/** When each stratum has enough devices, and how much of it meets the release last. */
export function exposureOfStrata(
  { release, strata, added }: RolloutModel,
  activeShare: number,
): readonly StratumExposure[] {
  const needed = sizeToProve(release.gate);
  const last = release.waves.length - 1;
  return strata.map((stratum, index) => {
    const devices = exposedBy(added, last, index);
    const proves = release.waves.find((_, wave) => exposedBy(added, wave, index) * activeShare >= needed);
    return {
      stratum,
      devices,
      ...(proves === undefined ? {} : { provesFrom: proves.name }),
      lastWaveShare: devices === 0 ? 0 : (added[last]?.[index] ?? 0) / devices,
    };
  });
}

function exposedBy(added: RolloutModel["added"], wave: number, stratum: number): number {
  return added.slice(0, wave + 1).reduce((sum, own) => sum + (own[stratum] ?? 0), 0);
}
