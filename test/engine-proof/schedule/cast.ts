import type { Judged } from "../../../rollout/engine/judge.ts";
import { evidenceDigest } from "../../../rollout/model/evidence.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { approve } from "../../../rollout/reconcile/approve.ts";
import { override } from "../../../rollout/reconcile/override.ts";
import { reconcile, type ReconcilePorts } from "../../../rollout/reconcile/reconcile.ts";
import { retry } from "../../../rollout/reconcile/retry.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent, ring, type ReleaseDeclaration } from "../../../rollout/wavegate.ts";
import { aRelease, declared } from "../../support/declarations.ts";

/** Who acts: two controllers, and a person. */
export type Who = "cron" | "ci" | "operator";

const gate: ReleaseDeclaration["gate"] = {
  tolerate: "2%",
  reject: "10%",
  falseStop: "5%",
  missedBad: "5%",
  deadline: "3 hours",
  bake: "3.5 hours",
  harmCap: 3,
  coverage: "80%",
};
const FIRST = aRelease("1.1.0", {
  waves: [
    { name: "canary", cohort: ring("canary"), kind: "smoke" },
    { name: "half", cohort: percent(50), kind: "smoke" },
    { name: "everyone", cohort: percent(100), kind: "smoke" },
  ],
  gate,
});
const SECOND = aRelease("1.2.0", {
  waves: [
    { name: "canary", cohort: ring("canary"), kind: "smoke" },
    {
      name: "everyone",
      cohort: percent(100),
      kind: "smoke",
      approvals: 1,
      pace: { parts: 2, every: "1 hour" },
    },
  ],
  gate,
});

/** What a checkout declares, by how many releases were merged when it was made. */
export const CHECKOUTS: readonly Declared[] = [declared(), declared(FIRST), declared(FIRST, SECOND)];

export const REF = "wg--thermostat";
export const BASELINE = "fw--thermostat--1-0-0--1";
export const RELEASE = "fw--thermostat--1-1-0--1";
export const NEXT_RELEASE = "fw--thermostat--1-2-0--1";

const QUERY_LAG_MS = 30 * 60_000;

/** One run of a controller whose checkout has so many releases. */
export function controllerRun(
  who: Who,
  releases: number,
): (ports: ReconcilePorts) => ReturnType<typeof reconcile> {
  return (ports) => reconcile(checkout(releases), ports, { actor: who, queryLagMs: QUERY_LAG_MS });
}

/** What a person types. */
export const ACTS = ["hold", "halt", "abort", "resume", "approve", "retry", "override"] as const;
export type Act = (typeof ACTS)[number];

/** One command of a person whose checkout has so many releases. */
export function operatorRun(what: Act, releases: number): (ports: ReconcilePorts) => Promise<unknown> {
  const declared = checkout(releases);
  const options = { actor: "operator", queryLagMs: QUERY_LAG_MS, reason: "looked at it" };
  switch (what) {
    case "hold":
    case "halt":
    case "abort":
      return (ports) =>
        stopRelease({ kind: what, product: "thermostat", actor: "operator", reason: "looks odd" }, ports);
    case "resume":
      return (ports) => resume(declared, ports, options);
    case "approve":
      return (ports) => approve(declared, ports, options);
    case "retry":
      return (ports) => retry(declared, ports, { ...options, failed: false });
    case "override":
      return (ports) => overrideSeen(declared, ports, options);
  }
}

/** One run of a controller in whose checkout a file overrides the gate, on the counts as they are. */
export function overrideFileRun(who: Who, releases: number): (ports: ReconcilePorts) => Promise<unknown> {
  const declared = checkout(releases);
  const options = { actor: who, queryLagMs: QUERY_LAG_MS };
  return async (ports) => {
    const seen = await lookAt(declared, ports, options);
    if (seen === undefined) return undefined;
    const { version, wave, evidence } = seen;
    const until = ports.clock.now() + 3_600_000;
    const override = { product: "thermostat", version, wave, evidence, reason: "looked at it", until };
    return reconcile({ ...declared, overrides: [{ override, file: "overrides/seen.ts" }] }, ports, options);
  };
}

/** Looks, as a person does first, and overrides the gate on the counts that the look showed. */
async function overrideSeen(
  declared: Declared,
  ports: ReconcilePorts,
  options: { readonly actor: string; readonly queryLagMs: number; readonly reason: string },
): Promise<unknown> {
  const seen = await lookAt(declared, ports, options);
  if (seen === undefined) return undefined;
  const { wave, evidence } = seen;
  return override(declared, ports, { ...options, wave, evidence, forMs: 3_600_000 });
}

/** The open wave, and its counts, as one look shows them. */
async function lookAt(
  declared: Declared,
  ports: ReconcilePorts,
  options: { readonly actor: string; readonly queryLagMs: number },
): Promise<{ readonly version: string; readonly wave: string; readonly evidence: string } | undefined> {
  const judged: Judged[] = [];
  await reconcile(declared, ports, {
    ...options,
    onEvent: (event) => {
      if (event.kind === "judged" && event.judgement.kind === "judged") judged.push(event.judgement);
    },
  });
  const last = judged.at(-1);
  if (last === undefined) return undefined;
  const wave = last.intent.release.waves[last.intent.wave]?.name ?? "";
  return { version: last.intent.version, wave, evidence: evidenceDigest(last.evidence) };
}

function checkout(releases: number): Declared {
  const found = CHECKOUTS[releases];
  if (found === undefined) throw new Error(`no checkout has ${releases} releases`);
  return found;
}
