import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { generate } from "mqtt-packet";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import { aConnect, aSasToken } from "../../test/local/hub/raw-connect.ts";
import { sendToService } from "../../test/local/hub/service-request.ts";
import { formatMs, formatCount, type Figure } from "../figure.ts";
import type { Order, Report } from "./connection-process.ts";
import { collectGarbage } from "./in-memory.ts";
import { deviceId } from "./twins.ts";

const PROCESS_FILE = fileURLToPath(new URL("./connection-process.ts", import.meta.url));
const RUNS = 5;
const HANDSHAKES_AT_ONCE = 100;
const REQUESTS_AT_ONCE = 64;
const API_VERSION = "api-version=2021-04-12";

/** Devices in another process, over MQTT and TLS: how fast they come, what they take, how fast patches reach them. */
export async function measureConnections(count: number): Promise<readonly Figure[]> {
  await using hub = await startHub({ throttle: "off", dailyQuota: "off", firstRunDelayMs: 2 ** 30 });
  const deviceIds = Array.from({ length: count }, (_, index) => deviceId(index));
  for (const id of deviceIds) hub.createDevice({ deviceId: id });
  const greetings = deviceIds.map((id) => greeting(hub, id));
  await using child = await startProcess();
  const named = `${formatCount(count)} devices over MQTT and TLS`;

  const before = residentBytes();
  const started = performance.now();
  child.order({
    ...{ kind: "connect", port: hub.mqttPort, caPem: hub.caPem, greetings, atOnce: HANDSHAKES_AT_ONCE },
  });
  await child.report("connected");
  const connectMs = performance.now() - started;
  const kilobytes = (residentBytes() - before) / count / 1024;

  const evaluated = await bestPerSecond(count, async (run) => {
    await putConfiguration(hub, run);
    child.order({ kind: "await patches", each: run + 1 });
    const from = now();
    hub.evaluateNow();
    return (await child.report("patched")).at - from;
  });
  let answered = 0;
  const patched = await bestPerSecond(count, async (run) => {
    child.order({ kind: "await patches", each: RUNS + run + 1 });
    const from = now();
    child.order({
      ...{ kind: "patch", port: hub.httpsPort, caPem: hub.caPem, deviceIds, atOnce: REQUESTS_AT_ONCE },
      authorization: serviceToken(hub),
      body: JSON.stringify({ properties: { desired: { firmware: { version: `2.${run}.0` } } } }),
    });
    const { at } = await child.report("patched");
    answered = Math.max(answered, (count * 1000) / ((await child.report("answered")).at - from));
    return at - from;
  });
  return [
    { what: `${named} connect`, measured: formatMs(connectMs), limit: "10,000 connected" },
    { what: `connections a second`, measured: formatCount(Math.round((count * 1000) / connectMs)) },
    { what: `memory of the hub for one of ${named}`, measured: `${kilobytes.toFixed(0)} KB` },
    {
      what: `desired patches a second to ${named}, by an evaluation`,
      measured: formatCount(Math.round(evaluated)),
      limit: "5,000",
    },
    {
      what: `the same by a REST request each, from the process of the devices`,
      measured: formatCount(Math.round(patched)),
    },
  ];
}

/** Of several runs the best: others use the machine too. */
async function bestPerSecond(count: number, run: (index: number) => Promise<number>): Promise<number> {
  let best = 0;
  for (let index = 0; index < RUNS; index++) best = Math.max(best, (count * 1000) / (await run(index)));
  return best;
}

/** CONNECT and SUBSCRIBE, as bytes. */
function greeting(hub: LocalHub, id: string): Uint8Array {
  const topic = "$iothub/twin/PATCH/properties/desired/#";
  return Buffer.concat([
    // Without a keep-alive: these devices say nothing more.
    generate({ ...aConnect(hub, id), keepalive: 0 }),
    generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 0 }] }),
  ]);
}

/** A configuration for all devices, the higher the later, so that each run writes all twins. */
async function putConfiguration(hub: LocalHub, run: number): Promise<void> {
  const id = `c-${run}`;
  const { status } = await sendToService(hub, `/configurations/${id}?${API_VERSION}`, {
    method: "PUT",
    headers: { authorization: serviceToken(hub) },
    body: JSON.stringify({
      id,
      schemaVersion: "2.0",
      content: {
        deviceContent: {
          "properties.desired.firmware": {
            fwVersion: `1.${run}.0`,
            rolloutId: `fw--thermostat--1-${run}-0--1`,
          },
        },
      },
      targetCondition: "*",
      priority: run + 1,
    }),
  });
  if (status !== 200) throw new Error(`the configuration was answered with ${status ?? "nothing"}`);
}

function serviceToken(hub: LocalHub): string {
  return aSasToken({ key: hub.serviceKey, resource: hub.hostName, policy: "iothubowner" });
}

interface Devices extends AsyncDisposable {
  readonly order: (order: Order) => void;
  /** The next report of a kind; throws when the process says that something went wrong. */
  readonly report: <Kind extends Report["kind"]>(kind: Kind) => Promise<Extract<Report, { kind: Kind }>>;
}

async function startProcess(): Promise<Devices> {
  const child = fork(PROCESS_FILE, { serialization: "advanced" });
  const waiting = new Map<Report["kind"], PromiseWithResolvers<Report>>();
  const slot = (kind: Report["kind"]): PromiseWithResolvers<Report> => {
    const promise = waiting.get(kind) ?? Promise.withResolvers<Report>();
    waiting.set(kind, promise);
    return promise;
  };
  let failure: string | undefined;
  const fail = (reason: string): void => {
    failure ??= reason;
    for (const { reject } of waiting.values()) reject(new Error(`The devices' process ${reason}`));
  };
  child.on("message", (report: Report) => {
    if (report.kind === "failed") fail(`failed: ${report.message}`);
    else slot(report.kind).resolve(report);
  });
  child.once("exit", (code) => {
    fail(`ended with code ${code ?? "none"}`);
  });
  const devices: Devices = {
    order: (order) => {
      child.send(order);
    },
    report: async <Kind extends Report["kind"]>(kind: Kind) => {
      if (failure !== undefined) throw new Error(`The devices' process ${failure}`);
      const report = await slot(kind).promise;
      waiting.delete(kind);
      return report as Extract<Report, { kind: Kind }>; // kept under its kind
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
  await devices.report("ready");
  return devices;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.disconnect();
  await exited;
}

function residentBytes(): number {
  collectGarbage();
  return process.memoryUsage.rss();
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
