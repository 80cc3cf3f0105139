import { formatInstant } from "../model/instant.ts";
import { isRolledOut, type Intent, type RolloutIntent } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { ChangesInput } from "./changes-input.ts";
import type { Change } from "./product-plan.ts";

/** What becomes of a configuration, whichever it is. */
export type Outcome = Pick<Change, "kind" | "due" | "reason">;

/**
 * What becomes of a release whose configurations are as the record wants them, held by `stop` if it is held: it stays,
 * and why; or it is superseded or retired next.
 */
export function atRest(
  intent: Intent,
  stop: Stop | undefined,
  { starting, retiring, retirable }: Pick<ChangesInput, "starting" | "retiring" | "retirable">,
): Outcome {
  const keep = (reason: string): Outcome => ({ kind: "keep", due: false, reason });
  if (intent.attempt === retiring)
    return { kind: "retire", due: true, reason: "no device falls back to it any more" };
  const isLater = retirable.includes(intent.attempt);
  const later = isLater ? "; retired once no device falls back to it" : "";
  switch (intent.state) {
    case "running":
    case "held":
      if (starting !== undefined) {
        const by = starting.release.version;
        return { kind: "supersede", due: true, reason: `frozen${waveOf(intent)}: ${by} takes over` };
      }
      return keep(intent.state === "running" ? running(intent) : `stays${waveOf(intent)}: ${heldBy(stop)}`);
    case "watching": {
      const until = (intent.completedAt ?? 0) + intent.release.watchMs;
      return keep(`has reached everyone; watched until ${formatInstant(until)}`);
    }
    case "settled":
      return keep(`has reached everyone and is what devices return to${later}`);
    case "superseded":
      return keep(`stays${waveOf(intent)}: a newer release took over${later}`);
    case "halted":
      return keep(`stays${waveOf(intent)}: it was halted${later}`);
    case "rolling back":
      return keep("is for nobody: its devices are on their way back");
    case "rolled back":
      return keep(`is for nobody: it was taken back${later}`);
    case "retired":
      return { kind: "retire", due: false, reason: "is deleted an hour after it was emptied" };
    case "adopted":
      return keep(
        intent.condition === ""
          ? `is what devices return to; for nobody until a release is taken back${later}`
          : `is what devices returned to${later}`,
      );
  }
}

function running({ release, wave }: RolloutIntent): string {
  const here = release.waves[wave];
  const next = release.waves[wave + 1];
  const name = `wave "${here?.name ?? ""}" (${wave + 1} of ${release.waves.length})`;
  if (next === undefined) return `${name}; is complete when its gate promotes`;
  const people = next.approvals === 0 ? "" : ` and ${next.approvals} approved`;
  return `${name}; "${next.name}" opens when its gate promotes${people}`;
}

function heldBy(stop: Stop | undefined): string {
  return stop === undefined ? "held" : `held by ${because(stop)}`;
}

/** Who stopped a release, and why. */
export function because({ actor, reason }: Stop): string {
  return reason === "" ? actor : `${actor}: ${reason}`;
}

/** The wave that a release stands at, to be added to a sentence; nothing for one without waves. */
export function waveOf(intent: Intent): string {
  if (!isRolledOut(intent)) return "";
  const { waves } = intent.release;
  return ` at wave "${waves[intent.wave]?.name ?? ""}" (${intent.wave + 1} of ${waves.length})`;
}
