import { startAgent, type Agent } from "../../device/agent.ts";
import type { AgentOptions } from "../../device/agent-options.ts";
import type { AgentEvent } from "../../device/agent-event.ts";
import { systemDisk } from "../../device/disk.ts";
import { wasmDriver } from "../../device/drivers/wasm/wasm-driver.ts";
import { installFactoryImage } from "../../device/drivers/wasm/factory-image.ts";
import type { OpenHubSession } from "../../device/hub-session.ts";
import type { Clock } from "../clock.ts";
import type { Fate, SimulatedBoard } from "./fate.ts";
import { faultyBoard } from "./faulty-board.ts";
import { faultyLine } from "./faulty-line.ts";
import { newLife } from "./life.ts";
import { memoryDisk } from "./memory-disk.ts";
import type { Fault } from "./profile.ts";
import type { Turnstile } from "./turnstile.ts";

/** What happens on a simulated device: what its agent knows of, and what it does not. */
export type FleetEvent =
  | AgentEvent
  /** Something is wrong with an image that has started; told at every start. */
  | { readonly type: "struck"; readonly fault: Fault; readonly version: string };

/** What a simulated device is made of. */
export interface SimulatedDeviceOptions extends Pick<
  AgentOptions,
  "connectionString" | "caPem" | "trust" | "healthTimeMs"
> {
  readonly board: SimulatedBoard;
  readonly fate: Fate;
  /** What speaks to the hub. */
  readonly open: OpenHubSession;
  /** Paces the handshakes of all devices of the process. */
  readonly turnstile: Turnstile;
  readonly clock: Clock;
  /** Directory of slots and state; default: in memory, gone when the device is closed. */
  readonly directory?: string | undefined;
  /** The image it is born with. */
  readonly factoryImage: Uint8Array;
  readonly onEvent: (event: FleetEvent) => void;
}

/** A simulated device, switched on and off as its fate has it. */
export interface SimulatedDevice {
  close(): Promise<void>;
}

const REVISION_NUMBER = { A: 1, B: 2 } as const;
const HOUR_MS = 3_600_000;
const PERIOD_MS = { daily: 24 * HOUR_MS, weekly: 7 * 24 * HOUR_MS } as const;
/** Virtual time that a device which sleeps is awake, and after which one that is busy then looks again. */
const AWAKE_MS = HOUR_MS;
const BUSY_MS = 10 * 60_000;
/** Mean virtual time between two reboots of a device that flaps. */
const FLAP_MS = 20 * 60_000;
/** Longest virtual time from `ok` to a late crash. */
const LATE_MS = 12 * HOUR_MS;

/**
 * Start a device: the real agent with real slots and WebAssembly images, and its fate around them. Resolves when it has
 * booted and begun to connect; rejects when it cannot start for a reason that is not its fate.
 */
export async function startSimulatedDevice(options: SimulatedDeviceOptions): Promise<SimulatedDevice> {
  const { board: hardware, fate, clock, factoryImage, onEvent } = options;
  const disk = options.directory === undefined ? memoryDisk() : systemDisk;
  const directory = options.directory ?? `/${hardware.deviceId}`;
  const closing = new AbortController();
  let life = newLife();
  let reboots = 0;
  let isBusy = true;

  /** Do something in the life that goes on now, unless it is over by then. */
  function later(ms: number, work: () => void): void {
    clock.sleep(ms, life.signal).then(work, () => undefined);
  }

  const board = faultyBoard({
    ...{ fate, clock, factoryImage },
    onStruck: (struck) => {
      onEvent({ type: "struck", ...struck });
      if (struck.fault === "bricks") life.end({ kind: "dead" });
      if (struck.fault === "flaps")
        later(2 * FLAP_MS * fate.chance("flap", String(reboots++)), () => {
          life.end({ kind: "reboot" });
        });
    },
  });

  function hear(event: AgentEvent): void {
    onEvent(event);
    if (event.type !== "reported") return;
    const { outcome, pendingFwVersion, currentFwVersion: version } = event.reported;
    isBusy = outcome === "contacted" || pendingFwVersion !== "";
    if (board.fault() !== "crashes-late" || outcome !== "ok") return;
    later(LATE_MS * fate.chance("crash", version), () => {
      onEvent({ type: "struck", fault: "crashes-late", version });
      board.crash(version);
      life.end({ kind: "reboot" });
    });
  }

  async function switchOn(): Promise<Agent> {
    const { connectionString, caPem, trust, healthTimeMs, open, turnstile } = options;
    const driver = wasmDriver({
      ...{ directory, disk, start: board.start },
      hardware: { revision: REVISION_NUMBER[hardware.revision], sensorLot: hardware.sensorLot },
    });
    const { downloadBytesPerSecond: bytesPerSecond } = fate;
    return startAgent({
      ...{ connectionString, healthTimeMs, clock, disk, stateDirectory: directory },
      ...(caPem === undefined ? {} : { caPem }),
      ...(trust === undefined ? {} : { trust }),
      driver: {
        ...driver,
        async apply(sha256) {
          await clock.sleep(fate.installMs);
          await driver.apply(sha256);
        },
      },
      openSession: faultyLine({ open, fate, clock, turnstile, board }),
      downloads: bytesPerSecond === undefined ? {} : { bytesPerSecond },
      onEvent: hear,
    });
  }

  /** Send a device to sleep that is not always on, until its own hour comes round. */
  function expectSleep(afterMs: number): void {
    const { connectivity } = fate;
    if (connectivity !== "daily" && connectivity !== "weekly") return;
    later(afterMs, () => {
      const periodMs = PERIOD_MS[connectivity];
      const own = fate.chance("hour") * periodMs;
      const untilMs = Math.ceil((clock.now() - own) / periodMs) * periodMs + own;
      if (isBusy) expectSleep(BUSY_MS);
      else life.end({ kind: "asleep", untilMs });
    });
  }

  async function liveOn(first: Agent): Promise<void> {
    let agent = first;
    for (;;) {
      expectSleep(AWAKE_MS);
      const end = await life.over;
      await agent.close();
      if (closing.signal.aborted || end.kind === "dead") return;
      if (end.kind === "asleep") await clock.sleep(end.untilMs - clock.now(), closing.signal);
      life = newLife();
      agent = await switchOn();
    }
  }

  await installFactoryImage({ stateDirectory: directory, image: factoryImage, disk });
  const lived = await switchOn().then(
    // In an object: a promise of a promise would be waited for to its end.
    (agent) => ({ until: liveOn(agent) }),
    (error: unknown) => {
      if (!board.isDead()) throw error;
      return { until: Promise.resolve() };
    },
  );
  const ended = lived.until.catch((error: unknown) => {
    if (closing.signal.aborted || board.isDead()) return;
    onEvent({ type: "trouble", message: error instanceof Error ? error.message : String(error) });
  });
  return {
    async close() {
      closing.abort();
      life.end({ kind: "dead" });
      await ended;
    },
  };
}
