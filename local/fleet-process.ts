/**
 * The process all simulated devices live in, started by fleet.ts. Its orders come as one line of JSON on standard
 * input, because they hold the devices' keys; what happens goes out as lines of JSON on standard output. It ends when
 * its input does: then whoever started it has closed it or is gone.
 */
import { createInterface } from "node:readline";
import { join } from "node:path";
import { startAgent, type Agent, type AgentEvent } from "../device/agent.ts";
import { wasmDriver } from "../device/drivers/wasm.ts";
import type { PinnedKey } from "../device/trust.ts";
import { installFactoryImage } from "../device/factory.ts";
import { scaledClock, type Clock, type ClockScale } from "./clock.ts";

/** One thermostat: how it signs in and what board it is. */
export interface FleetDevice {
  /** The device's own connection string, with its key. */
  readonly connectionString: string;
  readonly revision: "A" | "B";
  readonly sensorLot: number;
}

/** The first and only line on standard input. */
export interface FleetOrders {
  readonly devices: readonly FleetDevice[];
  /** Authority of the hub and of the image store. */
  readonly caPem: string;
  /** Each device keeps its slots and its state in a folder of its own in here. */
  readonly directory: string;
  /** The image devices are born with, base64. */
  readonly factoryImage: string;
  readonly clock: ClockScale;
  /** Keys whose signature the devices believe; without any they install what they are told to. */
  readonly keys?: readonly PinnedKey[];
  /** Virtual milliseconds an image must stay well to be `ok`. */
  readonly healthTimeMs: number;
}

/** A line on standard output. */
export type FleetMessage =
  /** Every device has connected and the hub has taken its first report. */
  | { readonly kind: "ready"; readonly connected: number }
  | { readonly kind: "event"; readonly deviceId: string; readonly event: AgentEvent }
  /** A device that cannot even boot: the simulation is broken and ends. */
  | { readonly kind: "failed"; readonly message: string };

/** TLS handshakes under way at a time: all at once would each take as long as all of them together. */
const CONNECTING_AT_ONCE = 12;
/** What every simulated device is. */
const PRODUCT = "thermostat";
const REVISION_NUMBER = { A: 1, B: 2 } as const;
/** Real time for goodbyes to the hub. */
const CLOSE_LIMIT_MS = 3_000;

await main();

async function main(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const agents: Agent[] = [];
  lines.once("close", () => {
    setTimeout(() => process.exit(), CLOSE_LIMIT_MS);
    void Promise.allSettled(agents.map((agent) => agent.close())).then(() => process.exit());
  });
  // Nobody is left to read it.
  process.stdout.on("error", () => process.exit());
  for await (const line of lines) {
    try {
      // Written by fleet.ts of this very version.
      await startDevices(JSON.parse(line) as FleetOrders, agents);
    } catch (error) {
      send({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** Start the devices, a few at a time, and tell when the last of them has reported. */
async function startDevices(orders: FleetOrders, agents: Agent[]): Promise<void> {
  const image = Buffer.from(orders.factoryImage, "base64");
  const clock = scaledClock(orders.clock);
  const waiting = orders.devices.entries();
  const reported = new Set<number>();
  const startNext = async (): Promise<void> => {
    for (const [index, device] of waiting) {
      await startDevice({ orders, device, image, clock, agents }, (event) => {
        if (event.type !== "reported" || reported.has(index)) return;
        reported.add(index);
        if (reported.size === orders.devices.length) send({ kind: "ready", connected: reported.size });
      });
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, startNext));
}

/** Start one device; resolves when it has connected or has failed to, which it will go on trying by itself. */
async function startDevice(
  input: {
    readonly orders: FleetOrders;
    readonly device: FleetDevice;
    readonly image: Uint8Array;
    readonly clock: Clock;
    readonly agents: Agent[];
  },
  onEvent: (event: AgentEvent) => void,
): Promise<void> {
  const { orders, device, image, clock, agents } = input;
  const deviceId = /;DeviceId=([^;]+)/.exec(device.connectionString)?.[1];
  if (deviceId === undefined) throw new Error("a device's connection string names no DeviceId");
  const stateDirectory = join(orders.directory, deviceId);
  await installFactoryImage({ stateDirectory, image });
  const { promise: firstSign, resolve } = Promise.withResolvers<undefined>();
  const agent = await startAgent({
    connectionString: device.connectionString,
    caPem: orders.caPem,
    stateDirectory,
    driver: wasmDriver({
      directory: stateDirectory,
      hardware: { revision: REVISION_NUMBER[device.revision], sensorLot: device.sensorLot },
    }),
    clock,
    healthTimeMs: orders.healthTimeMs,
    ...(orders.keys === undefined
      ? {}
      : { trust: { product: PRODUCT, hardware: device.revision, keys: orders.keys } }),
    onEvent: (event) => {
      send({ kind: "event", deviceId, event });
      onEvent(event);
      if (event.type === "reported" || event.type === "disconnected" || event.type === "reportRefused")
        resolve(undefined);
    },
  });
  agents.push(agent);
  await firstSign;
}

function send(message: FleetMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
