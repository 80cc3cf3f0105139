import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startImageStore } from "../../../bench/fleet/image-store.ts";
import { scaledClock } from "../../../local/clock.ts";
import { startFleet, type Fleet } from "../../../local/fleet.ts";
import { chanceOf } from "../../../local/fleet/chance.ts";
import { FAULTS, type FleetProfile } from "../../../local/fleet/profile.ts";
import type { FleetEvent } from "../../../local/fleet/simulated-device.ts";
import { createCertificateAuthority, type CertificateAuthority } from "../../../local/hub/certificates.ts";
import { startHub, type LocalHub } from "../../../local/hub/hub.ts";
import type { FirmwareReported } from "../../../rollout/model/twin-contract.ts";
import { firmwareImage, type FirmwareImage } from "../../device/firmware-images.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";

const SOON_MS = 25_000;
const SEED = 1;
const HEALTH_TIME_MS = 600_000;

let authority: CertificateAuthority;
let born: FirmwareImage;
let next: FirmwareImage;
beforeAll(async () => {
  authority = await createCertificateAuthority();
  born = await firmwareImage("1.0.0");
  next = await firmwareImage("1.1.0");
});

interface Scene extends AsyncDisposable {
  readonly hub: LocalHub;
  readonly fleet: Fleet;
  /** Ask every device to run 1.1.0. */
  readonly ask: () => Promise<void>;
  readonly reported: (deviceId: string) => Partial<FirmwareReported>;
}

