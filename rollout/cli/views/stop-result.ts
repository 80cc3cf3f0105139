import type { StopResult } from "../../reconcile/stop-release.ts";
import { EXIT, type Result } from "../command.ts";

/** What a person's stop came to. A hub that could not be written makes it an error, for it is not in force there yet. */
export function stopResult(
  result: StopResult,
  words: {
    /** "is stopped", "is held". */
    readonly done: string;
    readonly next: string;
  },
): Result {
  const { stop, writes, inForce, missed } = result;
  const missing = missed.map(({ hub, error }) => ({ hub, code: error.code, message: error.message }));
  const first =
    writes === 0
      ? `${stop.attempt} is stopped already, since ${stop.at} by ${stop.actor}: ${stop.reason}`
      : `${stop.attempt} ${words.done}: in force on ${inForce.join(", ")} (${writes} writes)`;
  const lines = [
    first,
    ...missing.map(({ hub, code, message }) => `  NOT in force on ${hub}: ${code}: ${message}`),
    missing.length > 0
      ? "  next: run the same command again; any controller that reaches the hub carries the stop there too"
      : `  next: ${words.next}`,
  ];
  return {
    exitCode: missing.length > 0 ? EXIT.error : EXIT.done,
    human: (writes === 0 && missing.length === 0 ? [first] : lines).join("\n"),
    json: { schemaVersion: 1, stop, writes, inForce, missed: missing },
  };
}
