import { ownValue } from "../model/own-value.ts";
import type { RecordedStep } from "../forecast/replay/recorded-course.ts";
import { incidenceCurve, type IncidencePoint } from "../gate/curves/cumulative-incidence.ts";
import type { End } from "../gate/curves/event-times.ts";
import type { Look } from "../model/look.ts";
import { thinned } from "./progress.ts";

/** How long the devices of one stratum took from the opening of their wave to an outcome. */
export interface StratumTimes {
  readonly stratum: string;
  /** Devices that the waves added. */
  readonly devices: number;
  /** Every outcome at the look that first counted it: the latest it can have been. */
  readonly latest: readonly TimePoint[];
  /** Every outcome at the look before: the earliest it can have been. */
  readonly earliest: readonly TimePoint[];
}

/** Shares of the devices that had ended by a time. */
export interface TimePoint {
  /** Since the wave opened, ms. */
  readonly ms: number;
  readonly ok: number;
  readonly failed: number;
}

/**
 * Time to update by stratum [Aalen & Johansen 1978], with success and failure as the two ways to end. A look counts
 * devices and does not name them: an outcome is known to lie between two looks, so the curve is given at both ends. All
 * waves together, each from its own opening; a device without an outcome is lost sight of at its wave's last look.
 */
export function timeToUpdate(
  steps: readonly RecordedStep[],
  looks: readonly Look[],
): readonly StratumTimes[] {
  const strata = steps.at(-1)?.intent.strata ?? [];
  return strata.flatMap((stratum) => {
    const waves = wavesWith(steps, looks, stratum);
    const devices = waves.reduce((sum, { added }) => sum + added, 0);
    if (waves.every(({ counts }) => counts.length === 0)) return [];
    const curve = (end: "earliest" | "latest"): readonly TimePoint[] =>
      thinned(incidenceCurve(waves.flatMap((wave) => endsOf(wave, end))).map(timePoint));
    return [{ stratum, devices, latest: curve("latest"), earliest: curve("earliest") }];
  });
}

/** One wave's devices of a stratum, as its looks counted them. */
interface WaveCounts {
  readonly added: number;
  readonly counts: readonly { readonly ms: number; readonly ok: number; readonly failed: number }[];
}

function wavesWith(
  steps: readonly RecordedStep[],
  looks: readonly Look[],
  stratum: string,
): readonly WaveCounts[] {
  const indices = [...new Set(steps.map(({ intent }) => intent.wave))];
  return indices.map((wave) => {
    // The last record of a wave holds all that its parts added.
    const intent = steps.findLast((step) => step.intent.wave === wave)?.intent;
    const openedAt = intent?.openedAt ?? 0;
    const counts = looks
      .filter((look) => look.wave === wave && look.at > openedAt)
      .map(({ at, views }) => {
        const { ok = 0, failed = 0 } = ownValue(views.wave, stratum) ?? {};
        return { ms: at - openedAt, ok, failed };
      });
    const most = counts.reduce((found, { ok, failed }) => Math.max(found, ok + failed), 0);
    return { added: Math.max(ownValue(intent?.added ?? {}, stratum) ?? 0, most), counts };
  });
}

function endsOf({ added, counts }: WaveCounts, end: "earliest" | "latest"): readonly End[] {
  const ends: End[] = [];
  const most = { ok: 0, failed: 0 };
  let before = 0;
  for (const { ms, ...counted } of counts) {
    for (const cause of ["ok", "failed"] as const) {
      // Counts that shrink are devices that left, or that failed after they were ok: what they did before stands.
      const left = added - most.ok - most.failed;
      const devices = Math.min(left, counted[cause] - most[cause]);
      if (devices <= 0) continue;
      most[cause] += devices;
      ends.push({ time: end === "latest" ? ms : before, cause, devices });
    }
    before = ms;
  }
  const unresolved = added - most.ok - most.failed;
  return unresolved > 0 ? [...ends, { time: before, cause: undefined, devices: unresolved }] : ends;
}

function timePoint({ time, byCause }: IncidencePoint): TimePoint {
  // Sums of fractions may end a rounding above one.
  const share = (cause: string): number => Math.min(1, byCause.get(cause) ?? 0);
  return { ms: time, ok: share("ok"), failed: share("failed") };
}
