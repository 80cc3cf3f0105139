import { overridable, recordOverride, type Overridable } from "../engine/overridable.ts";
import { shortEvidence } from "../model/evidence.ts";
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
    const found = overridable(judgements, { product, ...options });
    if (found.kind === "no") throw notOverridable(found, product);
    const { judgement, evidence } = found;
    const { at } = input.observation;
    const { actor, reason, wave } = options;
    const made: Override = { wave, evidence, actor, reason, at, until: at + options.forMs };
    const step = recordOverride(input, judgement, made);
    const { intent, verdict } = judgement;
    return Promise.resolve({ step, result: { version: intent.version, override: made, verdict } });
  });
  await reconcile(declared, ports, options);
  return result;
}

/** Why an override is refused, with what to do. */
export function notOverridable(
  { code, why, evidence }: Extract<Overridable, { kind: "no" }>,
  product: string,
): WavegateError {
  const hint =
    evidence === undefined
      ? `see what the gate says: wavegate status ${product}`
      : `look again, then name these: --evidence ${shortEvidence(evidence)}`;
  return new WavegateError(code, why, { hint });
}
