import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BlobServiceClient, type StoragePipelineOptions } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startAzurite, type Azurite } from "../../local/azurite.ts";
import { scaledClock } from "../../local/clock.ts";
import { compileFirmware, listFirmware } from "../../local/firmware.ts";
import { startFleet, type Fleet, type FleetOptions } from "../../local/fleet.ts";
import type { FleetEvent } from "../../local/fleet/simulated-device.ts";
import { createCertificateAuthority, issueServerCertificate } from "../../local/hub/certificates.ts";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import type { FirmwareDesired, FirmwareReported } from "../../rollout/model/twin-contract.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";

const REALLY_SOON_MS = 25_000;
const started = Date.now();
const time = { scale: 1800, realStartMs: started, virtualStartMs: started };

let folder: string;
let hub: LocalHub;
let azurite: Azurite;
let images: ReadonlyMap<string, Uint8Array>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-fleet-"));
  const authority = await createCertificateAuthority();
  hub = await startHub({ clock: scaledClock(time), certificate: authority });
  const certificate = await issueServerCertificate(authority, ["127.0.0.1"]);
  azurite = await startAzurite({ directory: join(folder, "azurite"), certificate, caPem: hub.caPem });
  const sources = await listFirmware();
  images = new Map(
    await Promise.all(
      sources.map(async ({ version, sourceFile }) => [version, await compileFirmware(sourceFile)] as const),
    ),
  );
});
afterAll(async () => {
  await azurite.close();
  await hub.close();
  await rm(folder, { recursive: true });
});

/** A fleet of three boards in a folder of its own; one of them has the sensor that 1.2.0 cannot read. */
async function aFleet(name: string, change: Partial<FleetOptions> = {}): Promise<Fleet> {
  const boards = [
    { deviceId: `${name}-a`, revision: "A", sensorLot: 1 },
    { deviceId: `${name}-b`, revision: "B", sensorLot: 2 },
    { deviceId: `${name}-lot7`, revision: "B", sensorLot: 7 },
  ] as const;
  return startFleet({
    devices:
      change.devices ??
      boards.map(({ deviceId, ...board }) => ({
        ...board,
        connectionString: hub.createDevice({ deviceId }),
      })),
    caPem: hub.caPem,
    directory: join(folder, name),
    factoryImage: images.get("1.0.0")!,
    clock: time,
    healthTimeMs: 600_000,
    ...change,
  });
}

/** Put an image into the store and say how a device is asked to run it. */
async function offer(version: string): Promise<FirmwareDesired> {
  const image = images.get(version)!;
  // `tlsOptions` is an option of the pipeline below that this client's type does not name.
  const options: StoragePipelineOptions & { tlsOptions: { ca: string } } = { tlsOptions: { ca: hub.caPem } };
  await azurite.createPublicContainer("firmware");
  const blob = new BlobServiceClient(azurite.endpoint, azurite.credential, options)
    .getContainerClient("firmware")
    .getBlockBlobClient(`${version}.bin`);
  await blob.uploadData(image);
  return {
    fwVersion: version,
    fwPackageURI: `${azurite.endpoint}/firmware/${version}.bin`,
    fwPackageCheckValue: createHash("sha256").update(image).digest("hex"),
    fwPackageSize: image.length,
    fwManifest: "",
    fwManifestSignature: "",
    fwAccess: "public",
    rolloutId: `fw--thermostat--${version.replaceAll(".", "_")}--1`,
  };
}

async function reportedBy(deviceId: string): Promise<Partial<FirmwareReported>> {
  const { responseBody } = await connectRegistry(hub).getTwin(deviceId);
  const reported = responseBody.properties.reported as { firmware?: Partial<FirmwareReported> };
  return reported.firmware ?? {};
}

