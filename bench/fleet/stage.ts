import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scaledClock } from "../../local/clock.ts";
import { compileFirmware, listFirmware } from "../../local/firmware.ts";
import type { FleetLine } from "../../local/fleet-process.ts";
import { startFleet, type Fleet } from "../../local/fleet.ts";
import type { FleetProfile } from "../../local/fleet/profile.ts";
import { createCertificateAuthority } from "../../local/hub/certificates.ts";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import { folderRecords } from "../../rollout/adapters/folder-records.ts";
import { iotHub } from "../../rollout/adapters/iot-hub.ts";
import { connectRegistry } from "../../rollout/adapters/registry.ts";
import { systemClock } from "../../rollout/adapters/clock.ts";
import type { ReconcilePorts } from "../../rollout/reconcile/reconcile.ts";
import { startImageStore, type ImageStore } from "./image-store.ts";

/** A hub, an image store and a fleet, with what a controller needs to reach them. */
export interface Stage extends AsyncDisposable {
  readonly hub: LocalHub;
  readonly store: ImageStore;
  readonly fleet: Fleet;
  readonly ports: ReconcilePorts;
  /** Devices that say they were asked to run a version which they did not run. */
  readonly asked: (version: string) => number;
  /** From the first device's start until the hub held every device's first report, real ms. */
  readonly connectMs: number;
}

/** What is set up. */
export interface StageInput {
  /** Half of them in the stratum `field-a`, on boards of revision A, half in `field-b`. */
  readonly devices: number;
  readonly line: FleetLine;
  readonly profile: FleetProfile;
  /** Virtual ms in a real one. */
  readonly scale: number;
}

/** How long an image has to stay well on a device to be `ok`, virtual. */
const HEALTH_TIME_MS = 10 * 60_000;

/** Start all of it; devices are born on 1.0.0 and live in a process of their own. */
export async function setStage({ devices, line, profile, scale }: StageInput): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "wavegate-bench-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const time = { scale, realStartMs: Date.now(), virtualStartMs: Date.UTC(2026, 0, 1) };
  const authority = await createCertificateAuthority();
  const hub = stack.use(
    await startHub({
      // As Azure does it: a burst waits. A device that is refused waits by the network's time, hours on a fast clock.
      ...{ clock: scaledClock(time), certificate: authority, throttle: "shape", tier: "S1" },
    }),
  );
  const images = new Map<string, Uint8Array>();
  for (const { version, sourceFile } of await listFirmware())
    images.set(version, await compileFirmware(sourceFile));
  const store = stack.use(await startImageStore(images, authority));
  const cast = Array.from({ length: devices }, (_, index) => {
    const revision = index % 2 === 0 ? ("A" as const) : ("B" as const);
    const stratum = `field-${revision.toLowerCase()}`;
    const deviceId = `thermostat-${String(index).padStart(5, "0")}`;
    const connectionString = hub.createDevice({
      deviceId,
      tags: { product: "thermostat", rollout: { stratum } },
    });
    return { connectionString, stratum, revision, sensorLot: 1 };
  });
  const asked = new Map<string, Set<string>>();
  const started = performance.now();
  const fleet = stack.use(
    await startFleet({
      ...{ devices: cast, line, profile, clock: time, healthTimeMs: HEALTH_TIME_MS, caPem: hub.caPem },
      factoryImage: images.get("1.0.0") ?? new Uint8Array(),
      onEvent: (deviceId, event) => {
        if (event.type !== "reported" || event.reported.pendingFwVersion === "") return;
        const { pendingFwVersion: version } = event.reported;
        asked.set(version, (asked.get(version) ?? new Set()).add(deviceId));
      },
    }),
  );
  const connectMs = performance.now() - started;
  const clock = systemClock(time);
  const registry = connectRegistry({
    ...{ kind: "connection string", connectionString: hub.serviceConnectionString, ca: hub.caPem },
  });
  const ports: ReconcilePorts = {
    hubs: [iotHub({ ...{ name: "bench", registry, clock, tier: "S1", units: 1 } })],
    records: folderRecords(join(folder, "records")),
    images: store.port,
    clock,
  };
  const lasting = stack.move();
  return {
    ...{ hub, store, fleet, ports, connectMs },
    asked: (version) => asked.get(version)?.size ?? 0,
    [Symbol.asyncDispose]: () => lasting.disposeAsync(),
  };
}
