import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { castDemo } from "../local/demo-cast.ts";
import { compileFirmware, listFirmware } from "../local/firmware.ts";
import { startFleet } from "../local/fleet.ts";
import { realClock } from "../local/hub/clock.ts";
import { createConfigurationStore, type ConfigurationStore } from "../local/hub/configuration-store.ts";
import { parseConfiguration } from "../local/hub/configuration-terms.ts";
import { createDeviceStore, type DeviceStore } from "../local/hub/device-store.ts";
import { createEvaluator } from "../local/hub/evaluation.ts";
import { startHub } from "../local/hub/hub.ts";
import type { JsonObject } from "../local/hub/json-value.ts";
import { compileQuery } from "../local/hub/query/query.ts";
import { formatMs, medianMs, type Figure } from "./figure.ts";

const FEW_TWINS = 300;
const MANY_TWINS = 100_000;
const CONFIGURATIONS = 10;
/** Share of the twins that one change of a condition gives new content, as a wave does. */
const CHANGED_PERCENT = 10;
const LEAST_RUNS = 5;
/** So many twins are evaluated in all where few are: code runs at its speed only after a while. */
const TWINS_EVALUATED = 30_000;
const ROLLOUT_ID = "fw--thermostat--1-1-0--1";
const OUTCOMES = ["ok", "ok", "ok", "contacted", "failed"] as const;

/** How the limits of the design are stated; they are to be reached with ten times the twins. */
const LIMIT_WORDS = "with 1,000,000:";

/** What the local hub takes with few and with many twins, and how fast real devices connect to it. */
export async function measure([count = String(MANY_TWINS)]: readonly string[]): Promise<readonly Figure[]> {
  const twins = Number(count);
  if (!Number.isInteger(twins) || twins < 1)
    throw new RangeError(`${JSON.stringify(count)} is no number of twins`);
  // First of all: what the twins leave to collect would slow down a process that answers handshakes.
  const connecting = await measureConnecting();
  const few = createDeviceStore({ clock: realClock, maxDevices: FEW_TWINS });
  for (let index = 0; index < FEW_TWINS; index++) addTwin(few, index);
  const many = createDeviceStore({ clock: realClock, maxDevices: twins });
  return [
    ...measureLoading(many, twins),
    measureEvaluation(few),
    measureEvaluation(many),
    measureCounting(many),
    measurePatching(many),
    connecting,
  ];
}

function measureLoading(devices: DeviceStore, twins: number): readonly Figure[] {
  const before = collectedHeap();
  const started = performance.now();
  for (let index = 0; index < twins; index++) addTwin(devices, index);
  const loadMs = performance.now() - started;
  const kilobytes = (collectedHeap() - before) / twins / 1024;
  const named = sizeOf(devices);
  return [
    { what: `load of ${named}`, measured: formatMs(loadMs), limit: `${LIMIT_WORDS} 20 s` },
    {
      what: `memory of one of ${named}`,
      measured: `${kilobytes.toFixed(2)} KB`,
      limit: `${LIMIT_WORDS} 1.5 KB`,
    },
  ];
}

/** After a condition has changed, so that a share of the twins is written. */
function measureEvaluation(devices: DeviceStore): Figure {
  const configurations = createConfigurationStore({
    clock: realClock,
    maxConfigurations: CONFIGURATIONS,
    onChange: () => undefined,
  });
  for (let index = 0; index < CONFIGURATIONS; index++)
    configurations.create(parseConfiguration(`c-${index}`, configuration(index, 0)));
  const evaluate = createEvaluator({ devices, configurations, onDelete: "remove" });
  evaluate();
  let written = 0;
  const runs = Math.max(LEAST_RUNS, Math.floor(TWINS_EVALUATED / devices.size()));
  const ms = medianMs(runs, (run) => {
    changeCondition(configurations, run % 2 === 0 ? CHANGED_PERCENT : 0);
    written = evaluate().writes;
  });
  return {
    what: `evaluation of ${CONFIGURATIONS} configurations over ${sizeOf(devices)}, ${inWords(written)} written`,
    measured: formatMs(ms),
    ...(devices.size() > FEW_TWINS && { limit: `${LIMIT_WORDS} 1 s` }),
  };
}

function measureCounting(devices: DeviceStore): Figure {
  const query = compileQuery(
    `SELECT properties.reported.firmware.outcome AS outcome, COUNT() AS n FROM devices WHERE properties.reported.firmware.rolloutId = '${ROLLOUT_ID}' GROUP BY properties.reported.firmware.outcome`,
  );
  const ms = medianMs(LEAST_RUNS, () => query.page(devices.all(), { from: 0, size: 100 }));
  return {
    what: `GROUP BY count over ${sizeOf(devices)}`,
    measured: formatMs(ms),
    limit: `${LIMIT_WORDS} 300 ms`,
  };
}

function measurePatching(devices: DeviceStore): Figure {
  const ms = medianMs(1000, (run) => {
    devices.mergeTwin(deviceId(run % devices.size()), { tags: { note: `patch ${run}` } });
  });
  return { what: `patch of one of ${sizeOf(devices)}`, measured: formatMs(ms), limit: `${LIMIT_WORDS} 1 ms` };
}

