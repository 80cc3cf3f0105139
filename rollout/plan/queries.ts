import type { AttemptId } from "../model/attempt.ts";
import { isoInstant } from "../model/instant.ts";
import type { TallyQuery } from "../model/question.ts";
import { reportedField, TAG, type Outcome } from "../model/twin-contract.ts";
import { productCondition, taggedCondition } from "./target-condition.ts";

/** Outcomes that a rate is made of; `ok-already` and `newer` had nothing to do. */
const TALLIED = ["ok", "failed", "contacted"] as const satisfies readonly Outcome[];

/** Count the devices under a condition by stratum: rows `{ stratum?, devices }`; no stratum tag, no `stratum` key. */
export function countByStratum(condition: string): string {
  return countByTag(condition, TAG.stratum);
}

/** The same by another tag: its values come in the place of strata. */
export function countByTag(condition: string, tag: string): string {
  return `SELECT ${tag} AS stratum, COUNT() AS devices FROM devices WHERE ${condition} GROUP BY ${tag}`;
}

/** Name the devices under a condition. */
export function deviceIds(condition: string): string {
  return `SELECT deviceId FROM devices WHERE ${condition}`;
}

/**
 * Count the devices that answered one attempt, by stratum and outcome; with `since`, those of them that made contact at
 * or after that instant (epoch ms; devices report whole seconds). Outcomes that no rate is made of are left out, so that
 * 25 strata fit one page of an answer.
 */
export function tallyQuery(contacts: Contacts): TallyQuery {
  const grouped = reportedField("outcome");
  const where = talliedCondition(contacts);
  const of = (outcome: Outcome): string => countByStratum(outcomeCondition({ ...contacts, outcome }));
  return {
    grouped: `SELECT ${TAG.stratum} AS stratum, ${grouped} AS outcome, COUNT() AS devices FROM devices WHERE ${where} GROUP BY ${TAG.stratum}, ${grouped}`,
    each: { ok: of("ok"), failed: of("failed"), contacted: of("contacted") },
  };
}

/** Devices that an attempt's rates are made of, and that meet a condition of one's own. */
export function metricCondition(contacts: Contacts, condition: string): string {
  return `${talliedCondition(contacts)} AND (${condition})`;
}

function talliedCondition(contacts: Contacts): string {
  const outcomes = TALLIED.map((outcome) => `${reportedField("outcome")} = '${outcome}'`);
  return `${contactsCondition(contacts)} AND (${outcomes.join(" OR ")})`;
}

/** Whose answers to an attempt are meant. */
export interface Contacts {
  readonly product: string;
  readonly attempt: AttemptId;
  /** Only those that made contact at or after it, epoch ms; absent: all. */
  readonly since?: number;
}

/** Devices that answered one attempt with one outcome. */
export function outcomeCondition(input: Contacts & { readonly outcome: Outcome }): string {
  return `${contactsCondition(input)} AND ${reportedField("outcome")} = '${input.outcome}'`;
}

function contactsCondition({ product, attempt, since }: Contacts): string {
  const terms = [taggedCondition(product), `${reportedField("rolloutId")} = '${attempt}'`];
  if (since !== undefined) terms.push(`${reportedField("contactedAt")} >= ${Math.floor(since / 1_000)}`);
  return terms.join(" AND ");
}

/** Devices under a condition that were seen at or after an instant (epoch ms). */
export function activeCondition(condition: string, since: number): string {
  return `(${condition}) AND lastActivityTime >= '${isoInstant(since)}'`;
}

/** The same, with those that are connected now: a line that only listens is no activity to the hub. */
export function reachableCondition(condition: string, since: number): string {
  return `(${condition}) AND (lastActivityTime >= '${isoInstant(since)}' OR connectionState = 'Connected')`;
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
  if (version === undefined) return contactsCondition({ product, attempt });
  return `${taggedCondition(product)} AND (${reportedField("rolloutId")} = '${attempt}' OR ${reportedField("currentFwVersion")} = '${version}' OR ${reportedField("pendingFwVersion")} = '${version}')`;
}

/** Devices of a product that state a version. */
export function runningCondition(product: string, version: string): string {
  return `${productCondition(product)} AND ${reportedField("currentFwVersion")} = '${version}'`;
}

/** The metrics every release's configuration carries, so that the portal tells the same story (at most five). */
export function releaseMetrics(product: string, attempt: AttemptId, where?: string): Record<string, string> {
  const outcome = (name: Outcome): string => deviceIds(outcomeCondition({ product, attempt, outcome: name }));
  const answering = contactsCondition({ product, attempt });
  return {
    contacted: deviceIds(answering),
    succeeded: outcome("ok"),
    failed: outcome("failed"),
    inprogress: outcome("contacted"),
    // There is room for five. A stop has to know whom a baseline may be given, and must not need the records for it.
    ...(where === undefined
      ? { rolledback: deviceIds(`${answering} AND ${reportedField("fwUpdateStatus")} = 'rolledback'`) }
      : { covers: `${coversStart(product)}${where})` }),
  };
}

/** The condition of a baseline that was adopted for some devices, as its configuration says it; undefined: it is gone. */
export function coveredBy(metrics: Readonly<Record<string, string>>, product: string): string | undefined {
  const covers = metrics["covers"] ?? "";
  const start = coversStart(product);
  return covers.startsWith(start) && covers.endsWith(")") ? covers.slice(start.length, -1) : undefined;
}

function coversStart(product: string): string {
  return `SELECT deviceId FROM devices WHERE ${productCondition(product)} AND (`;
}