/** A hub and a fleet of light devices, each a stratum of its own, on a clock so many times faster. */
async function aScene(input: {
  readonly scale: number;
  readonly profiles: FleetProfile["strata"];
  readonly deviceIds?: Readonly<Record<string, string>>;
  readonly onEvent?: (deviceId: string, event: FleetEvent) => void;
}): Promise<Scene> {
  const { scale, profiles, deviceIds = {}, onEvent } = input;
  const time = { scale, realStartMs: Date.now(), virtualStartMs: Date.UTC(2026, 0, 1) };
  const hub = await startHub({ clock: scaledClock(time), certificate: authority, throttle: "off" });
  const store = await startImageStore(new Map([[next.version, next.bytes]]), authority);
  const idOf = (stratum: string): string => deviceIds[stratum] ?? stratum;
  const strata = Object.keys(profiles);
  const fleet = await startFleet({
    devices: strata.map((stratum) => ({
      connectionString: hub.createDevice({ deviceId: idOf(stratum) }),
      ...{ stratum, revision: "A", sensorLot: 1 },
    })),
    ...{ line: "light", profile: { seed: SEED, strata: profiles }, clock: time },
    ...{ caPem: authority.certPem, factoryImage: born.bytes, healthTimeMs: HEALTH_TIME_MS },
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  return {
    hub,
    fleet,
    async ask() {
      const { path, sha256, size } = store.artifactOf(next.version);
      const firmware = {
        ...{ fwVersion: next.version, fwPackageURI: `${store.port.base}/${path}`, fwPackageSize: size },
        ...{ fwPackageCheckValue: sha256, fwManifest: "", fwManifestSignature: "", rolloutId: "r" },
      };
      const registry = connectRegistry(hub);
      for (const stratum of strata)
        await registry.updateTwin(idOf(stratum), { properties: { desired: { firmware } } }, "*");
    },
    reported: (stratum) =>
      // What our own agent reports.
      (hub.twins.get(idOf(stratum)).reported.value["firmware"] ?? {}) as Partial<FirmwareReported>,
    async [Symbol.asyncDispose]() {
      await fleet.close();
      await hub.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

describe("a device that is struck by a fault", () => {
  let scene: Scene;
  const boots = new Map<string, number>();
  beforeAll(async () => {
    // A late crash that comes early enough for a test.
    const early = Array.from({ length: 1000 }, (_, index) => `crashing-${index}`).find(
      (id) => chanceOf(SEED, id, "crash", "1.1.0") < 0.04,
    )!;
    scene = await aScene({
      scale: 1800,
      profiles: Object.fromEntries(
        [...FAULTS, undefined].map((fault) => [
          fault ?? "good",
          { bootSeconds: 10, faults: fault === undefined ? [] : [{ fault, share: 1 }] },
        ]),
      ),
      deviceIds: { "crashes-late": early },
      onEvent: (deviceId, event) => {
        if (event.type === "booted") boots.set(deviceId, (boots.get(deviceId) ?? 0) + 1);
      },
    });
    await scene.ask();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  it.each([
    ["good", { outcome: "ok", currentFwVersion: "1.1.0" }],
    ["self-test-fails", { outcome: "failed", errorCode: "SELF_TEST_FAILED", currentFwVersion: "1.0.0" }],
    ["hangs", { outcome: "failed", errorCode: "HUNG", currentFwVersion: "1.0.0" }],
    ["crashes-late", { outcome: "failed", errorCode: "BOOT_FAILED", currentFwVersion: "1.0.0" }],
    ["runs-old-says-new", { outcome: "ok", currentFwVersion: "1.1.0" }],
    ["runs-old-says-ok", { outcome: "ok", currentFwVersion: "1.0.0" }],
  ])("is seen by the hub as it should be: %s", async (stratum, expected) => {
    await vi.waitFor(() => {
      expect(scene.reported(stratum)).toMatchObject(expected);
    }, SOON_MS);
  });

  it("is never heard of again when it is bricked, and no more when it has gone silent", async () => {
    await vi.waitUntil(() => (scene.fleet.struck()["goes-silent"] ?? 0) === 1, SOON_MS);
    await vi.waitUntil(() => (scene.fleet.struck().bricks ?? 0) === 1, SOON_MS);
    for (const stratum of ["bricks", "goes-silent"])
      expect(scene.reported(stratum)).toMatchObject({ outcome: "contacted", fwUpdateStatus: "rebooting" });
    const connection = async (deviceId: string): Promise<string> =>
      String((await connectRegistry(scene.hub).get(deviceId)).responseBody.connectionState);
    await vi.waitFor(async () => {
      expect(await connection("bricks")).toBe("Disconnected");
    }, SOON_MS);
    expect(await connection("goes-silent")).toBe("Connected");
  });

  it("reboots again and again when it flaps", async () => {
    await vi.waitUntil(() => (boots.get("flaps") ?? 0) >= 5, SOON_MS);
  });

  it("is counted, and harmed unless it only lies or keeps silent", async () => {
    await vi.waitFor(() => {
      expect(scene.fleet.struck()).toEqual(Object.fromEntries(FAULTS.map((fault) => [fault, 1])));
      expect(scene.fleet.harmed()).toBe(5);
    }, SOON_MS);
  });
});

describe("a device that is not always there", () => {
  it("connects, goes away, comes back as its profile has it, and hears then what was asked meanwhile", async () => {
    const heard = new Map<string, string[]>();
    await using scene = await aScene({
      scale: 20_000,
      profiles: {
        daily: { connectivity: { daily: 1 } },
        flaky: { connectivity: { flaky: 1 } },
        dead: { connectivity: { dead: 1 } },
      },
      onEvent: (deviceId, { type }) => {
        if (type === "connected" || type === "disconnected")
          heard.set(deviceId, [...(heard.get(deviceId) ?? []), type]);
      },
    });
    const away = (deviceId: string): boolean => heard.get(deviceId)?.at(-1) === "disconnected";
    await vi.waitUntil(() => away("daily"), SOON_MS);
    await scene.ask();
    expect(scene.reported("daily")).toMatchObject({ currentFwVersion: "1.0.0" });
    for (const deviceId of ["daily", "flaky"])
      await vi.waitFor(() => {
        expect(scene.reported(deviceId)).toMatchObject({ outcome: "ok", currentFwVersion: "1.1.0" });
        expect(heard.get(deviceId)?.slice(0, 3)).toEqual(["connected", "disconnected", "connected"]);
      }, SOON_MS);
    expect(heard.has("dead")).toBe(false);
    expect(scene.reported("dead")).toEqual({});
  });
});
