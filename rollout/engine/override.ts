import { digestOf, type Digest } from "../model/digest.ts";
import { isoInstant } from "../model/instant.ts";
import type { Look } from "../model/look.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Verdict } from "../model/verdict.ts";

/** Name of the counts a verdict rests on: an override is good for one of them and void for any other. */
export function evidenceDigest({ attempt }: Pick<RolloutIntent, "attempt">, { wave, views }: Look): Digest {
  return digestOf({ attempt, wave, views });
}

/**
 * A wave that holds is promoted all the same when a person decided so on these very counts, and not too long ago. An
 * abort is never overridden. Nothing is reset: with other counts the gate's own verdict stands again.
 */
export function withOverride(verdict: Verdict, intent: RolloutIntent, look: Look): Verdict {
  if (verdict.kind !== "hold" || intent.overrides.length === 0) return verdict;
  const evidence = evidenceDigest(intent, look);
  const name = intent.release.waves[intent.wave]?.name;
  // A clock that went back behind the decision makes it void: it cannot have been taken on this look.
  const found = intent.overrides.findLast(
    (one) => one.wave === name && one.evidence === evidence && one.at <= look.at && look.at < one.until,
  );
  if (found === undefined) return verdict;
  const text = `${found.actor} overrides the gate until ${isoInstant(found.until).slice(0, 16)}Z: ${found.reason}`;
  return {
    kind: "promote",
    guarantee: "overridden",
    reasons: [{ code: "OVERRIDDEN", text }, ...verdict.reasons],
  };
}
