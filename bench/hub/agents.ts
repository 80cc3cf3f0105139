import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { castDemo } from "../../local/demo-cast.ts";
import { compileFirmware, listFirmware } from "../../local/firmware.ts";
import { startFleet } from "../../local/fleet.ts";
import { startHub } from "../../local/hub/hub.ts";
import { formatMs, type Figure } from "../figure.ts";

/** The fleet of the demo, in a process of its own, until the hub holds every device's first report. */
export async function measureAgents(): Promise<Figure> {
  const directory = await mkdtemp(join(tmpdir(), "wavegate-bench-"));
  try {
    await using hub = await startHub({ throttle: "off" });
    const source = (await listFirmware()).find(({ version }) => version === "1.0.0");
    if (source === undefined) throw new Error("examples/firmware has no 1.0.0");
    const now = Date.now();
    const devices = castDemo().map(({ deviceId: id, tags, revision, sensorLot }) => ({
      connectionString: hub.createDevice({ deviceId: id, tags }),
      ...{ revision, sensorLot },
    }));
    const factoryImage = await compileFirmware(source.sourceFile);
    const started = performance.now();
    await using fleet = await startFleet({
      ...{ devices, directory, factoryImage, caPem: hub.caPem, healthTimeMs: 600_000 },
      clock: { scale: 1, realStartMs: now, virtualStartMs: now },
    });
    const measured = formatMs(performance.now() - started);
    return { what: `${fleet.connected()} devices start, connect and report, from another process`, measured };
  } finally {
    await rm(directory, { recursive: true });
  }
}
