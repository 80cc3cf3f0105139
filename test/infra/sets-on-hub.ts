import { afterEach } from "vitest";
import { deviceSetProvider } from "../../infra/devices/device-set-provider.ts";
import type { HubSize, Pace } from "../../infra/devices/hub-pace.ts";
import type { Registry } from "../../infra/devices/registry-connection.ts";
import type { Properties } from "../../infra/devices/resource-life.ts";
import { startHub, type HubOptions, type LocalHub } from "../../local/hub/hub.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";

/** Host name of the hub that sets are made on. */
export const HOST = "fleet.azure-devices.net";

/** The provider of sets, on a hub of the test's own. */
export interface SetsOnHub {
  readonly hub: LocalHub;
  readonly provider: ReturnType<typeof deviceSetProvider>;
  /** The same provider with another client of the hub, such as one that is disturbed. */
  readonly providerBy: (registry: Registry, attempts?: number) => ReturnType<typeof deviceSetProvider>;
  readonly registry: Registry;
  readonly twinTags: (deviceId: string) => Promise<unknown>;
}

let hub: LocalHub | undefined;
afterEach(async () => {
  await hub?.close();
  hub = undefined;
});

/** Start a hub; it is closed when the test ends. */
export async function startSets(
  options: HubOptions = {},
  pace?: (size: HubSize) => Pace,
): Promise<SetsOnHub> {
  const started = await startHub({ throttle: "off", ...options });
  hub = started;
  const providerBy = (registry: Registry, attempts = 5): ReturnType<typeof deviceSetProvider> =>
    deviceSetProvider({
      connect: () => Promise.resolve(registry),
      patience: { attempts: 0, waitMs: 1 },
      retries: { attempts, firstMs: 1, mostMs: 5 },
      pace: pace ?? ((): Pace => () => Promise.resolve()),
    });
  const registry = connectRegistry(started);
  return {
    hub: started,
    providerBy,
    provider: providerBy(connectRegistry(started)),
    registry,
    twinTags: async (deviceId) => (await registry.getTwin(deviceId)).responseBody.tags,
  };
}

/** Id of the so many-th device of a set. */
export const idOf = (index: number): string => `lot7-${String(index).padStart(4, "0")}`;
/** Ids of the first devices of a set. */
export const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => idOf(index));

/** Inputs of a set, as Pulumi hands them on. */
export function inputsOf(devices: readonly unknown[], changes: Properties = {}): Properties {
  return {
    hostName: HOST,
    setName: "lot-7",
    product: "thermostat",
    stratum: "rev-b",
    devices,
    __provider: "text of the provider",
    ...changes,
  };
}
