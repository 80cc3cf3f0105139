import { configurationDocument } from "../../local/hub/configuration.ts";
import { createConfigurationStore } from "../../local/hub/configuration-store.ts";
import { parseConfiguration } from "../../local/hub/configuration-terms.ts";
import { createDeviceStore, type DeviceStore } from "../../local/hub/device-store.ts";
import { createEvaluator } from "../../local/hub/evaluation.ts";
import type { Configuration, ConfigurationDocument } from "../../rollout/model/configuration.ts";
import type { Digest } from "../../rollout/model/digest.ts";
import type { RolloutRecord } from "../../rollout/model/record.ts";
import type { HubPort, ImagePort } from "../../rollout/reconcile/ports.ts";
import type { ReconcilePorts } from "../../rollout/reconcile/reconcile.ts";
import { aroundCalls, type Fault } from "./world/around.ts";
import { answeringDevices, registerDevices, type Behaviour, type WorldDevice } from "./world/devices.ts";
import { bodyOf, hubPort, toConfiguration } from "./world/hub-port.ts";
import { memoryRecords } from "./world/memory-records.ts";

export type { Behaviour, WorldDevice };

/** A whole deployment in memory: the local hub's own stores and engine, records, devices that answer when told to. */
export interface World {
  readonly ports: ReconcilePorts;
  /** The one hub of the ports. */
  readonly hub: HubPort;
  readonly devices: DeviceStore;
  readonly records: Map<Digest, RolloutRecord>;
  readonly tombstones: Set<string>;
  /** Virtual epoch ms. */
  now(): number;
  advance(ms: number): void;
  /** The hub evaluates, then every device answers what it is asked. */
  settle(behave: Behaviour): void;
  /** Devices that a configuration's condition names at this moment. */
  exposed(id: string): ReadonlySet<string>;
  configuration(id: string): Configuration | undefined;
  /** A person in the portal. */
  edit(
    id: string,
    change: Partial<Pick<ConfigurationDocument, "condition" | "priority" | "labels" | "metrics">>,
  ): void;
  remove(id: string): void;
  /** Called around every effect and read: throw to crash there, wait to let others go first. */
  fault: Fault;
}

/** Build a world of devices that were born with one version. */
export function createWorld(input: {
  readonly devices: readonly WorldDevice[];
  readonly version: string;
  readonly images: ReadonlyMap<string, { sha256: string; size: number }>;
  /** The hub's name in the settings; default `memory`. */
  readonly hub?: string;
}): World {
  let time = Date.UTC(2026, 0, 1);
  let monotonic = 0;
  const clock = { now: () => time, sleep: () => Promise.resolve() };
  const devices = createDeviceStore({ clock, maxDevices: 1_000_000 });
  const configurations = createConfigurationStore({
    clock,
    maxConfigurations: 100,
    onChange: () => undefined,
  });
  const evaluate = createEvaluator({ devices, configurations, onDelete: "remove" });
  registerDevices(devices, input);
  const answer = answeringDevices(devices, () => time);
  const around = aroundCalls(() => world.fault);
  const hub = hubPort({ name: input.hub ?? "memory", devices, configurations, around });
  const { port, records, tombstones } = memoryRecords(around);
  const images: ImagePort = {
    base: "https://images.test/firmware",
    describe: (path) => around("describe image", () => input.images.get(path)),
  };
  const clockPort = { now: () => time, monotonic: () => (monotonic += 1), sleep: () => Promise.resolve() };

  const world: World = {
    ports: { hubs: [hub], records: port, images, clock: clockPort },
    hub,
    devices,
    records,
    tombstones,
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
    settle: (behave) => {
      evaluate();
      for (const device of devices.all()) answer(device.deviceId, behave);
      evaluate();
    },
    exposed: (id) => {
      const found = configurations.all().find((configuration) => configuration.id === id);
      return new Set(
        [...devices.all()]
          .filter((device) => found?.target.isTarget(device) === true)
          .map(({ deviceId }) => deviceId),
      );
    },
    configuration: (id) => {
      const found = configurations.all().find((configuration) => configuration.id === id);
      return found === undefined ? undefined : toConfiguration(configurationDocument(found));
    },
    edit: (id, change) => {
      const found = world.configuration(id);
      if (found === undefined) throw new Error(`no configuration ${id}`);
      configurations.update(parseConfiguration(id, bodyOf({ ...found, ...change })), {
        etag: "*",
        isQuoted: true,
      });
    },
    remove: (id) => {
      configurations.remove(id, undefined);
    },
    fault: () => undefined,
  };
  return world;
}
