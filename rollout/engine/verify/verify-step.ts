import { instantMs } from "../../model/instant.ts";
import type { Problem } from "../../model/problem.ts";
import type { RolloutRecord } from "../../model/record.ts";
import { stopWithId } from "../../model/stop.ts";
import type { Refuse, StepUnderTest } from "./step-under-test.ts";
import { verifyIntents } from "./verify-intents.ts";
import { verifyOverrides } from "./verify-overrides.ts";
import { verifyVerdict } from "./verify-verdict.ts";

const HINTS: Partial<Record<Problem["code"], string>> = {
  CHAIN_INVALID: "somebody wrote it who is not wavegate, or it is a fault of ours: wavegate history shows it",
  VERDICT_DIFFERS: "the record was forged, or another version judged it: compare wavegate history --json",
};

/** Check one record against its parent: it must be a step that wavegate may take, for the reasons it gives. */
export function verifyStep(step: StepUnderTest): {
  readonly rejudged: boolean;
  readonly problems: readonly Problem[];
} {
  const { digest, record, parent } = step;
  const problems: Problem[] = [];
  const refuse: Refuse = (code, summary, severity = "error") => {
    const path = `record ${digest.slice(0, 12)} (${record.kind} ${record.subject ?? record.product})`;
    problems.push({ severity, code, path, summary, hint: HINTS[code] ?? "see wavegate history" });
  };
  verifyFrame(step, refuse);
  verifyStops(record, refuse);
  if (parent !== undefined) {
    verifyIntents(record, parent, refuse);
    verifyOverrides(record, parent, refuse);
  }
  const rejudged = verifyVerdict(step, refuse);
  return { rejudged, problems };
}

function verifyFrame({ record, parent }: StepUnderTest, refuse: Refuse): void {
  const { kind, intents, stops, at } = record;
  if (!Number.isFinite(instantMs(at))) refuse("CHAIN_INVALID", `"${at}" is no instant`);
  if ((record.parent === null) !== (kind === "create"))
    refuse("CHAIN_INVALID", "the first record creates, and no other does");
  if (kind === "create" && (intents.length > 0 || stops.length > 0))
    refuse("CHAIN_INVALID", "the first record wants nothing yet");
  if (record.parent !== null && parent === undefined)
    refuse("RECORD_BROKEN", "the record it stands on is missing: what it changes cannot be checked");
  if (parent !== undefined && instantMs(at) < instantMs(parent.at)) {
    refuse("CHAIN_INVALID", `it is of ${at}, its parent of ${parent.at}: a clock went back`, "warning");
  }
}

/** A stop that is taken into the chain must stop, and its name must be that of its facts. */
function verifyStops({ intents, stops }: RolloutRecord, refuse: Refuse): void {
  for (const stop of stops) {
    const { attempt, kind } = stop;
    if (stopWithId(stop).id !== stop.id)
      refuse(
        "CHAIN_INVALID",
        `the ${kind} of ${attempt} was written by hand: its id is not its facts'`,
        "warning",
      );
    const state = intents.find((intent) => intent.attempt === attempt)?.state;
    if (state === "running" || state === "watching")
      refuse("CHAIN_INVALID", `the ${kind} of ${attempt} is taken in, and it goes on (${state})`);
    const isOver = state === "rolling back" || state === "rolled back" || state === "halted";
    if (kind === "abort" && state !== undefined && state !== "adopted" && !isOver)
      refuse("CHAIN_INVALID", `the abort of ${attempt} is taken in, and it is ${state}`);
  }
}
