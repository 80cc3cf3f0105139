import { ServiceError } from "../../../local/hub/service-error.ts";
import { compileQuery } from "../../../local/hub/query/query.ts";
import type { Configuration, ConfigurationDocument } from "../../../rollout/model/configuration.ts";
import type { Tally } from "../../../rollout/model/look.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { DEVICES, exposureOf } from "./exposure.ts";
import { answered, bornDevice, twinOf, type Defect, type DeviceState } from "./simulated-device.ts";

/** A configuration as the hub keeps it. */
export interface StoredConfiguration {
  readonly document: ConfigurationDocument;
  /** Writes since its creation: the etag is made of them, so it repeats after a deletion or a fail-over [protocol H13]. */
  readonly writes: number;
  readonly createdTimeUtc: string;
}

/** A hub: replaced, never changed in place, so that a world can fork and a hub can go back in time. */
export interface FastHub {
  readonly configurations: ReadonlyMap<string, StoredConfiguration>;
  readonly devices: readonly DeviceState[];
  /** Devices as they were at earlier instants, newest first: queries may lag. */
  readonly history: readonly { readonly at: number; readonly devices: readonly DeviceState[] }[];
  /** Creations so far; goes into `createdTimeUtc`, so that no two are alike. */
  readonly creations: number;
}

const HISTORY = 12;

/** A hub with its devices and nothing else. */
export function bornHub(hub: number, at: number): FastHub {
  const devices = Array.from({ length: DEVICES }, (_, index) => bornDevice(hub, index, at));
  return { configurations: new Map(), devices, history: [], creations: 0 };
}

/** Create only: 409 when the name exists. */
export function created(hub: FastHub, document: ConfigurationDocument, at: number): FastHub {
  if (hub.configurations.has(document.id)) throw conflict(`409: ${document.id} exists`);
  const creations = hub.creations + 1;
  const createdTimeUtc = `${new Date(at).toISOString().slice(0, 23)}${String(creations).padStart(4, "0")}Z`;
  return { ...withStored(hub, { document: asSent(document), writes: 1, createdTimeUtc }), creations };
}

/** Replace: 404 when it is gone, 412 when the etag moved, 400 when the content would change. */
export function replaced(hub: FastHub, document: ConfigurationDocument, etag: string): FastHub {
  const stored = hub.configurations.get(document.id);
  if (stored === undefined) throw new WavegateError("HUB_NOT_FOUND", `404: ${document.id}`, { hint: "" });
  if (etag !== "*" && etag !== etagOf(stored)) throw conflict(`412: ${document.id}`);
  const sent = asSent(document);
  checkCondition(sent.condition);
  if (JSON.stringify(sent.content) !== JSON.stringify(stored.document.content))
    throw new WavegateError("HUB_REJECTED", `400: the content of ${document.id} cannot change`, { hint: "" });
  return withStored(hub, { ...stored, document: sent, writes: stored.writes + 1 });
}

/** Delete: 404 when it is gone, 412 when the etag moved. */
export function deleted(hub: FastHub, id: string, etag: string): FastHub {
  const stored = hub.configurations.get(id);
  if (stored === undefined) throw new WavegateError("HUB_NOT_FOUND", `404: ${id}`, { hint: "" });
  if (etag !== etagOf(stored)) throw conflict(`412: ${id}`);
  return removed(hub, id);
}

/** Without a configuration. */
export function removed(hub: FastHub, id: string): FastHub {
  return { ...hub, configurations: new Map([...hub.configurations].filter(([other]) => other !== id)) };
}

/** All configurations, as of now. */
export function listed(hub: FastHub): readonly Configuration[] {
  return [...hub.configurations.values()].map((stored) => ({
    ...stored.document,
    etag: etagOf(stored),
    createdTimeUtc: stored.createdTimeUtc,
    metricResults: {
      contacted: hub.devices.filter(({ rolloutId }) => rolloutId === stored.document.id).length,
    },
  }));
}

