import type { AttemptId } from "../model/attempt.ts";
import { isoInstant } from "../model/instant.ts";
import type { Outcome } from "../model/twin-contract.ts";
import { reportedField, TAG } from "../model/twin-contract.ts";
import { productCondition } from "./target-condition.ts";

/** Outcomes that a rate is made of; `ok-already` and `newer` had nothing to do. */
export const TALLIED = ["ok", "failed", "contacted"] as const satisfies readonly Outcome[];

/** Count the devices under a condition by stratum: rows `{ stratum?, devices }`; no stratum tag, no `stratum` key. */
export function countByStratum(condition: string): string {
  return `SELECT ${TAG.stratum} AS stratum, COUNT() AS devices FROM devices WHERE ${condition} GROUP BY ${TAG.stratum}`;
}

/** Name the devices under a condition. */
export function deviceIds(condition: string): string {
  return `SELECT deviceId FROM devices WHERE ${condition}`;
}

/**
 * Devices that answered one attempt with one outcome; with `since`, those of them that made contact at or after that
 * instant (epoch ms; devices report whole seconds).
 */
export function outcomeCondition(input: {
  readonly product: string;
  readonly attempt: AttemptId;
  readonly outcome: Outcome;
  readonly since?: number;
}): string {
  const terms = [
    `${TAG.product} = '${input.product}'`,
    `${reportedField("rolloutId")} = '${input.attempt}'`,
    `${reportedField("outcome")} = '${input.outcome}'`,
  ];
  if (input.since !== undefined)
    terms.push(`${reportedField("contactedAt")} >= ${Math.floor(input.since / 1_000)}`);
  return terms.join(" AND ");
}

/** Devices under a condition that were seen at or after an instant (epoch ms). */
export function activeCondition(condition: string, since: number): string {
  return `(${condition}) AND lastActivityTime >= '${isoInstant(since)}'`;
}

/**
 * Devices that still run, install or answer an attempt that is being taken back; without a version only those that
 * answer it, where another attempt of the same version keeps its devices.
 */
export function exposedCondition(input: {
  readonly product: string;
  readonly attempt: AttemptId;
  readonly version?: string;
}): string {
  const { product, attempt, version } = input;
  if (version === undefined)
    return `${TAG.product} = '${product}' AND ${reportedField("rolloutId")} = '${attempt}'`;
  return `${TAG.product} = '${product}' AND (${reportedField("rolloutId")} = '${attempt}' OR ${reportedField("currentFwVersion")} = '${version}' OR ${reportedField("pendingFwVersion")} = '${version}')`;
}

/** Devices of a product that state a version. */
export function runningCondition(product: string, version: string): string {
  return `${productCondition(product)} AND ${reportedField("currentFwVersion")} = '${version}'`;
}

/** The metrics every release's configuration carries, so that the portal tells the same story (at most five). */
export function releaseMetrics(product: string, attempt: AttemptId): Record<string, string> {
  const outcome = (name: Outcome): string => deviceIds(outcomeCondition({ product, attempt, outcome: name }));
  const answering = `${TAG.product} = '${product}' AND ${reportedField("rolloutId")} = '${attempt}'`;
  return {
    contacted: deviceIds(answering),
    succeeded: outcome("ok"),
    failed: outcome("failed"),
    inprogress: outcome("contacted"),
    rolledback: deviceIds(`${answering} AND ${reportedField("fwUpdateStatus")} = 'rolledback'`),
  };
}
