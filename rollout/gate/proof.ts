import type { Gate } from "../model/gate.ts";
import { formatPercentage } from "../model/percentage.ts";
import { OTHER, type StratumCounts } from "../model/stratum-counts.ts";
import type { Reason } from "../model/verdict.ts";
import { evidenceOf } from "./evidence-of.ts";
import { foldStrata } from "./fold-strata.ts";
import { formatEvidence, formatThreshold, withThousands } from "./format-evidence.ts";
import type { WaveInput } from "./gate-input.ts";
import { logEPromote } from "./log-e-promote.ts";
import { priorOf } from "./prior.ts";
import { rateOf } from "./rate-of.ts";
import { sizeToProve } from "./size-to-prove.ts";
import { NOBODY } from "./sum-counts.ts";

/**
 * What a baked evidence wave comes to: every stratum that can prove the gate has to, on the contacts of this wave. A
 * stratum without contacts has proven nothing, and without a stratum that can prove nothing is ever promoted.
 */
export function judgeProof(input: WaveInput): {
  readonly promotes: boolean;
  readonly reasons: readonly Reason[];
} {
  const { counts, strata, proving } = input;
  const { byStratum, unlisted } = foldStrata(counts.wave, strata);
  const judged = proving
    .toSorted()
    .map((stratum) => proofOf({ stratum, counts: byStratum.get(stratum), input }))
    .sort((one, other) => one.logE - other.logE);
  const isProven = judged.length > 0 && judged.every(({ proven }) => proven);
  const shown = isProven ? judged : judged.filter(({ proven }) => !proven);
  const nobody = judged.length === 0 ? [nobodyCanProve(input)] : [];
  return {
    promotes: isProven,
    reasons: [...nobody, ...shown.map(({ reason }) => reason), ...cannotProve(input, unlisted)],
  };
}

/**
 * Devices of a stratum in this wave as its promotion counts them, and how far they speak for the release: ln of the
 * e-value; absent counts prove nothing.
 */
export function promoteEvidence(
  gate: Pick<Gate, "reject">,
  counts: Pick<StratumCounts, "ok" | "most" | "strays"> | undefined,
): { readonly k: number; readonly n: number; readonly logE: number } {
  const { ok, most, strays } = counts ?? NOBODY;
  // Whoever is not ok now is bad for promotion: failed, unresolved or gone.
  const n = most + strays;
  const k = n - ok;
  return { k, n, logE: logEPromote({ k, n, p1: gate.reject, ...priorOf(gate) }) };
}

function proofOf({
  stratum,
  counts,
  input,
}: {
  readonly stratum: string;
  readonly counts: StratumCounts | undefined;
  readonly input: WaveInput;
}): { readonly proven: boolean; readonly logE: number; readonly reason: Reason } {
  const { gate, thresholds } = input;
  const { k, n, logE } = promoteEvidence(gate, counts);
  const unresolved = counts?.unresolved ?? 0;
  const proven = n > 0 && logE >= Math.log(thresholds.promote);
  const numbers = {
    stratum,
    view: "wave",
    k,
    n,
    evidence: evidenceOf(logE),
    threshold: thresholds.promote,
    ...(counts === undefined ? {} : rateOf([counts], input, stratum)),
  } as const;
  const below = `fewer than ${formatPercentage(gate.reject)} fail`;
  const evidence = `evidence ${formatEvidence(numbers.evidence)} that ${below}, promote at ${formatThreshold(thresholds.promote)}`;
  const found = `${k} of ${n} not ok in ${stratum}${unresolved > 0 ? ` (${unresolved} without an outcome)` : ""}: ${evidence}`;
  if (proven) return { proven, logE, reason: { code: "PROVEN", ...numbers, text: found } };
  const more = withThousands(Math.max(1, sizeToProve({ ...gate, bad: k }) - n));
  const text = `${found}; needs about ${more} more clean ${more === "1" ? "device" : "devices"}`;
  return { proven, logE, reason: { code: "SHORT_OF_EVIDENCE", ...numbers, text } };
}

function nobodyCanProve({ gate }: WaveInput): Reason {
  const needed = withThousands(sizeToProve(gate));
  const text = `no stratum holds the ${needed} devices that proof takes: release again with this wave as "smoke", or with a higher \`reject\``;
  return { code: "CANNOT_PROVE", text };
}

function cannotProve({ gate, strata, proving }: WaveInput, unlisted: readonly string[]): readonly Reason[] {
  const small = strata.filter((stratum) => !proving.includes(stratum)).sort();
  const needed = small.length > 0 ? withThousands(sizeToProve(gate)) : "";
  const reasons = small.map((stratum): Reason => {
    const text = `${stratum} holds fewer than the ${needed} devices that proof takes: judged for abort, bake and coverage only`;
    return { code: "CANNOT_PROVE", stratum, text };
  });
  if (unlisted.length === 0 || strata.includes(OTHER)) return reasons;
  const late = `devices of ${unlisted.join(", ")} came after the start`;
  return [
    ...reasons,
    { code: "CANNOT_PROVE", stratum: OTHER, text: `${late}: they count for the harm cap only` },
  ];
}
