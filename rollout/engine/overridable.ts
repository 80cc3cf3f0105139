import type { Digest } from "../model/digest.ts";
import { evidenceDigest, shortEvidence, SHORTEST_EVIDENCE } from "../model/evidence.ts";
import type { Override } from "../model/record.ts";
import { decidedBy, type Judged, type Judgement } from "./judge.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import { hasMoreParts } from "./promote.ts";
import type { Step } from "./step.ts";

/** Whether a person may override a gate now. */
export type Overridable =
  | { readonly kind: "yes"; readonly judgement: Judged; readonly evidence: Digest }
  | {
      readonly kind: "no";
      readonly code: "NOTHING_TO_OVERRIDE" | "EVIDENCE_CHANGED";
      readonly why: string;
      /** True when it may pass by itself. */
      readonly passes: boolean;
      /** Digest of the counts as they are, where the override names others. */
      readonly evidence?: Digest;
    };

/** Whether the gate of the open wave may be overridden for these counts: it has to hold, on exactly them. */
export function overridable(
  judgements: readonly Judgement[],
  wanted: {
    readonly product: string;
    /** Default: whichever is under way. */
    readonly version?: string;
    readonly wave: string;
    /** Digest of the counts, or at least its first 12 digits. */
    readonly evidence: string;
  },
): Overridable {
  const no = (why: string, passes = false): Overridable => ({
    kind: "no",
    code: "NOTHING_TO_OVERRIDE",
    why,
    passes,
  });
  const judgement = judgements.findLast(
    ({ intent }) => intent.state === "running" || intent.state === "held",
  );
  if (judgement === undefined) return no(`no wave of ${wanted.product} is under judgement`);
  const { intent } = judgement;
  if (wanted.version !== undefined && wanted.version !== intent.version)
    return no(`${intent.version} is under way, not ${wanted.version}`);
  const { waves } = intent.release;
  const open = waves[intent.wave]?.name ?? "";
  if (wanted.wave !== open) {
    const isToCome = waves.findIndex(({ name }) => name === wanted.wave) > intent.wave;
    return no(`the open wave is "${open}", not "${wanted.wave}"`, isToCome);
  }
  if (judgement.kind !== "judged") return no(`wave "${open}" was not judged: ${judgement.reason}`, true);
  const { verdict } = judgement;
  if (verdict.kind === "abort") return no(`the gate stops ${intent.version}; that is never overridden`);
  if (verdict.guarantee === "overridden") return no(`the gate of "${open}" is overridden already`, true);
  if (verdict.kind === "promote") return no(`the gate promotes "${open}" by itself (${verdict.guarantee})`);
  if (hasMoreParts(intent)) return no(`wave "${open}" has parts that are still to open`, true);
  const evidence = evidenceDigest(judgement.evidence);
  if (wanted.evidence.length >= SHORTEST_EVIDENCE && evidence.startsWith(wanted.evidence))
    return { kind: "yes", judgement, evidence };
  const why = `the counts of "${open}" are ${shortEvidence(evidence)} now, the override is for ${shortEvidence(wanted.evidence)}`;
  return { kind: "no", code: "EVIDENCE_CHANGED", why, passes: false, evidence };
}

/** The step that records an override of the judged wave: it promotes nothing yet. */
export function recordOverride(input: StepInput, judged: Judged, made: Override): Step {
  const { intent } = judged;
  return nextRecord(input, {
    kind: "override",
    subject: intent.attempt,
    changed: [{ ...intent, overrides: [...intent.overrides, made] }],
    reason: reasonOf(made),
    decidedBy: decidedBy(judged),
  });
}

/** What a record of an override gives as its reason: with the file, where one declared it. */
export function reasonOf({ reason, file }: Override): string {
  return file === undefined ? reason : `${reason} (${file.name})`;
}
