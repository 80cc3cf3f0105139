import { formatDuration } from "../model/duration.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Reason } from "../model/verdict.ts";
import type { WaveInput } from "./gate-input.ts";

/**
 * Why a wave cannot be judged for promotion yet: nobody in contact, too few, or not for long enough. Every comparison is
 * written so that a number that is none (NaN) waits.
 */
export function waitingReason({
  gate,
  wave,
  coverage,
  nowMs,
  openedAtMs,
  bakedSinceMs,
}: WaveInput): Reason | undefined {
  const { contacted, targeted } = coverage;
  const name = `wave "${wave.name}"`;
  if (wave.kind === "timed") return bakingReason(wave, nowMs - openedAtMs);
  if (!(targeted > 0)) return { code: "NO_CONTACT", text: `${name} targets no recently active device` };
  if (!(contacted > 0))
    return { code: "NO_CONTACT", text: `none of ${targeted} devices of ${name} made contact yet` };
  if (!(contacted >= gate.coverage * targeted)) {
    const wanted = `${formatPercentage(gate.coverage)} are needed`;
    return {
      code: "COVERAGE",
      text: `${contacted} of ${targeted} devices of ${name} made contact; ${wanted}`,
    };
  }
  // Without an instant of coverage the bake starts now; one before the wave opened belongs to another wave.
  const baked = bakedSinceMs === undefined ? undefined : nowMs - Math.max(bakedSinceMs, openedAtMs);
  return bakingReason(wave, baked);
}

function bakingReason(wave: WaveInput["wave"], baked: number | undefined): Reason | undefined {
  if (baked !== undefined && baked >= wave.bakeMs) return undefined;
  const rest = wave.bakeMs - (baked ?? 0);
  return { code: "BAKING", text: `wave "${wave.name}" bakes for another ${formatDuration(rest)}` };
}

/** The reason to ask a person: the wave has been undecided for longer than the gate's patience. */
export function patienceReason({ gate, wave, nowMs, openedAtMs }: WaveInput): Reason | undefined {
  const open = nowMs - openedAtMs;
  if (!(open > gate.patienceMs)) return undefined;
  const text = `wave "${wave.name}" is undecided after ${formatDuration(open)}, its patience was ${formatDuration(gate.patienceMs)}: a person has to decide`;
  return { code: "PATIENCE", text };
}