function sizeOf(devices: DeviceStore): string {
  return `${inWords(devices.size())} twins`;
}

function inWords(count: number): string {
  return count.toLocaleString("en");
}

/** A twin of the demo's shape: tags from the back end, and the report of a device that has had an update. */
function addTwin(devices: DeviceStore, index: number): void {
  const outcome = OUTCOMES[index % OUTCOMES.length] ?? "ok";
  const stratum = index % 2 === 0 ? "A" : "B";
  devices.register({
    deviceId: deviceId(index),
    tags: fromWire({ product: "thermostat", rollout: { stratum, bucket: (index * 7919) % 1_000_000 } }),
  });
  const firmware = {
    currentFwVersion: outcome === "ok" ? "1.1.0" : "1.0.0",
    pendingFwVersion: outcome === "contacted" ? "1.1.0" : "",
    fwUpdateStatus: outcome === "contacted" ? "downloading" : "current",
    fwUpdateSubstatus: outcome === "contacted" ? "fetching 4096 bytes" : "",
    lastFwUpdateStartTime: "2026-01-01T00:00:00.000Z",
    lastFwUpdateEndTime: outcome === "contacted" ? "" : "2026-01-01T00:10:00.000Z",
    rolloutId: ROLLOUT_ID,
    outcome,
    contactedAt: 1_767_225_600 + index,
    fromVersion: "1.0.0",
    fwHealth: "healthy",
    errorCode: outcome === "failed" ? "SELF_TEST_FAILED" : "",
    bootId: randomUUID(),
    bucket: (index * 7919) % 1_000_000,
  };
  devices.mergeReported(deviceId(index), fromWire({ firmware }));
}

/** Through JSON, as everything reaches a hub: values that twins share here would flatter their size. */
function fromWire(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject; // what was a JSON object is one
}

function deviceId(index: number): string {
  return `thermostat-${String(index).padStart(7, "0")}`;
}

/** Ten attempts at one path, the later the higher; the last takes the share of the twins that a change gives it. */
function configuration(index: number, percent: number): JsonObject {
  const last = index === CONFIGURATIONS - 1;
  const rollout = `properties.reported.firmware.rolloutId = 'fw--thermostat--1-${index}-0--1'`;
  const outcomes = ["ok", "failed", "contacted"].map((outcome) => [
    outcome,
    `SELECT deviceId FROM devices WHERE ${rollout} AND properties.reported.firmware.outcome = '${outcome}'`,
  ]);
  return {
    id: `c-${index}`,
    content: {
      deviceContent: {
        "properties.desired.firmware": {
          fwVersion: `1.${index}.0`,
          rolloutId: `fw--thermostat--1-${index}-0--1`,
        },
      },
    },
    targetCondition: `tags.product = 'thermostat' AND tags.rollout.bucket < ${last ? percent * 10_000 : 1_000_000}`,
    priority: 1000 + index,
    metrics: {
      queries: {
        ...(Object.fromEntries(outcomes) as Record<string, string>), // pairs of strings
        rolledBack: `SELECT deviceId FROM devices WHERE ${rollout} AND properties.reported.firmware.fwUpdateStatus = 'rolledback'`,
        applied: `SELECT deviceId FROM devices WHERE configurations.[[c-${index}]].status = 'Applied'`,
      },
    },
  };
}

function changeCondition(configurations: ConfigurationStore, percent: number): void {
  const last = CONFIGURATIONS - 1;
  // Content cannot be changed: null leaves it alone.
  const terms = { ...configuration(last, percent), content: null };
  configurations.update(parseConfiguration(`c-${last}`, terms), { etag: "*", isQuoted: true });
}

/** The fleet of the demo, in a process of its own, until the hub holds every device's first report. */
async function measureConnecting(): Promise<Figure> {
  const directory = await mkdtemp(join(tmpdir(), "wavegate-bench-"));
  try {
    await using hub = await startHub({ throttle: "off" });
    const source = (await listFirmware()).find(({ version }) => version === "1.0.0");
    if (source === undefined) throw new Error("examples/firmware has no 1.0.0");
    const now = Date.now();
    const devices = castDemo().map(({ deviceId: id, tags, revision, sensorLot }) => ({
      connectionString: hub.createDevice({ deviceId: id, tags }),
      ...{ revision, sensorLot },
    }));
    const factoryImage = await compileFirmware(source.sourceFile);
    const started = performance.now();
    await using fleet = await startFleet({
      ...{ devices, directory, factoryImage, caPem: hub.caPem, healthTimeMs: 600_000 },
      clock: { scale: 1, realStartMs: now, virtualStartMs: now },
    });
    const measured = formatMs(performance.now() - started);
    return { what: `${fleet.connected()} devices start, connect and report, from another process`, measured };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Bytes on the heap after all that can be collected is. */
function collectedHeap(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // what the flag puts there
  collect();
  return process.memoryUsage().heapUsed;
}
