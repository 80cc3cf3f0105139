import { readFile } from "node:fs/promises";
import type { ClockScale } from "../clock.ts";
import { compileFirmware, listFirmware } from "../firmware.ts";
import { startFleet } from "../fleet.ts";
import type { FleetFile } from "../fleet/fleet-file.ts";
import type { FleetEvent } from "../fleet/simulated-device.ts";
import type { LocalHub } from "../hub/hub.ts";

/** What the fleet beside a hub is started with. */
export interface FleetBesideOptions {
  readonly hub: LocalHub;
  readonly fleet: FleetFile;
  readonly clock: ClockScale;
  /** For people: that the devices are there, or why they are not. */
  readonly say: (line: string) => void;
  readonly onEvent: (deviceId: string, event: FleetEvent) => void;
}

const FACTORY_VERSION = "1.0.0";

/** Register the devices of a fleet file that the hub lacks, and start all of them; ends when it is disposed of. */
export function fleetBeside(options: FleetBesideOptions): AsyncDisposable {
  const { hub, fleet, say } = options;
  const closing = new AbortController();
  const known = new Set(Array.from(hub.twins.all(), ({ deviceId }) => deviceId));
  for (const { deviceId, tags } of fleet.devices)
    if (!known.has(deviceId)) hub.createDevice({ deviceId, tags });
  const running = start(options, closing.signal).catch((error: unknown) => {
    if (!closing.signal.aborted) say(error instanceof Error ? error.message : String(error));
  });
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}

/** Runs until the fleet has ended. */
async function start(options: FleetBesideOptions, signal: AbortSignal): Promise<void> {
  const { hub, fleet, clock, say, onEvent } = options;
  const factoryImage = await imageOf(fleet.image);
  const caPem =
    fleet.caFile === undefined ? hub.caPem : `${hub.caPem}\n${await readFile(fleet.caFile, "utf8")}`;
  await using running = await startFleet({
    devices: fleet.devices.map(({ deviceId, stratum, revision, sensorLot }) => ({
      ...{ stratum, revision, sensorLot },
      connectionString: hub.deviceConnectionString(deviceId),
    })),
    ...{ line: fleet.line, profile: fleet.profile, healthTimeMs: fleet.healthSeconds * 1000 },
    ...{ caPem, factoryImage, clock, signal, onEvent },
  });
  say(`${running.connected()} of ${fleet.devices.length} simulated devices are connected.`);
  signal.addEventListener("abort", () => void running.close(), { once: true });
  if (signal.aborted) return;
  const trouble = await running.ended;
  if (trouble !== undefined) say(trouble);
}

async function imageOf(path: string | undefined): Promise<Uint8Array> {
  if (path?.endsWith(".wasm") === true) return readFile(path);
  const example = (await listFirmware()).find(({ version }) => version === FACTORY_VERSION);
  const source = path ?? example?.sourceFile;
  if (source === undefined) throw new Error(`examples/firmware has no ${FACTORY_VERSION}`);
  return compileFirmware(source);
}
