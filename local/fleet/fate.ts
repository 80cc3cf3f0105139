import { chanceOf } from "./chance.ts";
import { CONNECTIVITIES, type Connectivity, type Fault, type FleetProfile } from "./profile.ts";

/** What fate goes by. */
export interface SimulatedBoard {
  readonly deviceId: string;
  /** Absent: the device is ideal. */
  readonly stratum?: string | undefined;
  readonly revision: "A" | "B";
  readonly sensorLot: number;
}

/** What is in store for one device, whatever happens in between. */
export interface Fate {
  readonly connectivity: Connectivity;
  readonly downloadBytesPerSecond: number | undefined;
  readonly installMs: number;
  readonly bootMs: number;
  /** What is wrong with an image on this device; undefined for a good one. */
  faultOf(image: { readonly version: string; readonly isFactory: boolean }): Fault | undefined;
  /** A number from 0 to 1 of this device's own, the same in every run. */
  chance(...words: readonly string[]): number;
}

/** Look up what a profile has in store for a device. */
export function fateOf({ seed, strata }: FleetProfile, board: SimulatedBoard): Fate {
  const { deviceId, stratum, revision, sensorLot } = board;
  const profile = (stratum === undefined ? undefined : strata[stratum]) ?? {};
  const chance: Fate["chance"] = (...words) => chanceOf(seed, deviceId, ...words);
  const amountOf = (
    name: "downloadBytesPerSecond" | "installSeconds" | "bootSeconds",
  ): number | undefined => {
    const given = profile[name];
    if (given === undefined || typeof given === "number") return given;
    const [least, most] = given;
    return least + chance(name) * (most - least);
  };
  return {
    chance,
    connectivity: connectivityOf(profile.connectivity ?? {}, chance("connectivity")),
    downloadBytesPerSecond: amountOf("downloadBytesPerSecond"),
    installMs: (amountOf("installSeconds") ?? 0) * 1000,
    bootMs: (amountOf("bootSeconds") ?? 0) * 1000,
    faultOf({ version, isFactory }) {
      let drawn = chance("fault", version);
      for (const { fault, share, versions, revisions, sensorLots } of profile.faults ?? []) {
        const strikes =
          (versions?.includes(version) ?? !isFactory) &&
          revisions?.includes(revision) !== false &&
          sensorLots?.includes(sensorLot) !== false;
        if (!strikes) continue;
        if (drawn < share) return fault;
        drawn -= share;
      }
      return undefined;
    },
  };
}

function connectivityOf(
  shares: Readonly<Partial<Record<Connectivity, number>>>,
  drawn: number,
): Connectivity {
  let rest = drawn;
  for (const name of CONNECTIVITIES) {
    const { [name]: share = 0 } = shares;
    if (rest < share) return name;
    rest -= share;
  }
  return "always-on";
}
