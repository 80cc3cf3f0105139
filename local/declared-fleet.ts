import { readFile } from "node:fs/promises";
import type { ClockScale } from "./clock.ts";
import { compileFirmware, listFirmware } from "./firmware.ts";
import { startFleet, type Fleet, type FleetOptions } from "./fleet.ts";
import type { FleetFile } from "./fleet/fleet-file.ts";
import type { LocalHub } from "./hub/hub.ts";

/** What the devices of a fleet file are started with. */
export interface DeclaredFleetOptions extends Pick<FleetOptions, "onEvent" | "signal"> {
  readonly hub: LocalHub;
  readonly fleet: FleetFile;
  readonly clock: ClockScale;
}

const FACTORY_VERSION = "1.0.0";

/** Register the devices of a fleet file that the hub lacks, and start all of them. */
export async function startDeclaredFleet({ hub, fleet, ...rest }: DeclaredFleetOptions): Promise<Fleet> {
  const known = new Set(Array.from(hub.twins.all(), ({ deviceId }) => deviceId));
  for (const { deviceId, tags } of fleet.devices)
    if (!known.has(deviceId)) hub.createDevice({ deviceId, tags });
  const factoryImage = await imageOf(fleet.image);
  const caPem =
    fleet.caFile === undefined ? hub.caPem : `${hub.caPem}\n${await readFile(fleet.caFile, "utf8")}`;
  return startFleet({
    devices: fleet.devices.map(({ deviceId, stratum, revision, sensorLot }) => ({
      ...{ stratum, revision, sensorLot },
      connectionString: hub.deviceConnectionString(deviceId),
    })),
    ...{ line: fleet.line, profile: fleet.profile, healthTimeMs: fleet.healthSeconds * 1000 },
    ...{ caPem, factoryImage, ...rest },
  });
}

async function imageOf(path: string | undefined): Promise<Uint8Array> {
  if (path?.endsWith(".wasm") === true) return readFile(path);
  const example = (await listFirmware()).find(({ version }) => version === FACTORY_VERSION);
  const source = path ?? example?.sourceFile;
  if (source === undefined) throw new Error(`examples/firmware has no ${FACTORY_VERSION}`);
  return compileFirmware(source);
}
