import type { Replay, ReplayedWave, StopAt } from "../../forecast/replay/replay.ts";
import { formatDuration } from "../../model/duration.ts";
import { formatInstant } from "../../model/instant.ts";
import { counted } from "./numbers.ts";

/** Recorded rollouts under another gate, for people: a sentence of sums, then each rollout. */
export function renderReplay(rollouts: readonly Replay[]): string {
  if (rollouts.length === 0) return "nothing is recorded yet";
  const now = rollouts.filter(({ recorded }) => recorded !== undefined).length;
  const then = rollouts.filter(({ replayed }) => replayed !== undefined).length;
  const sum = `${counted(rollouts.length, "rollout")}: ${now} stopped as recorded, ${then} under this gate`;
  return [sum, ...rollouts.map(rolloutText)].join("\n\n");
}

function rolloutText(replay: Replay): string {
  const { attempt, looks, from, until, recorded, replayed, waves } = replay;
  if (from === undefined || until === undefined)
    return `${attempt}: no look is stored, there is nothing to judge`;
  const lines = [
    `${attempt}, ${counted(looks, "look")} from ${formatInstant(from)} to ${formatInstant(until)}`,
    `  recorded    ${recorded === undefined ? "not stopped" : stopText("stopped", recorded)}`,
    `  this gate   ${replayed === undefined ? "does not stop it by then" : stopText("stops", replayed)}`,
    ...(replayed?.reasons ?? []).slice(0, 1).map(({ text }) => `              ${text}`),
    ...differenceLines(recorded, replayed),
    ...waves.map(waveText),
  ];
  return lines.join("\n");
}

function stopText(verb: string, { at, wave, by, contacted, bad }: StopAt): string {
  const whom = `${counted(contacted, "device")} in contact, ${bad} of them failed or silent`;
  return `${verb} ${formatInstant(at)} in "${wave}"${verb === "stopped" ? ` by ${by}` : ""}: ${whom}`;
}

function differenceLines(recorded: StopAt | undefined, replayed: StopAt | undefined): readonly string[] {
  if (recorded === undefined || replayed === undefined) return [];
  const ms = replayed.at - recorded.at;
  if (ms === 0) return ["  difference  none: at the same look"];
  const [fewer, word] = ms < 0 ? [recorded.contacted - replayed.contacted, "fewer"] : [0, "more"];
  const when = `${formatDuration(Math.abs(ms))} ${ms < 0 ? "earlier" : "later"}`;
  const devices = ms < 0 ? fewer : replayed.contacted - recorded.contacted;
  const bad = Math.abs(recorded.bad - replayed.bad);
  return [`  difference  ${when}: ${counted(devices, "device")} ${word}, ${bad} ${word} failed or silent`];
}

function waveText({ wave, promotedAt, promotesAt, holds }: ReplayedWave): string {
  const recorded = `  "${wave}" let on ${formatInstant(promotedAt)}`;
  if (promotesAt !== undefined) {
    const ms = promotedAt - promotesAt;
    return ms === 0
      ? `${recorded}; this gate at the same look`
      : `${recorded}; this gate ${formatDuration(ms)} sooner`;
  }
  const [why] = holds ?? [];
  return why === undefined ? `${recorded}; this gate not` : `${recorded}; this gate still holds: ${why.text}`;
}
