import { isoMinute } from "../model/instant.ts";
import { digestOfOverride } from "../model/override-declaration.ts";
import { isRolledOut, type Override } from "../model/record.ts";
import type { DeclaredOverride } from "../plan/declared.ts";
import { openOverrides, recordedOverride } from "../plan/open-overrides.ts";
import type { OverrideStanding } from "../plan/product-plan.ts";
import { isDeclared } from "./checkout.ts";
import type { Judgement } from "./judge.ts";
import type { StepInput } from "./observation.ts";
import { overridable, recordOverride } from "./overridable.ts";
import type { Step } from "./step.ts";

/**
 * Record an override that a file declares, once, when its wave is open and the gate holds on exactly its counts. The file
 * grants nothing: the record does, as if its actor had typed the command; a file that is removed later takes nothing back.
 */
export function recordDeclaredOverride(input: StepInput, judgements: readonly Judgement[]): Step | undefined {
  const { declared, observation, deciding } = input;
  if (deciding.startsNothing === true) return undefined;
  const { at } = observation;
  const intents = observation.store?.head?.record.intents ?? [];
  for (const { override, file } of openOverrides(declared, { intents, at })) {
    const found = overridable(judgements, override);
    if (found.kind === "no" || !isDeclared(input, found.judgement.intent)) continue;
    const made: Override = {
      wave: override.wave,
      evidence: found.evidence,
      actor: deciding.actor,
      reason: override.reason,
      at,
      until: override.until,
      file: { name: nameOf(file), digest: digestOfOverride(override) },
    };
    return recordOverride(input, found.judgement, made);
  }
  return undefined;
}

/** What becomes of each override file, and why. */
export function overrideStandings(
  { declared, observation }: StepInput,
  judgements: readonly Judgement[],
): readonly OverrideStanding[] {
  return (declared.overrides ?? []).map((one) => ({
    file: one.file,
    ...one.override,
    ...standingOf(one, observation, judgements),
  }));
}

function standingOf(
  declared: DeclaredOverride,
  { at, store }: StepInput["observation"],
  judgements: readonly Judgement[],
): Pick<OverrideStanding, "state" | "text"> {
  const { product, version, until } = declared.override;
  if (store === undefined) return { state: "waiting", text: "waits: the records cannot be read" };
  const intents = store.head?.record.intents ?? [];
  const recorded = recordedOverride(declared, intents);
  if (recorded !== undefined) {
    const over = at < until ? "" : "; it is expired";
    return { state: "recorded", text: `recorded at ${isoMinute(recorded.at)} by ${recorded.actor}${over}` };
  }
  if (at >= until) return { state: "void", text: "void: it is expired" };
  const intent = intents.filter(isRolledOut).findLast((one) => one.version === version);
  if (intent === undefined) return { state: "waiting", text: `waits: ${product} ${version} has not started` };
  if (intent.state !== "running" && intent.state !== "held")
    return { state: "void", text: `void: ${product} ${version} is ${intent.state}` };
  const found = overridable(judgements, declared.override);
  if (found.kind === "no")
    return found.passes
      ? { state: "waiting", text: `waits: ${found.why}` }
      : { state: "void", text: `void: ${found.why}` };
  const [reason] = found.judgement.verdict.reasons;
  return { state: "due", text: `due: apply records it; the gate holds: ${reason?.text ?? ""}` };
}

/** The file's own name: where a checkout lies belongs in no record. */
function nameOf(file: string): string {
  return /[^/\\]+$/.exec(file)?.[0] ?? file;
}
