import type { Guarantee, Reason, StopVerdict, Verdict, View } from "../model/verdict.ts";
import {
  abortEvidence,
  evidenceReason,
  failuresReason,
  isEnough,
  type AbortEvidence,
} from "./abort-evidence.ts";
import { evidenceOf } from "./evidence-of.ts";
import { formatEvidence, formatThreshold } from "./format-evidence.ts";
import type { WatchedInput, WaveInput } from "./gate-input.ts";
import { harmCapReason } from "./harm-cap.ts";
import { metricHolds, metricStops } from "./judge-metrics.ts";
import { unprovenMetrics } from "./metric-proof.ts";
import { judgeProof } from "./proof.ts";
import { judgeSmoke } from "./smoke.ts";
import { stayedAwayReason } from "./stayed-away.ts";
import { judgeTimed } from "./timed.ts";
import { patienceReason, waitingReason } from "./waiting.ts";

/**
 * Judge an open wave. In this order: abort on evidence or the harm cap, whatever else is missing; hold while devices stay
 * away, or contact, coverage or bake is short; promote a smoke wave that passed, or an evidence wave that every stratum has
 * proven. A timed wave waits for its bake alone, and for devices that stay away. What is not counted can only hold.
 * Deterministic: the same input gives the same verdict.
 */
export function assessWave(input: WaveInput): Verdict {
  const stop = abortVerdict(input, input.wave.kind === "evidence" ? ["cumulative", "wave"] : ["cumulative"]);
  if (stop !== undefined) return stop;
  const guarantee = GUARANTEES[input.wave.kind];
  const waiting = stayedAwayReason(input) ?? waitingReason(input);
  const unread = metricHolds(input);
  const { promotes, reasons } = JUDGES[input.wave.kind](input);
  if (waiting !== undefined) {
    // While it waits, an evidence wave shows how far its proof has come; what a smoke wave would say is no news yet.
    const soFar = input.wave.kind === "evidence" && waiting.code !== "NO_CONTACT" ? reasons : [];
    return hold(input, guarantee, [...unread, waiting, ...soFar]);
  }
  const unproven = input.wave.kind === "evidence" ? unprovenMetrics(input) : [];
  if (unread.length + unproven.length > 0)
    return hold(input, guarantee, [...unread, ...unproven, ...reasons]);
  return promotes ? { kind: "promote", guarantee, reasons } : hold(input, guarantee, reasons);
}

const GUARANTEES = { smoke: "smoke", evidence: "statistical", timed: "time-only" } as const;
const JUDGES = { smoke: judgeSmoke, evidence: judgeProof, timed: judgeTimed } as const;

/** Judge a completed release that is still watched: abort on everyone it has reached, or hold because nothing speaks against it. */
export function assessWatched(input: WatchedInput): StopVerdict {
  const stop = abortVerdict(input, ["cumulative"]);
  if (stop !== undefined) return stop;
  const worst = abortEvidence(input, ["cumulative"])[0];
  return { kind: "hold", guarantee: "statistical", reasons: [nothingAgainst(worst, input)] };
}

/** Judge what could be counted while something did not answer (see `partialCounts`): it may stop a release, nothing else. */
export function assessPartial(
  input: WatchedInput & { readonly kind: "evidence" | "other"; readonly missing: readonly string[] },
): StopVerdict {
  const stop = abortVerdict(input, input.kind === "evidence" ? ["cumulative", "wave"] : ["cumulative"]);
  if (stop !== undefined) return stop;
  const text = `no answer of ${input.missing.join(", ")}: what is known may stop the release, never let it on`;
  const worst = abortEvidence(input, ["cumulative"])[0];
  const reasons: readonly Reason[] = [{ code: "INCOMPLETE", text }, nothingAgainst(worst, input)];
  return { kind: "hold", guarantee: "statistical", reasons };
}

function abortVerdict(input: WatchedInput, views: readonly View[]): StopVerdict | undefined {
  const failures = abortEvidence(input, views).filter(isEnough);
  const cap = harmCapReason(input);
  const metrics = metricStops(input);
  const reasons = failures.map((found) => failuresReason(found, input));
  reasons.push(...metrics);
  if (cap !== undefined) reasons.push(cap);
  if (reasons.length === 0) return undefined;
  // A cap, like a limit, is a number somebody chose: a good release may reach it too, so it claims no error rate.
  const isProven = failures.length > 0 || metrics.some(({ evidence }) => evidence !== undefined);
  return { kind: "abort", guarantee: isProven ? "statistical" : "smoke", reasons };
}

/** A wave that bakes is not undecided: it runs as declared, however long that is. */
function hold(input: WaveInput, guarantee: Guarantee, reasons: readonly Reason[]): Verdict {
  const isBaking = reasons.some(({ code }) => code === "BAKING");
  const patience = isBaking ? undefined : patienceReason(input);
  return { kind: "hold", guarantee, reasons: patience === undefined ? reasons : [patience, ...reasons] };
}

function nothingAgainst(
  worst: AbortEvidence | undefined,
  input: Pick<WatchedInput, "gate" | "rates">,
): Reason {
  if (worst === undefined)
    return { code: "SHORT_OF_EVIDENCE", text: "nothing against it: no contact was counted" };
  const { stratum, k, n, logE, threshold } = worst;
  const most = `at most ${formatEvidence(evidenceOf(logE))} (${k} of ${n} failed or silent in ${stratum})`;
  const text = `nothing against it: evidence is ${most}, abort at ${formatThreshold(threshold)}`;
  return evidenceReason(worst, input, { code: "SHORT_OF_EVIDENCE", text });
}
