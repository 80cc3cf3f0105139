import { evidenceDigest, type Evidence } from "../model/evidence.ts";
import { isoMinute } from "../model/instant.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Verdict } from "../model/verdict.ts";

/**
 * A wave that holds is promoted all the same when a person decided so on these very counts, and not too long ago. An
 * abort is never overridden. Nothing is reset: with other counts the gate's own verdict stands again.
 */
export function withOverride(verdict: Verdict, intent: RolloutIntent, judged: Evidence): Verdict {
  if (verdict.kind !== "hold" || intent.overrides.length === 0 || judged.judgedAs === "watched")
    return verdict;
  const evidence = evidenceDigest(judged);
  const { at } = judged;
  const name = intent.release.waves[intent.wave]?.name;
  // A clock that went back behind the decision makes it void: it cannot have been taken on this look.
  const found = intent.overrides.findLast(
    (one) => one.wave === name && one.evidence === evidence && one.at <= at && at < one.until,
  );
  if (found === undefined) return verdict;
  const text = `${found.actor} overrides the gate until ${isoMinute(found.until)}: ${found.reason}`;
  return {
    kind: "promote",
    guarantee: "overridden",
    reasons: [{ code: "OVERRIDDEN", text }, ...verdict.reasons],
  };
}
