import { WavegateError, type Code } from "../model/problem.ts";
import type { ClockPort } from "./ports.ts";

/** Looks in a row that may go wrong before whoever looks again and again gives up; no rollout is touched by that. */
export const MOST_TROUBLES = 20;

const WEATHER: readonly Code[] = [
  "HUB_UNREACHABLE",
  "HUB_THROTTLED",
  "HUB_FAILED",
  "HUB_NOT_FOUND",
  "HUB_QUOTA",
  // A stop that lost every race; anything else that loses one ends its look without an error.
  "HUB_CONFLICT",
  "RECORD_STORE_FAILED",
  "OBSERVATION_STALE",
];

/** True for trouble that is worth another look: the weather, not the input. */
export function isWeather(error: unknown): error is WavegateError {
  return error instanceof WavegateError && WEATHER.includes(error.code);
}

/** True when whoever watches has interrupted a call. */
export function isInterruption(error: unknown): boolean {
  return error instanceof WavegateError && error.code === "INTERRUPTED";
}

/** Wait for the next look; false when interrupted. */
export async function waited(clock: ClockPort, ms: number, signal: AbortSignal): Promise<boolean> {
  const isInterrupted = (): boolean => signal.aborted;
  if (isInterrupted()) return false;
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (isInterrupted()) return false;
    throw error;
  }
}
