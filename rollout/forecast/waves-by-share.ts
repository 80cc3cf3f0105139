import type { Cohort } from "../model/cohort.ts";
import type { Release } from "../model/release.ts";

/** Devices that each wave adds, by wave and stratum. */
export interface SizedWaves {
  readonly added: readonly (readonly number[])[];
  /** Names of the waves whose size only the hub knows. */
  readonly guessed: readonly string[];
}

/** Waves over a fleet of which nothing is known but its size by stratum: cohorts that tags decide on are taken to have `taggedDevices`. */
export function wavesByShare({
  release: { waves },
  devices,
  taggedDevices,
}: {
  readonly release: Pick<Release, "waves">;
  readonly devices: readonly number[];
  readonly taggedDevices: number;
}): SizedWaves {
  const total = devices.reduce((sum, count) => sum + count, 0);
  let before = devices.map(() => 0);
  const guessed: string[] = [];
  const added = waves.map(({ name, cohort }) => {
    if (cohort.kind === "ring" || cohort.kind === "where") guessed.push(name);
    const wanted = upTo(cohort, { devices, total, taggedDevices });
    const reached = before.map((already, stratum) => Math.max(already, wanted[stratum] ?? 0));
    const adds = reached.map((count, stratum) => count - (before[stratum] ?? 0));
    before = reached;
    return adds;
  });
  return { added, guessed };
}

/** Devices of each stratum that a cohort holds. */
function upTo(
  cohort: Cohort,
  fleet: { readonly devices: readonly number[]; readonly total: number; readonly taggedDevices: number },
): readonly number[] {
  const { devices, total, taggedDevices } = fleet;
  switch (cohort.kind) {
    case "percent":
      return devices.map((count) => Math.round((count * cohort.percent) / 100));
    case "at least":
      return devices.map((count) => Math.min(count, cohort.devices));
    case "devices":
      return dealtOut(Math.min(total, cohort.devices), devices, total);
    case "named":
      return dealtOut(Math.min(total, cohort.devices.length), devices, total);
    case "ring":
    case "where":
      return dealtOut(Math.min(total, taggedDevices), devices, total);
  }
}

/** So many devices over strata in proportion to their sizes, by largest remainders. */
function dealtOut(count: number, devices: readonly number[], total: number): readonly number[] {
  const exact = devices.map((own) => (total === 0 ? 0 : (own * count) / total));
  const whole = exact.map(Math.floor);
  const left = count - whole.reduce((sum, own) => sum + own, 0);
  const order = exact
    .map((share, stratum) => ({ stratum, rest: share - Math.floor(share) }))
    .toSorted((one, other) => other.rest - one.rest || one.stratum - other.stratum)
    .slice(0, left);
  return whole.map((own, stratum) => own + (order.some((one) => one.stratum === stratum) ? 1 : 0));
}
