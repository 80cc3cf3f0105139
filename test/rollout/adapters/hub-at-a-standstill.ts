import type { HubOptions } from "../../../local/hub/hub-options.ts";
import { startHub, type LocalHub } from "../../../local/hub/hub.ts";
import { iotHub, type IotHubOptions } from "../../../rollout/adapters/iot-hub.ts";
import { connectRegistry, type Registry } from "../../../rollout/adapters/registry.ts";
import type { ConfigurationDocument } from "../../../rollout/model/configuration.ts";
import type { ClockPort, HubPort } from "../../../rollout/reconcile/ports.ts";

/** A clock that stands unless somebody waits on it. */
export interface WaitedClock extends ClockPort {
  /** Waits so far, in ms. */
  readonly waits: number[];
  /** From now on waits end by their signal alone. */
  stop(): void;
  advance(ms: number): void;
}

/** An embedded hub, throttled as an S1, and Microsoft's client, on one such clock. */
export interface Standstill extends AsyncDisposable {
  readonly hub: LocalHub;
  readonly clock: WaitedClock;
  readonly port: HubPort;
  /** Another user of the same hub, with its own pace; as an S1 unless told. */
  another(options?: Partial<IotHubOptions>): HubPort;
}

/** Start them. */
export async function hubAtAStandstill(
  options: Partial<IotHubOptions> = {},
  { clock = waitedClock(), ...hubOptions }: Omit<HubOptions, "clock"> & { readonly clock?: WaitedClock } = {},
): Promise<Standstill> {
  // The hub's own clockwork must not move the time that only waiting moves.
  const hub = await startHub({
    ...hubOptions,
    clock: { now: () => clock.now(), sleep: (_, signal) => untilAborted(signal) },
  });
  const another: Standstill["another"] = (more = {}) =>
    iotHub({ name: "test", registry: registryOf(hub), clock, tier: "S1", units: 1, ...more });
  return { hub, clock, port: another(options), another, [Symbol.asyncDispose]: () => hub.close() };
}

function registryOf(hub: LocalHub): Registry {
  return connectRegistry({
    kind: "connection string",
    connectionString: hub.serviceConnectionString,
    ca: hub.caPem,
  });
}

/** One that several hubs may share. */
export function waitedClock(): WaitedClock {
  let time = Date.UTC(2026, 0, 1);
  let isStopped = false;
  const waits: number[] = [];
  return {
    waits,
    now: () => time,
    monotonic: () => time,
    stop: () => {
      isStopped = true;
    },
    advance: (ms) => {
      time += ms;
    },
    sleep: async (ms, signal) => {
      waits.push(ms);
      if (isStopped) await untilAborted(signal);
      time += ms;
    },
  };
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const ended = (): void => {
      reject(new Error("aborted"));
    };
    if (signal?.aborted === true) ended();
    signal?.addEventListener("abort", ended, { once: true });
  });
}

/** A configuration that some device may match. */
export function aDocument(id: string): ConfigurationDocument {
  return {
    id,
    labels: { "wg-kind": "release" },
    content: { "properties.desired.firmware": { fwVersion: "1.0.0" } },
    condition: "tags.product = 'x'",
    priority: 7,
    metrics: { contacted: "SELECT deviceId FROM devices" },
  };
}