/** The hub evaluates its configurations, and every device answers what it is asked. */
export function settled(
  hub: FastHub,
  number: number,
  at: number,
  defects: Readonly<Record<string, Defect>>,
): FastHub {
  const ranked = [...hub.configurations.values()]
    .map(({ document }) => ({ document, mask: exposureOf(number, document.condition) }))
    .sort((a, b) => b.document.priority - a.document.priority);
  const devices = hub.devices.map((device, index) => {
    const top = ranked.find(({ mask }) => (mask & (1 << index)) !== 0);
    const firmware = top?.document.content["properties.desired.firmware"] as
      { readonly fwVersion: string; readonly rolloutId: string } | undefined;
    const asked =
      firmware === undefined ? undefined : { version: firmware.fwVersion, rolloutId: firmware.rolloutId };
    return answered(device, asked, at, defects[asked?.version ?? ""] ?? "good");
  });
  return { ...hub, devices, history: [{ at, devices }, ...hub.history].slice(0, HISTORY) };
}

const queries = new Map<string, ReturnType<typeof compileQuery>>();

/** Devices a query counts, by stratum, as they were `lagMs` ago. */
export function counted(hub: FastHub, query: string, at: number, lagMs: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rowsOf(hub, query, { at, lagMs }))
    counts[stratumOf(row)] = (counts[stratumOf(row)] ?? 0) + Number(row["devices"]);
  return counts;
}

/** Ids of the devices a query names. */
export function named(hub: FastHub, query: string, at: number, lagMs: number): readonly string[] {
  return rowsOf(hub, query, { at, lagMs }).map((row) => String(row["deviceId"]));
}

/** The same by stratum and outcome. */
export function tallied(hub: FastHub, query: string, at: number, lagMs: number): Record<string, Tally> {
  const counts: Record<string, Tally> = {};
  for (const row of rowsOf(hub, query, { at, lagMs })) {
    const before = counts[stratumOf(row)] ?? { ok: 0, failed: 0, contacted: 0 };
    counts[stratumOf(row)] = { ...before, [String(row["outcome"])]: Number(row["devices"]) };
  }
  return counts;
}

type Row = Readonly<Record<string, unknown>>;

function stratumOf(row: Row): string {
  return typeof row["stratum"] === "string" ? row["stratum"] : "other";
}

function rowsOf(
  hub: FastHub,
  query: string,
  { at, lagMs }: { readonly at: number; readonly lagMs: number },
): readonly Row[] {
  let compiled = queries.get(query);
  if (compiled === undefined) {
    if (queries.size > 20_000) queries.clear();
    compiled = compileQuery(query, { groupByKeys: "many" });
    queries.set(query, compiled);
  }
  const seen =
    (lagMs === 0 ? undefined : hub.history.find((one) => one.at <= at - lagMs))?.devices ?? hub.devices;
  return compiled.page(seen.map(twinOf), { from: 0, size: 100 }).rows;
}

/** 400 for what is no target condition. */
function checkCondition(condition: string): void {
  try {
    exposureOf(0, condition);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new WavegateError("HUB_REJECTED", error.message, { hint: "" });
  }
}

function withStored(hub: FastHub, stored: StoredConfiguration): FastHub {
  return { ...hub, configurations: new Map(hub.configurations).set(stored.document.id, stored) };
}

/** Counters in base64, as IoT Hub's are [facts 1.1]. */
function etagOf({ writes }: StoredConfiguration): string {
  return btoa(String(writes));
}

/** What goes over the wire: JSON, and nothing that only its sender has. */
function asSent({
  id,
  labels,
  content,
  condition,
  priority,
  metrics,
}: ConfigurationDocument): ConfigurationDocument {
  return JSON.parse(
    JSON.stringify({ id, labels, content, condition, priority, metrics }),
  ) as ConfigurationDocument;
}

function conflict(message: string): WavegateError {
  return new WavegateError("HUB_CONFLICT", message, { hint: "" });
}
