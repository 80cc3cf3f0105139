import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { FleetMessage, FleetOrders, FleetUsage } from "./fleet-process.ts";
import type { Fault } from "./fleet/profile.ts";
import type { FleetEvent } from "./fleet/simulated-device.ts";
import { stopChild } from "./stop-child.ts";

/** What a simulated fleet is started with. */
export interface FleetOptions extends Omit<FleetOrders, "factoryImage"> {
  /** The image devices are born with. */
  readonly factoryImage: Uint8Array;
  /** Called for everything that happens on a device. */
  readonly onEvent?: (deviceId: string, event: FleetEvent) => void;
  /** Gives up while the devices are starting. */
  readonly signal?: AbortSignal;
}

/** Simulated devices in a process of their own. */
export interface Fleet extends AsyncDisposable {
  /** Devices that are connected now. */
  connected(): number;
  /**
   * Devices on which an update has failed so far, that are dead, or that reboot again and again, whatever they run by
   * now and whatever they have told anybody.
   */
  harmed(): number;
  /** Devices that each fault has struck so far. */
  struck(): Readonly<Partial<Record<Fault, number>>>;
  /** What the process of the devices has used so far. */
  usage(): Promise<FleetUsage>;
  /** Resolves when the process ends: undefined when it was closed, else what went wrong. */
  readonly ended: Promise<string | undefined>;
  close(): Promise<void>;
}

const PROCESS_FILE = fileURLToPath(new URL("./fleet-process.ts", import.meta.url));
/** 300 devices connect within some five seconds by Microsoft's SDK; a busy machine takes longer. */
const READY_LIMIT_MS = 120_000;
const READY_LIMIT_PER_DEVICE_MS = 100;
/** What a device is harmed by that does not tell it. */
const HARMFUL: readonly Fault[] = ["bricks", "flaps"];

/**
 * Start one process in which every device runs the real agent and boots real images. Resolves when all of them have
 * connected and the hub holds their first reports.
 */
export async function startFleet({ onEvent, factoryImage, signal, ...rest }: FleetOptions): Promise<Fleet> {
  signal?.throwIfAborted();
  if (rest.directory !== undefined) await mkdir(rest.directory, { recursive: true });
  // A group of its own: Ctrl-C in the terminal is for the demo, which closes its fleet when it is done with it.
  const child = spawn(process.execPath, [PROCESS_FILE], { stdio: "pipe", detached: true });
  const connected = new Set<string>();
  const harmed = new Set<string>();
  const struck = new Map<Fault, Set<string>>();
  let usageAsked: PromiseWithResolvers<FleetUsage> | undefined;
  const words: string[] = [];
  let closing = false;
  const ready = Promise.withResolvers<undefined>();
  const fail = (reason: string): void => {
    ready.reject(new Error(`The simulated fleet ${reason}. Its last words: ${words.join(" | ") || "none"}`));
  };
  const { promise: ended, resolve: end } = Promise.withResolvers<string | undefined>();

  function receive(message: FleetMessage): void {
    switch (message.kind) {
      case "ready":
        ready.resolve(undefined);
        break;
      case "failed":
        remember(words, message.message);
        fail("cannot start a device");
        break;
      case "usage":
        usageAsked?.resolve(message.usage);
        usageAsked = undefined;
        break;
      case "event": {
        const { deviceId, event } = message;
        if (event.type === "connected") connected.add(deviceId);
        if (event.type === "disconnected") connected.delete(deviceId);
        if (hasFailed(event)) harmed.add(deviceId);
        if (event.type === "struck")
          struck.set(event.fault, (struck.get(event.fault) ?? new Set()).add(deviceId));
        if (event.type === "disconnected" || event.type === "trouble")
          remember(words, `${deviceId}: ${wordsOf(event)}`);
        onEvent?.(deviceId, event);
      }
    }
  }
  createInterface({ input: child.stdout }).on("line", (line) => {
    let message: FleetMessage;
    try {
      // Written by fleet-process.ts of this very version.
      message = JSON.parse(line) as FleetMessage;
    } catch {
      // A process that ends in the middle of a line.
      return;
    }
    receive(message);
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    remember(words, line);
  });
  child.once("error", ready.reject);
  child.once("exit", (code, signal) => {
    connected.clear();
    const how = `ended with ${signal ?? `code ${code ?? "unknown"}`}`;
    fail(how);
    usageAsked?.reject(new Error(`The simulated fleet ${how}`));
    end(closing ? undefined : `the simulated fleet ${how}; its last words: ${words.join(" | ") || "none"}`);
  });
  // A process that has ended already takes no orders; its end is what is reported.
  child.stdin.on("error", () => undefined);
  const orders: FleetOrders = { ...rest, factoryImage: Buffer.from(factoryImage).toString("base64") };
  child.stdin.write(`${JSON.stringify(orders)}\n`);

  const close = (): Promise<void> => {
    closing = true;
    return stopChild(child);
  };
  const giveUp = (): void => void close();
  signal?.addEventListener("abort", giveUp, { once: true });
  const limitMs = READY_LIMIT_MS + rest.devices.length * READY_LIMIT_PER_DEVICE_MS;
  const limit = setTimeout(() => {
    fail(`has ${connected.size} of ${rest.devices.length} devices connected after ${limitMs / 1000} s`);
  }, limitMs);
  try {
    await ready.promise;
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener("abort", giveUp);
  }
  return {
    connected: () => connected.size,
    harmed: () => harmed.size,
    struck: () => Object.fromEntries([...struck].map(([fault, devices]) => [fault, devices.size])),
    usage() {
      if (child.exitCode !== null || child.signalCode !== null)
        return Promise.reject(new Error("The simulated fleet has ended"));
      usageAsked ??= Promise.withResolvers();
      child.stdin.write("usage\n");
      return usageAsked.promise;
    },
    ended,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** An image that did not come up or harms its device, or an update that failed before one was tried. */
function hasFailed(event: FleetEvent): boolean {
  if (event.type === "booted") return event.failure !== undefined;
  if (event.type === "struck") return HARMFUL.includes(event.fault);
  return event.type === "reported" && event.reported.outcome === "failed";
}

function wordsOf(event: FleetEvent & { readonly type: "disconnected" | "trouble" }): string {
  return event.type === "trouble" ? event.message : event.reason;
}

/** Keep what is said last, and not much of it. */
function remember(words: string[], said: string): void {
  words.push(said.slice(0, 300));
  if (words.length > 15) words.shift();
}
