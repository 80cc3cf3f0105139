/**
 * The process all simulated devices live in, started by fleet.ts. Its orders come as one line of JSON on standard
 * input, because they hold the devices' keys; what happens goes out as lines of JSON on standard output. It ends when
 * its input does: then whoever started it has closed it or is gone.
 */
import { createInterface } from "node:readline";
import { join } from "node:path";
import { openHubSession } from "../device/hub-session.ts";
import type { PinnedKey } from "../device/trust.ts";
import { scaledClock, type ClockScale } from "./clock.ts";
import { fateOf, type SimulatedBoard } from "./fleet/fate.ts";
import { openLightSession } from "./fleet/light-session.ts";
import type { FleetProfile } from "./fleet/profile.ts";
import { startSimulatedDevice, type FleetEvent, type SimulatedDevice } from "./fleet/simulated-device.ts";
import { turnstile } from "./fleet/turnstile.ts";

/** One device: how it signs in and what board it is. */
export interface FleetDevice extends Omit<SimulatedBoard, "deviceId"> {
  /** The device's own connection string, with its key. */
  readonly connectionString: string;
}

/** What devices speak to the hub by: Microsoft's device SDK, for hundreds, or a session at half its cost. */
export type FleetLine = "microsoft" | "light";

/** The first line on standard input. */
export interface FleetOrders {
  readonly devices: readonly FleetDevice[];
  /** Default: microsoft. */
  readonly line?: FleetLine;
  /** How devices behave, by their stratum. Default: all are always on, and nothing is wrong with them. */
  readonly profile?: FleetProfile;
  /** Authority of the hub and of the image store. */
  readonly caPem: string;
  /** Each device keeps its slots and its state in a folder of its own in here. Default: in memory. */
  readonly directory?: string;
  /** The image devices are born with, base64. */
  readonly factoryImage: string;
  readonly clock: ClockScale;
  /** Keys whose signature the devices believe; without any they install what they are told to. */
  readonly keys?: readonly PinnedKey[];
  /** Virtual milliseconds an image must stay well to be `ok`. */
  readonly healthTimeMs: number;
}

/** What the process has used so far. */
export interface FleetUsage {
  /** Most memory it ever had. */
  readonly peakBytes: number;
  readonly cpuMs: number;
}

/** A line on standard output. */
export type FleetMessage =
  /** Every device that is ever switched on has connected, and the hub has taken its first report. */
  | { readonly kind: "ready"; readonly connected: number }
  | { readonly kind: "event"; readonly deviceId: string; readonly event: FleetEvent }
  /** Answers each line on standard input but the first. */
  | { readonly kind: "usage"; readonly usage: FleetUsage }
  /** A device that cannot even boot: the simulation is broken and ends. */
  | { readonly kind: "failed"; readonly message: string };

/** Connections that are being made at a time: all at once would each take as long as all of them together. */
const CONNECTING_AT_ONCE = 12;
/** Devices that boot at a time. */
const STARTING_AT_ONCE = 50;
/** What every simulated device is. */
const PRODUCT = "thermostat";
const OPEN = { microsoft: openHubSession, light: openLightSession } as const;
/** Real time for goodbyes to the hub. */
const CLOSE_LIMIT_MS = 3_000;

await main();

async function main(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const devices: SimulatedDevice[] = [];
  let isStarted = false;
  lines.once("close", () => {
    setTimeout(() => process.exit(), CLOSE_LIMIT_MS);
    void Promise.allSettled(devices.map((device) => device.close())).then(() => process.exit());
  });
  // Nobody is left to read it.
  process.stdout.on("error", () => process.exit());
  for await (const line of lines) {
    if (isStarted) {
      send({ kind: "usage", usage: usage() });
      continue;
    }
    isStarted = true;
    // Written by fleet.ts of this very version.
    startDevices(JSON.parse(line) as FleetOrders, devices).catch((error: unknown) => {
      send({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    });
  }
}

/** Start the devices, and tell when the last of them has reported. */
async function startDevices(orders: FleetOrders, started: SimulatedDevice[]): Promise<void> {
  const { profile = { seed: 0, strata: {} } } = orders;
  const starting = turnstile(STARTING_AT_ONCE);
  const shared = {
    factoryImage: Buffer.from(orders.factoryImage, "base64"),
    clock: scaledClock(orders.clock),
    turnstile: turnstile(CONNECTING_AT_ONCE),
  };
  const alive = orders.devices
    .map((device) => ({ device, board: { ...device, deviceId: deviceIdOf(device.connectionString) } }))
    .map((one) => ({ ...one, fate: fateOf(profile, one.board) }))
    .filter(({ fate }) => fate.connectivity !== "dead");
  const awaited = new Set(alive.map(({ board }) => board.deviceId));
  const arrive = (deviceId: string): void => {
    if (awaited.delete(deviceId) && awaited.size === 0) send({ kind: "ready", connected: alive.length });
  };
  if (alive.length === 0) send({ kind: "ready", connected: 0 });
  await Promise.all(
    alive.map(({ device, board, fate }) =>
      starting(async () => {
        const { deviceId } = board;
        const simulated = await startSimulatedDevice({
          ...shared,
          ...{ board, fate, caPem: orders.caPem, healthTimeMs: orders.healthTimeMs },
          connectionString: device.connectionString,
          open: OPEN[orders.line ?? "microsoft"],
          directory: orders.directory === undefined ? undefined : join(orders.directory, deviceId),
          ...(orders.keys === undefined
            ? {}
            : { trust: { product: PRODUCT, hardware: device.revision, keys: orders.keys } }),
          onEvent: (event) => {
            send({ kind: "event", deviceId, event });
            if (event.type === "reported" || (event.type === "struck" && event.fault === "bricks"))
              arrive(deviceId);
          },
        });
        started.push(simulated);
      }),
    ),
  );
}

function deviceIdOf(connectionString: string): string {
  const deviceId = /;DeviceId=([^;]+)/.exec(connectionString)?.[1];
  if (deviceId === undefined) throw new Error("a device's connection string names no DeviceId");
  return deviceId;
}

function usage(): FleetUsage {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return { peakBytes: maxRSS * 1024, cpuMs: (userCPUTime + systemCPUTime) / 1000 };
}

function send(message: FleetMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
