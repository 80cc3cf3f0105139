import { compileQuery } from "../../local/hub/query/query.ts";
import { configurationDocument } from "../../local/hub/configuration.ts";
import { createConfigurationStore } from "../../local/hub/configuration-store.ts";
import { parseConfiguration } from "../../local/hub/configuration-terms.ts";
import { createDeviceStore, type DeviceStore } from "../../local/hub/device-store.ts";
import { createEvaluator } from "../../local/hub/evaluation.ts";
import type { JsonObject } from "../../local/hub/json-value.ts";
import { ServiceError } from "../../local/hub/service-error.ts";
import { lookLine } from "../../rollout/adapters/look-line.ts";
import { bucketOf } from "../../rollout/model/bucket.ts";
import type { Configuration, ConfigurationDocument } from "../../rollout/model/configuration.ts";
import { canonicalJson, digestOf, type Digest } from "../../rollout/model/digest.ts";
import type { DeviceView } from "../../rollout/model/device-view.ts";
import type { Look, Tally } from "../../rollout/model/look.ts";
import { WavegateError } from "../../rollout/model/problem.ts";
import { tombstoneName } from "../../rollout/model/stop.ts";
import type { RolloutRecord } from "../../rollout/model/record.ts";
import type { Stop } from "../../rollout/model/stop.ts";
import type { HubPort, ImagePort, RecordPort } from "../../rollout/reconcile/ports.ts";
import type { ReconcilePorts } from "../../rollout/reconcile/reconcile.ts";

/** How one simulated device answers a request. */
export type Behaviour = (request: {
  readonly deviceId: string;
  readonly version: string;
  readonly stratum: string;
}) => "ok" | "failed" | "silent";

/** A device of the world. */
export interface WorldDevice {
  readonly deviceId: string;
  readonly stratum?: string;
  readonly ring?: string;
}

/** A whole deployment in memory: the local hub's own stores and engine, records, devices that answer when told to. */
export interface World {
  readonly ports: ReconcilePorts;
  /** The one hub of the ports. */
  readonly hub: HubPort;
  readonly devices: DeviceStore;
  readonly records: Map<Digest, RolloutRecord>;
  readonly tombstones: Set<string>;
  /** Virtual epoch ms. */
  now(): number;
  advance(ms: number): void;
  /** The hub evaluates, then every device answers what it is asked. */
  settle(behave: Behaviour): void;
  /** Devices that a configuration's condition names at this moment. */
  exposed(id: string): ReadonlySet<string>;
  configuration(id: string): Configuration | undefined;
  /** A person in the portal. */
  edit(
    id: string,
    change: Partial<Pick<ConfigurationDocument, "condition" | "priority" | "labels" | "metrics">>,
  ): void;
  remove(id: string): void;
  /** Called around every effect and read: throw to crash there, wait to let others go first. */
  fault: (at: { readonly when: "before" | "after"; readonly call: string }) => void | Promise<void>;
}

