import { configurationDocument } from "../../../local/hub/configuration.ts";
import type { ConfigurationStore } from "../../../local/hub/configuration-store.ts";
import { parseConfiguration } from "../../../local/hub/configuration-terms.ts";
import type { DeviceStore } from "../../../local/hub/device-store.ts";
import type { JsonObject } from "../../../local/hub/json-value.ts";
import { compileQuery } from "../../../local/hub/query/query.ts";
import type { Configuration, ConfigurationDocument } from "../../../rollout/model/configuration.ts";
import type { DeviceView } from "../../../rollout/model/device-view.ts";
import type { Tally } from "../../../rollout/model/look.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import type { Around } from "./around.ts";

/** The local hub's own stores, as a controller sees them. */
export function hubPort({
  name,
  devices,
  configurations,
  around: at,
}: {
  readonly name: string;
  readonly devices: DeviceStore;
  readonly configurations: ConfigurationStore;
  readonly around: Around;
}): HubPort {
  return {
    name,
    list: () =>
      at("list", () => ({
        configurations: configurations.all().map((one) => toConfiguration(configurationDocument(one))),
      })),
    create: (document) =>
      at(`create ${document.id}`, () =>
        toConfiguration(
          configurationDocument(configurations.create(parseConfiguration(document.id, bodyOf(document)))),
        ),
      ),
    replace: (document, etag) =>
      at(`replace ${document.id}`, () =>
        toConfiguration(
          configurationDocument(
            configurations.update(parseConfiguration(document.id, bodyOf(document)), {
              etag,
              isQuoted: true,
            }),
          ),
        ),
      ),
    remove: (id, etag) =>
      at(`remove ${id}`, () => {
        configurations.remove(id, { etag, isQuoted: true });
      }),
    count: (query) =>
      at("count", () => {
        const counts: Record<string, number> = {};
        for (const row of compileQuery(query).page(devices.all(), { from: 0, size: 100 }).rows) {
          const stratum = typeof row["stratum"] === "string" ? row["stratum"] : "other";
          counts[stratum] = (counts[stratum] ?? 0) + Number(row["devices"]);
        }
        return counts;
      }),
    device: (deviceId) =>
      at("device", () => {
        const query = `SELECT * FROM devices WHERE deviceId = '${deviceId.replaceAll("'", "''")}'`;
        const [row] = compileQuery(query).page(devices.all(), { from: 0, size: 1 }).rows;
        // A row of `SELECT *` is a twin.
        return row === undefined ? undefined : (row as unknown as DeviceView);
      }),
    tally: ({ grouped }) =>
      at("tally", () => {
        const counts: Record<string, Tally> = {};
        for (const row of compileQuery(grouped, { groupByKeys: "many" }).page(devices.all(), {
          from: 0,
          size: 100,
        }).rows) {
          const stratum = typeof row["stratum"] === "string" ? row["stratum"] : "other";
          const before = counts[stratum] ?? { ok: 0, failed: 0, contacted: 0 };
          counts[stratum] = { ...before, [row["outcome"] as keyof Tally]: Number(row["devices"]) };
        }
        return counts;
      }),
    deviceIds: (query, most) =>
      at("device ids", () =>
        compileQuery(query)
          .page(devices.all(), { from: 0, size: most })
          .rows.map((row) => row["deviceId"] as string),
      ),
  };
}

/** A configuration as the service takes it. */
export function bodyOf({
  id,
  labels,
  content,
  condition,
  priority,
  metrics,
}: ConfigurationDocument): unknown {
  return JSON.parse(
    JSON.stringify({
      id,
      labels,
      content: { deviceContent: content },
      targetCondition: condition,
      priority,
      metrics: { queries: metrics },
    }),
  ) as unknown;
}

/** A configuration as the service shows it, in our words. */
export function toConfiguration(document: JsonObject): Configuration {
  // The document was made by the local hub's own function a moment ago: its shape is known.
  const body = document as unknown as {
    id: string;
    labels: Record<string, string> | null;
    content: { deviceContent?: Record<string, unknown> };
    targetCondition: string;
    priority: number;
    metrics: { queries: Record<string, string>; results: Record<string, number> };
    etag: string;
    createdTimeUtc: string;
  };
  return {
    id: body.id,
    labels: body.labels ?? {},
    content: body.content.deviceContent ?? {},
    condition: body.targetCondition,
    priority: body.priority,
    metrics: body.metrics.queries,
    metricResults: body.metrics.results,
    etag: body.etag,
    createdTimeUtc: body.createdTimeUtc,
  };
}
