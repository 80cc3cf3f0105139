import { hasMoreParts } from "../engine/promote.ts";
import { decidedBy } from "../engine/judge.ts";
import { evidenceDigest } from "../model/evidence.ts";
import { nextRecord } from "../engine/next-record.ts";
import { WavegateError } from "../model/problem.ts";
import type { Override } from "../model/record.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Declared } from "../plan/declared.ts";
import { reconcile, type ReconcileOptions, type ReconcilePorts } from "./reconcile.ts";
import { recordDecision } from "./record-decision.ts";

/** An override that is recorded. */
export interface Overridden {
  readonly version: string;
  readonly override: Override;
  /** What the gate had said. */
  readonly verdict: Verdict;
}

/**
 * Let a wave be promoted although its gate holds: for these very counts and a time, never over an abort. A look follows
 * at once, since in a fleet that is alive the counts soon are others.
 */
export async function override(
  declared: Declared,
  ports: ReconcilePorts,
  options: ReconcileOptions & {
    readonly wave: string;
    /** Digest of the counts, or at least its first 12 digits. */
    readonly evidence: string;
    readonly reason: string;
    readonly forMs: number;
  },
): Promise<Overridden> {
  const { product } = declared;
  const result = await recordDecision(declared, ports, options, ({ input, judgements }) => {
    const refuse = (message: string, hint: string): never => {
      throw new WavegateError("NOTHING_TO_OVERRIDE", message, { hint });
    };
    const see = `see what the gate says: wavegate status ${product}`;
    const judgement = judgements.findLast(
      ({ intent }) => intent.state === "running" || intent.state === "held",
    );
    if (judgement === undefined) return refuse(`no wave of ${product} is under judgement`, see);
    const { intent } = judgement;
    const open = intent.release.waves[intent.wave]?.name ?? "";
    if (options.wave !== open) return refuse(`the open wave is "${open}", not "${options.wave}"`, see);
    if (judgement.kind !== "judged")
      return refuse(`wave "${open}" was not judged: ${judgement.reason}`, "run the command again");
    const { verdict } = judgement;
    const evidence = evidenceDigest(judgement.evidence);
    if (verdict.kind === "abort")
      return refuse(`the gate stops ${intent.version}; that is never overridden`, see);
    if (verdict.kind === "promote")
      return refuse(`the gate promotes "${open}" by itself (${verdict.guarantee})`, see);
    if (hasMoreParts(intent)) return refuse(`wave "${open}" has parts that are still to open`, see);
    if (options.evidence.length < 12 || !evidence.startsWith(options.evidence)) {
      throw new WavegateError(
        "EVIDENCE_CHANGED",
        `the counts of "${open}" are ${evidence.slice(0, 12)} now, the override is for ${options.evidence}`,
        { hint: `look again, then name these: --evidence ${evidence.slice(0, 12)}` },
      );
    }
    const { at } = input.observation;
    const { actor, reason } = options;
    const made: Override = { wave: open, evidence, actor, reason, at, until: at + options.forMs };
    const changed = [{ ...intent, overrides: [...intent.overrides, made] }];
    const step = nextRecord(input, {
      kind: "override",
      subject: intent.attempt,
      changed,
      reason,
      decidedBy: decidedBy(judgement),
    });
    return Promise.resolve({ step, result: { version: intent.version, override: made, verdict } });
  });
  await reconcile(declared, ports, options);
  return result;
}