/** Build a world of devices that were born with one version. */
export function createWorld(input: {
  readonly devices: readonly WorldDevice[];
  readonly version: string;
  readonly images: ReadonlyMap<string, { sha256: string; size: number }>;
  /** The hub's name in the settings; default `memory`. */
  readonly hub?: string;
}): World {
  let time = Date.UTC(2026, 0, 1);
  let monotonic = 0;
  const clock = { now: () => time, sleep: () => Promise.resolve() };
  const devices = createDeviceStore({ clock, maxDevices: 1_000_000 });
  const configurations = createConfigurationStore({
    clock,
    maxConfigurations: 100,
    onChange: () => undefined,
  });
  const evaluate = createEvaluator({ devices, configurations, onDelete: "remove" });
  for (const { deviceId, stratum, ring } of input.devices) {
    const rollout: JsonObject = {
      ...(stratum === undefined ? {} : { stratum }),
      ...(ring === undefined ? {} : { ring }),
    };
    devices.register({ deviceId, tags: { product: "thermostat", rollout } });
    devices.touch(deviceId);
    devices.mergeReported(deviceId, {
      firmware: {
        currentFwVersion: input.version,
        pendingFwVersion: "",
        rolloutId: "",
        outcome: "",
        bucket: bucketOf(deviceId),
      },
    });
  }
  const records = new Map<Digest, RolloutRecord>();
  const marks = new Map<string, Digest>();
  const tombstones = new Set<string>();
  const buried = new Map<string, Stop>();
  const looks = new Map<string, Look[]>();
  const latched = new Map<string, { outcome: string; contactedAt: number }>();

  const world: World = {
    devices,
    records,
    tombstones,
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
    settle: (behave) => {
      evaluate();
      for (const device of devices.all()) answer(device.deviceId, behave);
      evaluate();
    },
    exposed: (id) => {
      const found = configurations.all().find((configuration) => configuration.id === id);
      return new Set(
        [...devices.all()]
          .filter((device) => found?.target.isTarget(device) === true)
          .map(({ deviceId }) => deviceId),
      );
    },
    configuration: (id) => {
      const found = configurations.all().find((configuration) => configuration.id === id);
      return found === undefined ? undefined : toConfiguration(configurationDocument(found));
    },
    edit: (id, change) => {
      const found = world.configuration(id);
      if (found === undefined) throw new Error(`no configuration ${id}`);
      configurations.update(parseConfiguration(id, bodyOf({ ...found, ...change })), {
        etag: "*",
        isQuoted: true,
      });
    },
    remove: (id) => {
      configurations.remove(id, undefined);
    },
    fault: () => undefined,
    hub: undefined as unknown as HubPort,
    ports: undefined as unknown as ReconcilePorts, // Set below: the ports close over the world's own faults.
  };

  function answer(deviceId: string, behave: Behaviour): void {
    const device = devices.get(deviceId);
    const desired = (device.desired.value["firmware"] ?? undefined) as
      { fwVersion?: string; rolloutId?: string } | undefined;
    const reported = (device.reported.value["firmware"] ?? {}) as {
      currentFwVersion?: string;
      rolloutId?: string;
      outcome?: string;
    };
    const { fwVersion: version, rolloutId } = desired ?? {};
    if (version === undefined || rolloutId === undefined) return;
    if (reported.rolloutId === rolloutId && reported.outcome !== "contacted") return;
    const key = `${deviceId} ${rolloutId}`;
    const before = latched.get(key);
    const already = before === undefined && reported.currentFwVersion === version;
    const stratum = ((device.tags?.["rollout"] as { stratum?: string } | undefined) ?? {}).stratum ?? "other";
    const outcome =
      before?.outcome ??
      (already
        ? "ok-already"
        : { ok: "ok", failed: "failed", silent: "contacted" }[behave({ deviceId, version, stratum })]);
    const latch = before ?? { outcome, contactedAt: Math.floor(time / 1_000) };
    latched.set(key, latch);
    devices.touch(deviceId);
    const runs = outcome === "ok" || outcome === "ok-already" ? version : reported.currentFwVersion;
    devices.mergeReported(deviceId, {
      firmware: {
        rolloutId,
        outcome,
        contactedAt: latch.contactedAt,
        currentFwVersion: runs ?? "",
        pendingFwVersion: outcome === "contacted" ? version : "",
      },
    });
  }

  const at = async <T>(call: string, run: () => T): Promise<T> => {
    await world.fault({ when: "before", call });
    let value: T;
    try {
      value = run();
    } catch (error) {
      throw error instanceof ServiceError
        ? new WavegateError(CODE[error.status] ?? "HUB_FAILED", error.message, { hint: "" })
        : error;
    }
    await world.fault({ when: "after", call });
    return value;
  };

  const hub: HubPort = {
    name: input.hub ?? "memory",
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
        // A row of `SELECT *` is a twin [facts 2.1].
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
  const store: RecordPort = {
    putRecord: (record) =>
      at("put record", () => {
        const digest = digestOf(record);
        records.set(digest, JSON.parse(canonicalJson(record)) as RolloutRecord);
        return digest;
      }),
    getRecord: (_, digest) => at("get record", () => records.get(digest)),
    markTaken: (product, name, head, before) =>
      at("mark", () => {
        if (marks.get(`${product} ${name}`) === before) marks.set(`${product} ${name}`, head);
      }),
    takenMark: (product, name) => at("taken mark", () => marks.get(`${product} ${name}`)),
    putTombstone: (_, stop) =>
      at("tombstone", () => {
        tombstones.add(tombstoneName(stop) ?? stop.release);
        const name = tombstoneName(stop) ?? stop.release;
        if (!buried.has(name)) buried.set(name, stop);
      }),
    tombstones: () => at("tombstones", () => new Set(tombstones)),
    appendLook: (_, attempt, look) =>
      at("append look", () => void looks.set(attempt, [...(looks.get(attempt) ?? []), look])),
    looks: (_, attempt) => at("looks", () => looks.get(attempt) ?? []),
    contents: (product) =>
      at("contents", () => {
        const ofProduct = [...marks].filter(([key]) => key.startsWith(`${product} `));
        const folders = {
          records: new Map([...records].map(([digest, record]) => [`${digest}.json`, canonicalJson(record)])),
          taken: new Map(
            ofProduct.map(([key, head]) => [
              `${key.slice(product.length + 1)}.json`,
              canonicalJson({ schemaVersion: 1, head }),
            ]),
          ),
          terminal: new Map(
            [...buried].map(([release, stop]) => [
              `${release}.json`,
              canonicalJson({ schemaVersion: 1, ...stop }),
            ]),
          ),
          looks: new Map(
            [...looks].map(([attempt, series]) => [
              `${attempt}.jsonl`,
              series.map((look) => `${lookLine(look)}\n`).join(""),
            ]),
          ),
        };
        return { product, folders };
      }),
  };
  const images: ImagePort = {
    base: "https://images.test/firmware",
    describe: (path) => at("describe image", () => input.images.get(path)),
  };
  const clockPort = { now: () => time, monotonic: () => (monotonic += 1), sleep: () => Promise.resolve() };
  return Object.assign(world, {
    hub,
    ports: { hubs: [hub], records: store, images, clock: clockPort } satisfies ReconcilePorts,
  });
}

const CODE: Readonly<Record<number, WavegateError["code"]>> = {
  400: "HUB_REJECTED",
  404: "HUB_NOT_FOUND",
  409: "HUB_CONFLICT",
  412: "HUB_CONFLICT",
};

function bodyOf({ id, labels, content, condition, priority, metrics }: ConfigurationDocument): unknown {
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

function toConfiguration(document: JsonObject): Configuration {
  // The document was made by the local hub's own function a moment ago: its shape is known [facts 1.1].
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
