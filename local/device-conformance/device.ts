import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { HubLogEntry, LocalHub } from "../hub/hub.ts";
import { startProgram, type RunningProgram } from "./device-program.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import { SECTION, type Block } from "./twin-block.ts";

/** A device at the kit's hub, whoever made it. */
export interface Device extends AsyncDisposable {
  readonly deviceId: string;
  readonly connectionString: string;
  /** What happens to it; a new one for every scenario. */
  readonly timeline: () => Timeline;
  readonly startTimeline: () => Timeline;
  /** How its block stands in the twin. */
  readonly block: () => Block;
  /** A log entry of the hub that is about it. */
  readonly hear: (entry: HubLogEntry) => void;
  /** SHA-256 of the images it could run: those it was served whole, and what it was born with. */
  readonly had: Set<string>;
  /** Absent where the kit does not start the device. */
  readonly power?: {
    readonly on: (variables?: Readonly<Record<string, string>>) => void;
    readonly cut: () => Promise<void>;
    readonly lastWords: () => readonly string[];
  };
}

/** How the kit starts devices of its own. */
export interface Supply {
  readonly command: readonly string[];
  /** Folder for the devices' folders. */
  readonly folder: string;
  /** Variables all devices get. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A device program that ends by itself is started again so often in one scenario. */
const MOST_RESTARTS = 10;
const RESTART_MS = 500;

/** Register a device; with a supply it can be switched on. */
export async function createDevice(hub: LocalHub, supply: Supply | undefined): Promise<Device> {
  const deviceId = `conformance-${randomBytes(4).toString("hex")}`;
  const connectionString = hub.createDevice({ deviceId });
  let timeline = createTimeline();
  let version = hub.twins.get(deviceId).reported.version;
  const tell: Timeline["add"] = (happening) => {
    timeline.add(happening);
  };
  const block = (): Block => {
    const section: unknown = hub.twins.get(deviceId).reported.value[SECTION];
    return typeof section === "object" && section !== null ? section : {};
  };
  const power =
    supply === undefined ? undefined : await powerOf({ deviceId, connectionString, supply, tell });
  return {
    deviceId,
    connectionString,
    timeline: () => timeline,
    startTimeline: () => (timeline = createTimeline()),
    block,
    had: new Set(),
    ...(power === undefined ? {} : { power }),
    hear: (entry) => {
      if (entry.event === "connection") {
        const kind = { accepted: "connected", closed: "disconnected", refused: "connectionRefused" } as const;
        tell({ kind: kind[entry.outcome] });
      } else if (entry.event === "device operation" && entry.operation === "twinReads") {
        tell({ kind: "twinRead", status: entry.status });
      } else if (entry.event === "device operation" && entry.operation === "reports") {
        // A report whose answer was lost took effect all the same.
        const { version: now } = hub.twins.get(deviceId).reported;
        if (now > version) tell({ kind: "report", block: block() });
        if (now === version || entry.status !== 204) tell({ kind: "reportRefused", status: entry.status });
        version = now;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await power?.cut();
    },
  };
}

async function powerOf(input: {
  readonly deviceId: string;
  readonly connectionString: string;
  readonly supply: Supply;
  readonly tell: Timeline["add"];
}): Promise<NonNullable<Device["power"]>> {
  const { deviceId, connectionString, supply, tell } = input;
  const folder = join(supply.folder, deviceId);
  await mkdir(folder, { recursive: true });
  let program: RunningProgram | undefined;
  let restarts = 0;

  function on(variables: Readonly<Record<string, string>> = {}): void {
    tell({ kind: "poweredOn" });
    const started = startProgram(supply.command, {
      ...supply.variables,
      IOTHUB_DEVICE_CONNECTION_STRING: connectionString,
      DEVICE_STATE_DIR: folder,
      ...variables,
    });
    program = started;
    void started.ended.then(async (how) => {
      if (program !== started) return;
      tell({ kind: "ended", how: [how, ...started.lastWords().slice(-3)].join(" | ") });
      await delay(RESTART_MS);
      if (program === started && (restarts += 1) <= MOST_RESTARTS) on(variables);
    });
  }

  return {
    on,
    cut: async () => {
      const running = program;
      program = undefined;
      if (running === undefined) return;
      tell({ kind: "powerCut" });
      await running.kill();
    },
    lastWords: () => program?.lastWords() ?? [],
  };
}
