import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { realClock } from "../../local/hub/clock.ts";
import { createConfigurationStore, type ConfigurationStore } from "../../local/hub/configuration-store.ts";
import { parseConfiguration } from "../../local/hub/configuration-terms.ts";
import { createDeviceStore, type DeviceStore } from "../../local/hub/device-store.ts";
import { createEvaluator } from "../../local/hub/evaluation.ts";
import type { JsonObject } from "../../local/hub/json-value.ts";
import { compileQuery } from "../../local/hub/query/query.ts";
import { formatMs, formatCount, medianMs, timed, type Figure } from "../figure.ts";
import { addTwins, deviceId, ROLLOUT_ID } from "./twins.ts";

const FEW_TWINS = 300;
const CONFIGURATIONS = 10;
/** Share of the twins that one change of a condition gives new content, as a wave does. */
const CHANGED_PERCENT = 10;
const LEAST_RUNS = 5;
/** So many twins are evaluated in all where few are: code runs at its speed only after a while. */
const TWINS_EVALUATED = 30_000;

/** The limits hold for a million twins; with fewer they say nothing. */
export function limitAt(twins: number, limit: string): string {
  return twins >= 1_000_000 ? limit : `with 1,000,000: ${limit}`;
}

/** What the hub takes with few and with many twins in memory. */
export async function measureInMemory(twins: number): Promise<readonly Figure[]> {
  const few = createDeviceStore({ clock: realClock, maxDevices: FEW_TWINS });
  addTwins(few, FEW_TWINS);
  const many = createDeviceStore({ clock: realClock, maxDevices: twins });
  return [
    ...(await measureLoading(many, twins)),
    measureEvaluation(few),
    measureEvaluation(many),
    measureCounting(many),
    measurePatching(many),
  ];
}

async function measureLoading(devices: DeviceStore, twins: number): Promise<readonly Figure[]> {
  const before = collectedHeap();
  const { measured } = await timed(() => {
    addTwins(devices, twins);
  });
  const kilobytes = (collectedHeap() - before) / twins / 1024;
  const named = sizeOf(devices);
  return [
    { what: `load of ${named}`, measured, limit: limitAt(twins, "20 s") },
    {
      what: `memory of one of ${named}`,
      measured: `${kilobytes.toFixed(2)} KB`,
      limit: limitAt(twins, "1.5 KB"),
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
    what: `evaluation of ${CONFIGURATIONS} configurations over ${sizeOf(devices)}, ${formatCount(written)} written`,
    measured: formatMs(ms),
    ...(devices.size() > FEW_TWINS && { limit: limitAt(devices.size(), "1 s") }),
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
    limit: limitAt(devices.size(), "300 ms"),
  };
}

function measurePatching(devices: DeviceStore): Figure {
  const ms = medianMs(1000, (run) => {
    devices.mergeTwin(deviceId(run % devices.size()), { tags: { note: `patch ${run}` } });
  });
  return {
    what: `patch of one of ${sizeOf(devices)}`,
    measured: formatMs(ms),
    limit: limitAt(devices.size(), "1 ms"),
  };
}

function sizeOf(devices: DeviceStore): string {
  return `${formatCount(devices.size())} twins`;
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

/** Bytes on the heap after all that can be collected is. */
function collectedHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Collect all that nobody holds any more. */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // what the flag puts there
  collect();
}
