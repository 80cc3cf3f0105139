import type { Look } from "../model/look.ts";
import { totalOf } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import { contactsOf } from "./take-look.ts";

/** How many of the devices that a wave aims at have made contact. */
export interface Coverage {
  readonly contacted: number;
  /** Recently active devices when the wave opened. */
  readonly targeted: number;
}

/**
 * Coverage of the open wave at one look: of everyone under the condition, and of those whom this wave added, whichever
 * is worse: after a wide wave the old contacts must not stand in for the new ones. Devices that had nothing to do
 * (`ok-already`, `newer`) have answered too.
 */
export function coverageAt(look: Look, intent: RolloutIntent, looks: readonly Look[]): Coverage {
  const idle = idleAt(look);
  const all = { contacted: contactsOf(look.views.all) + idle, targeted: totalOf(intent.targeted) };
  const newlyIdle = newlyIdleAt(look, intent, looks);
  const added = { contacted: contactsOf(look.views.wave) + newlyIdle, targeted: totalOf(intent.added) };
  if (added.targeted === 0) return all;
  return added.contacted * all.targeted <= all.contacted * added.targeted ? added : all;
}

/** Devices with nothing to do (`ok-already`, `newer`) that have answered since the wave opened. */
export function newlyIdleAt(look: Look, intent: RolloutIntent, looks: readonly Look[]): number {
  const before = looks.findLast(({ wave }) => wave < intent.wave);
  return Math.max(0, idleAt(look) - (before === undefined ? 0 : idleAt(before)));
}

/**
 * Instant of the first look of this wave, all its parts open, that found its coverage reached: from then on it bakes. A
 * timed wave bakes as soon as it is open.
 */
export function bakedSince(intent: RolloutIntent, looks: readonly Look[]): number | undefined {
  const { coverage } = intent.release.gate;
  const openSince = Math.max(intent.openedAt, intent.partOpenedAt);
  if (intent.release.waves[intent.wave]?.kind === "timed") return openSince;
  return looks.find((look) => {
    if (look.wave !== intent.wave || look.at < openSince) return false;
    const { contacted, targeted } = coverageAt(look, intent, looks);
    return targeted > 0 && contacted >= coverage * targeted;
  })?.at;
}

function idleAt(look: Look): number {
  return Math.max(0, look.answered - contactsOf(look.views.all));
}
