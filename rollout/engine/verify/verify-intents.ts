import { ownValue } from "../../model/own-value.ts";
import { canonicalJson } from "../../model/digest.ts";
import {
  isRolledOut,
  type Intent,
  type RecordKind,
  type RolloutIntent,
  type RolloutRecord,
  type RolloutState,
} from "../../model/record.ts";
import { isUnstarted } from "../unstarted.ts";
import { digestOfRelease } from "../../model/release.ts";
import type { Refuse } from "./step-under-test.ts";

/** Records that take stops in, of one release or of several. */
const STOPS: readonly RecordKind[] = ["hold", "halt", "abort"];

/** States that a release may go to, and by which records; stops come in records of both kinds. */
const MOVES: Readonly<Record<RolloutState, Partial<Record<RolloutState, readonly RecordKind[]>>>> = {
  running: {
    held: STOPS,
    watching: ["complete"],
    superseded: ["start"],
    "rolling back": [...STOPS, "start"],
    halted: STOPS,
  },
  held: {
    running: ["resume"],
    watching: ["resume"],
    superseded: ["start", "retry"],
    "rolling back": [...STOPS, "start"],
    halted: STOPS,
  },
  watching: {
    held: STOPS,
    settled: ["settle"],
    "rolling back": STOPS,
    halted: STOPS,
  },
  settled: { "rolling back": STOPS, halted: STOPS },
  superseded: { "rolling back": STOPS, halted: STOPS },
  "rolling back": { "rolled back": ["rolled back"] },
  "rolled back": {},
  halted: { "rolling back": STOPS },
};

/** What no record may change of a release that is in the chain. */
const FROZEN = [
  "version",
  "digest",
  "priority",
  "release",
  "strata",
  "proving",
  "population",
  "author",
] as const;

/** Records that open more of their subject. */
const WIDENING: readonly RecordKind[] = ["promote", "widen"];

/** Check what became of every release: exposure grows by promote, widen and start alone, and an abort is for ever. */
export function verifyIntents(record: RolloutRecord, parent: RolloutRecord, refuse: Refuse): void {
  const { kind, subject, intents } = record;
  for (const before of parent.intents) {
    const after = intents.find(({ attempt }) => attempt === before.attempt);
    if (after !== undefined) verifyChange({ before, after, record, refuse });
    else if (kind !== "resume" || subject !== before.attempt || !isUnstarted(before))
      refuse("CHAIN_INVALID", `${before.attempt} is not in it any more`);
  }
  for (const intent of intents) {
    if (parent.intents.some(({ attempt }) => attempt === intent.attempt)) continue;
    if (!mayAppear(intent, record))
      refuse("CHAIN_INVALID", `${intent.attempt} appears in it, ${intent.state}`);
    if (isRolledOut(intent) && digestOfRelease(intent.release) !== intent.digest)
      refuse("CHAIN_INVALID", `the release of ${intent.attempt} is not the one its digest names`);
  }
}

/** A release appears by its start, by its adoption, or by a stop that came before it could start. */
function mayAppear(intent: Intent, { kind, subject, stops }: RolloutRecord): boolean {
  if (!isRolledOut(intent))
    return intent.state === "adopted" && kind === "adopt" && subject === intent.attempt;
  if (intent.state === "running") return kind === "start" && subject === intent.attempt && intent.wave === 0;
  return intent.condition === "" && stops.some(({ attempt }) => attempt === intent.attempt);
}

/** States from which a release may retire. */
const RETIRABLE: readonly Intent["state"][] = [
  "settled",
  "superseded",
  "halted",
  "rolled back",
  "adopted",
  "retired",
];

function verifyChange(change: {
  readonly before: Intent;
  readonly after: Intent;
  readonly record: RolloutRecord;
  readonly refuse: Refuse;
}): void {
  const { before, after, record, refuse } = change;
  const { attempt } = before;
  if (after.state === "retired" || !isRolledOut(before) || !isRolledOut(after)) {
    const retires = after.state === "retired" && RETIRABLE.includes(before.state);
    const isRight = retires && record.kind === "retire" && record.subject === attempt;
    if (before.state !== after.state && !isRight)
      refuse("CHAIN_INVALID", `${attempt} went from ${before.state} to ${after.state}`);
    return;
  }
  const changed = FROZEN.filter((field) => valueOf(before, field) !== valueOf(after, field));
  if (changed.length > 0) refuse("CHAIN_INVALID", `it changes the ${changed.join(", ")} of ${attempt}`);
  const recreated = Object.entries(before.created).some(([hub, time]) => after.created[hub] !== time);
  if (recreated) refuse("CHAIN_INVALID", `it takes another configuration for that of ${attempt}`);
  if (before.state !== after.state && MOVES[before.state][after.state]?.includes(record.kind) !== true)
    refuse("CHAIN_INVALID", `${attempt} went from ${before.state} to ${after.state} by ${record.kind}`);
  verifyExposure({ before, after, record, refuse });
}

/** A field's value to compare; one that an older record lacks is null. */
function valueOf(intent: RolloutIntent, field: (typeof FROZEN)[number]): string {
  return canonicalJson(intent[field] ?? null);
}

function verifyExposure({
  before,
  after,
  record: { kind, subject },
  refuse,
}: {
  readonly before: RolloutIntent;
  readonly after: RolloutIntent;
  readonly record: RolloutRecord;
  readonly refuse: Refuse;
}): void {
  const { attempt } = before;
  const widens = subject === attempt && WIDENING.includes(kind);
  const ended = after.state === "rolling back" || after.state === "rolled back";
  if (after.wave !== before.wave + (subject === attempt && kind === "promote" ? 1 : 0))
    refuse("CHAIN_INVALID", `${attempt} went from wave ${before.wave} to ${after.wave} by ${kind}`);
  if (widens && (before.state !== "running" || after.state !== "running"))
    refuse("CHAIN_INVALID", `${attempt} was widened while it was ${before.state}`);
  if (ended ? after.condition !== "" : !widens && after.condition !== before.condition)
    refuse("CHAIN_INVALID", `it changes the condition of ${attempt}, and is no step that may`);
  if (widens && after.condition === "") refuse("CHAIN_INVALID", `it opens ${attempt} to nobody`);
  if (subject === attempt && kind === "widen" && after.part !== before.part + 1)
    refuse("CHAIN_INVALID", `${attempt} went from part ${before.part} to ${after.part}`);
  if (!widens && (after.openedAt !== before.openedAt || after.part !== before.part))
    refuse("CHAIN_INVALID", `it opens a wave of ${attempt} anew`);
  for (const [wave, widths] of Object.entries(before.windows)) {
    for (const [stratum, width] of Object.entries(widths)) {
      if ((ownValue(after.windows[wave] ?? {}, stratum) ?? 0) < width)
        refuse("CHAIN_INVALID", `a window of ${attempt} shrinks: devices that have it would fall back`);
    }
  }
}