describe("the simulated fleet", () => {
  it("is ready when the hub knows what every device runs", async () => {
    await using fleet = await aFleet("ready");
    expect(fleet.connected()).toBe(3);
    expect(fleet.harmed()).toBe(0);
    for (const board of ["a", "b", "lot7"]) {
      expect(await reportedBy(`ready-${board}`)).toMatchObject({
        currentFwVersion: "1.0.0",
        fwUpdateStatus: "current",
      });
    }
  });

  it("boots what it downloads, and counts the device on which the image does not come up", async () => {
    const ends = new Map<string, string>();
    const onEvent = vi.fn((deviceId: string, event: FleetEvent) => {
      if (event.type === "reported" && ["ok", "failed"].includes(event.reported.outcome)) {
        ends.set(deviceId, `${event.reported.outcome} on ${event.reported.currentFwVersion}`);
      }
    });
    await using fleet = await aFleet("update", { onEvent });
    const firmware = await offer("1.2.0");
    const registry = connectRegistry(hub);
    for (const board of ["a", "b", "lot7"]) {
      await registry.updateTwin(`update-${board}`, { properties: { desired: { firmware } } }, "*");
    }
    await vi.waitUntil(() => ends.size === 3, REALLY_SOON_MS);
    expect(Object.fromEntries(ends)).toEqual({
      "update-a": "ok on 1.2.0",
      "update-b": "ok on 1.2.0",
      "update-lot7": "failed on 1.0.0",
    });
    expect(fleet.harmed()).toBe(1);
    expect(onEvent).toHaveBeenCalledWith(
      "update-lot7",
      expect.objectContaining({ type: "booted", version: "1.0.0" }),
    );
  });

  it("keeps each device's slots and state in a folder of its own, and goes on from them", async () => {
    {
      await using fleet = await aFleet("again");
      expect(fleet.connected()).toBe(3);
    }
    expect(await readdir(join(folder, "again"))).toEqual(["again-a", "again-b", "again-lot7"]);
    await using fleet = await aFleet("again", {
      devices: [{ connectionString: hub.deviceConnectionString("again-a"), revision: "A", sensorLot: 1 }],
      factoryImage: images.get("1.1.0")!,
    });
    expect(fleet.connected()).toBe(1);
    expect(await reportedBy("again-a")).toMatchObject({ currentFwVersion: "1.0.0" });
  });

  it("counts a device that loses its connection, and counts it again when it is back", async () => {
    await using fleet = await aFleet("lost");
    hub.dropConnection("lost-a");
    await vi.waitUntil(() => fleet.connected() === 2, REALLY_SOON_MS);
    await vi.waitUntil(() => fleet.connected() === 3, REALLY_SOON_MS);
  });

  it("ends without a word when it is closed, and closing twice is once", async () => {
    const fleet = await aFleet("closed");
    await Promise.all([fleet.close(), fleet.close()]);
    expect(await fleet.ended).toBeUndefined();
    expect(fleet.connected()).toBe(0);
  });

  it("says what a device is missing that cannot start", async () => {
    const devices = [
      { connectionString: "HostName=nowhere;SharedAccessKey=c2VjcmV0", revision: "A", sensorLot: 1 },
    ] as const;
    await expect(aFleet("broken", { devices })).rejects.toThrow(
      /cannot start a device\. Its last words: .*DeviceId/,
    );
  });

  it("ends when the process that started it is killed", async () => {
    const options = {
      devices: [{ connectionString: hub.createDevice({ deviceId: "orphan" }), revision: "A", sensorLot: 1 }],
      ...{ caPem: hub.caPem, directory: join(folder, "orphan"), clock: time, healthTimeMs: 600_000 },
      factoryImage: Buffer.from(images.get("1.0.0")!).toString("base64"),
    };
    const script = `
      import { startFleet } from "./local/fleet.ts";
      const options = JSON.parse(process.env.OPTIONS);
      await startFleet({ ...options, factoryImage: Buffer.from(options.factoryImage, "base64") });
      console.log("ready");`;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      env: { ...process.env, OPTIONS: JSON.stringify(options) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(createInterface({ input: parent.stdout }), "line");
    const connectionState = async (): Promise<string | undefined> =>
      (await connectRegistry(hub).get("orphan")).responseBody.connectionState;
    expect(await connectionState()).toBe("Connected");
    parent.kill("SIGKILL");
    await vi.waitFor(async () => {
      expect(await connectionState()).toBe("Disconnected");
    }, REALLY_SOON_MS);
  });
});
