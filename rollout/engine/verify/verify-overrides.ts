import { canonicalJson } from "../../model/digest.ts";
import { evidenceDigest } from "../../model/evidence.ts";
import { instantMs, isoInstant } from "../../model/instant.ts";
import { isRolledOut, type Override, type RolloutIntent, type RolloutRecord } from "../../model/record.ts";
import { hasMoreParts } from "../promote.ts";
import { reasonOf } from "../overridable.ts";
import type { Refuse } from "./step-under-test.ts";

/**
 * Check who overrode a gate: an override comes by a record of its own, one at a time, of the wave that was open, on the
 * evidence that the record holds; and no record takes one away or changes it.
 */
export function verifyOverrides(record: RolloutRecord, parent: RolloutRecord, refuse: Refuse): void {
  const isOverride = record.kind === "override";
  let given = 0;
  for (const after of record.intents.filter(isRolledOut)) {
    const before = parent.intents.find(({ attempt }) => attempt === after.attempt);
    const known = before === undefined || !isRolledOut(before) ? [] : before.overrides;
    const kept = after.overrides.slice(0, known.length);
    if (canonicalJson(kept) !== canonicalJson(known))
      refuse("CHAIN_INVALID", `it changes the overrides that ${after.attempt} had`);
    const added = after.overrides.slice(known.length);
    if (added.length > 0 && (!isOverride || record.subject !== after.attempt || before === undefined))
      refuse("CHAIN_INVALID", `it overrides a gate of ${after.attempt}, and is no record of that`);
    else if (isOverride)
      for (const one of added) verifyOverride({ made: one, intent: after, record, refuse });
    given += added.length;
  }
  if (isOverride && given !== 1)
    refuse("CHAIN_INVALID", `a record of an override holds ${given} of them, and not one`);
}

function verifyOverride({
  made,
  intent,
  record: { at, actor, reason, judged, verdict },
  refuse,
}: {
  readonly made: Override;
  readonly intent: RolloutIntent;
  readonly record: RolloutRecord;
  readonly refuse: Refuse;
}): void {
  const no = (why: string): void => {
    refuse("VERDICT_DIFFERS", `the override of ${intent.attempt} ${why}`);
  };
  if (made.wave !== intent.release.waves[intent.wave]?.name)
    no(`is of wave "${made.wave}", which was not open`);
  if (intent.state !== "running" && intent.state !== "held") no(`came when it was ${intent.state}`);
  if (hasMoreParts(intent)) no("came before all parts of the wave were open");
  if (judged === undefined || verdict === undefined) no("holds no evidence to judge by");
  else if (verdict.kind !== "hold") no(`stands over a gate that said ${verdict.kind}`);
  else if (made.evidence !== evidenceDigest(judged)) no("is of other counts than its record holds");
  if (isoInstant(made.at) !== at || instantMs(at) >= made.until) no("is of another time than its record");
  if (made.actor !== actor || reasonOf(made) !== reason) no("has another actor or reason than its record");
}
