import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startAgent } from "../../device/agent.ts";
import type { AgentEvent } from "../../device/agent-event.ts";
import type { DeviceClock } from "../../device/clock.ts";
import { wasmDriver } from "../../device/drivers/wasm/wasm-driver.ts";
import { installFactoryImage } from "../../device/drivers/wasm/factory-image.ts";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import { blobImages } from "../../rollout/adapters/blob-images.ts";
import { systemClock } from "../../rollout/adapters/clock.ts";
import { folderRecords } from "../../rollout/adapters/folder-records.ts";
import { iotHub } from "../../rollout/adapters/iot-hub.ts";
import { connectRegistry } from "../../rollout/adapters/registry.ts";
import type { FirmwareReported } from "../../rollout/model/twin-contract.ts";
import { checkDeclarations } from "../../rollout/plan/check-declarations.ts";
import type { ImageKeys } from "../../rollout/reconcile/ports.ts";
import { reconcile, type ReconcilePorts } from "../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../rollout/reconcile/stop-release.ts";
import { defineFleet, percent, ring } from "../../rollout/wavegate.ts";
import { firmwareImage, type FirmwareImage } from "../device/firmware-images.ts";
import { temporaryDirectory } from "../device/temporary-directory.ts";
import { startBlobStorage, type BlobStorage } from "../support/blob-storage.ts";
import { aRelease } from "../support/declarations.ts";

// The real agent, Microsoft's SDKs, an embedded hub and a blob container that nobody reads without a token.

const HOUR = 3_600_000;
let storage: BlobStorage;
let hub: LocalHub;
let old: FirmwareImage;
let fresh: FirmwareImage;
beforeAll(async () => {
  storage = await startBlobStorage();
  await storage.azurite.createContainer("firmware");
  // It evaluates when it is told to, and at no other time.
  const clock = { now: () => Date.now(), sleep: (_: number, signal?: AbortSignal) => untilAborted(signal) };
  hub = await startHub({ throttle: "off", clock });
  old = await firmwareImage("1.0.0");
  fresh = await firmwareImage("1.1.0");
  for (const image of [old, fresh])
    await storage.container("firmware").getBlockBlobClient(pathOf(image)).uploadData(image.bytes);
});
afterAll(async () => {
  await hub.close();
  await storage[Symbol.asyncDispose]();
});

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener("abort", () => {
      resolve();
    });
  });
}

function pathOf({ sha256 }: FirmwareImage): string {
  return `sha256/${sha256}.bin`;
}

/** A clock that stands in 1970 but for its waits, which take no time. */
function brokenClock(): DeviceClock {
  let now = 0;
  return {
    now: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
}

/** What happened on a device of a product of its own, in a ring. */
interface Device {
  readonly deviceId: string;
  readonly directory: string;
  readonly events: readonly AgentEvent[];
  reported(what: Partial<FirmwareReported>): Promise<FirmwareReported>;
  restart(): Promise<void>;
  keys(): Promise<Readonly<Record<string, string>> | undefined>;
}

async function startDevice(deviceId: string, product: string, ringName = "canary"): Promise<Device> {
  const bucket = 1;
  const connectionString = hub.createDevice({
    deviceId,
    tags: { product, rollout: { bucket, ring: ringName } },
  });
  const directory = await temporaryDirectory();
  await installFactoryImage({ stateDirectory: directory, image: old.bytes });
  const events: AgentEvent[] = [];
  const start = (): ReturnType<typeof startAgent> =>
    startAgent({
      connectionString,
      caPem: `${hub.caPem}\n${storage.caPem}`,
      stateDirectory: directory,
      driver: wasmDriver({ directory, hardware: { revision: 1, sensorLot: 1 } }),
      clock: brokenClock(),
      healthTimeMs: 10,
      onEvent: (event) => events.push(event),
    });
  let agent = await start();
  onTestFinished(() => agent.close());
  const matches = (event: AgentEvent, what: object): boolean =>
    event.type === "reported" &&
    Object.entries(what).every(([name, value]) => Reflect.get(event.reported, name) === value);
  const device: Device = {
    deviceId,
    directory,
    events,
    async reported(what) {
      await expect.poll(() => events.some((event) => matches(event, what))).toBe(true);
      const event = events.find((one) => matches(one, what));
      if (event?.type !== "reported") throw new Error("not a report");
      return event.reported;
    },
    async restart() {
      await agent.close();
      events.length = 0;
      agent = await start();
    },
    async keys() {
      const registry = registryOf();
      const { responseBody } = await registry.getTwin(deviceId);
      const { desired } = responseBody.properties as { desired: { firmwareAccess?: Record<string, string> } };
      return desired.firmwareAccess;
    },
  };
  // A baseline is adopted once devices say that they run it.
  await device.reported({ currentFwVersion: "1.0.0" });
  return device;
}

function registryOf(): ReturnType<typeof connectRegistry> {
  return connectRegistry({
    kind: "connection string",
    connectionString: hub.serviceConnectionString,
    ca: hub.caPem,
  });
}

type Sign = ImageKeys["sign"];

/** A controller of one product, with a clock that can be moved on and a store whose keys can be spoiled. */
interface Controller {
  readonly ports: ReconcilePorts;
  /** Folder of the records. */
  readonly records: string;
  /** Runs until nothing is left to do; the hub evaluates after it. */
  run(): Promise<unknown>;
  abort(): Promise<void>;
  advance(ms: number): void;
  /** Where keys come from instead of the store; the store itself, when nothing is given. */
  spoil(sign?: Sign): void;
}

async function aController(product: string): Promise<Controller> {
  const artifactOf = (image: FirmwareImage): object => ({
    path: pathOf(image),
    sha256: image.sha256,
    size: image.bytes.length,
    manifest: "",
    signature: "",
  });
  const release = {
    ...aRelease("1.1.0"),
    product,
    artifact: artifactOf(fresh),
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
  };
  const adopt = { version: "1.0.0", artifact: artifactOf(old) };
  const fleet = { products: { [product]: { access: "on-demand", adopt } } } as Parameters<
    typeof defineFleet
  >[0];
  const { products } = checkDeclarations({
    fleet: { value: defineFleet(fleet), file: "fleet.ts" },
    releases: [{ value: release, file: "release.ts" }],
  });
  const declared = products[0]!;
  expect(declared.problems).toEqual([]);
  let offset = 0;
  const real = systemClock();
  const clock = { ...real, now: () => real.now() + offset };
  const records = await temporaryDirectory();
  const images = storeOf();
  let sign: Sign | undefined;
  const keys: ImageKeys = { ...images.keys, sign: (paths) => (sign ?? images.keys.sign)(paths) };
  const ports: ReconcilePorts = {
    hubs: [iotHub({ name: "plant", registry: registryOf(), clock, tier: "S3", units: 10 })],
    records: folderRecords(records),
    images: { ...images, keys },
    clock,
  };
  return {
    ports,
    records,
    advance: (ms) => {
      offset += ms;
    },
    spoil: (instead) => {
      sign = instead;
    },
    run: async () => {
      const done: unknown[] = [];
      for (;;) {
        const result = await reconcile(declared, ports, { actor: "test", queryLagMs: 0 });
        expect(result.problems).toBeUndefined();
        done.push(result);
        if (result.steps.length === 0) break;
      }
      hub.evaluateNow();
      return done;
    },
    abort: async () => {
      await stopRelease({ kind: "abort", product, actor: "test", reason: "smoke" }, ports);
      hub.evaluateNow();
    },
  };
}

function storeOf(change: { readonly accessLifeMs?: number } = {}): ReturnType<typeof blobImages> {
  const { endpoint, credential } = storage.azurite;
  return blobImages({ base: `${endpoint}/firmware`, credential, ca: storage.caPem, ...change });
}

/** A device for the second wave, which never says a word. */
function silentDevice(deviceId: string, product: string): void {
  hub.createDevice({ deviceId, tags: { product, rollout: { bucket: 2 } } });
}

/** Every file below a folder, as one text. */
async function textOf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const texts = names.map(async (name) => {
    const file = join(folder, name);
    return (await stat(file)).isFile() ? readFile(file, "latin1") : "";
  });
  return (await Promise.all(texts)).join("\n");
}

describe("images that open with keys", () => {
  it("reach the devices that want them, and only those see a key, for as long", async () => {
    const wanting = await startDevice("wanting", "valve");
    const idle = await startDevice("idle", "valve", "late");
    const stranger = await startDevice("stranger", "press");
    const controller = await aController("valve");
    const done = await controller.run();
    const waiting = await wanting.reported({ fwSource: "wanted" });
    expect(waiting).toMatchObject({
      fwUpdateStatus: "downloading",
      pendingFwVersion: "1.1.0",
      outcome: "contacted",
    });
    expect(waiting.fwUpdateSubstatus).toMatch(/^waits for access to \d+ bytes$/);
    expect(await wanting.keys()).toBeUndefined();
    const reports = hub.calls().devices.reports;
    hub.evaluateNow();
    // The image may be there and the key gone before anybody could look: the device tells what it did.
    const end = await wanting.reported({ outcome: "ok" });
    expect(end).toMatchObject({ currentFwVersion: "1.1.0", fwSource: "" });
    // contacted and downloading came before: five in all.
    expect(hub.calls().devices.reports - reports).toBe(3);
    hub.evaluateNow();
    for (const device of [wanting, idle, stranger]) expect(await device.keys()).toBeUndefined();
    for (const device of [idle, stranger])
      expect(device.events.some((event) => event.type === "reported" && event.reported.fwSource !== "")).toBe(
        false,
      );
    const told = JSON.stringify([done, wanting.events, await controller.ports.hubs[0]?.list()]);
    const kept = [await textOf(controller.records), await textOf(wanting.directory)].join();
    expect(told).toContain("***");
    expect(`${told}${kept}`).not.toMatch(/sig=|skoid/);
    // Without its query the address stays shut.
    const { responseBody } = await registryOf().getConfigurations();
    const stored = JSON.stringify(responseBody.filter(({ id }) => id.startsWith("fw--valve")));
    expect(stored).toContain("on-demand");
    expect(stored).not.toContain("sig=");
  });

  it("are waited for through keys that have expired or open another image, and fetched with the renewed one", async () => {
    const device = await startDevice("patient", "pump");
    silentDevice("silent-pump", "pump");
    const controller = await aController("pump");
    controller.spoil((paths) => storeOf({ accessLifeMs: 1 }).keys.sign(paths));
    await controller.run();
    await device.reported({ fwSource: "wanted" });
    hub.evaluateNow();
    await expect.poll(async () => (await device.keys())?.[fresh.sha256]).toMatch(/sig=/);
    const expired = (await device.keys())?.[fresh.sha256];
    // Half of their life is over: the controller does not know that they are good for nothing, and renews them.
    controller.spoil(async (paths) => {
      const keys = await storeOf().keys.sign(paths);
      // Each image gets another one's key.
      return new Map(paths.map((path, index) => [path, keys.get(paths[(index + 1) % paths.length]!)!]));
    });
    controller.advance(12 * HOUR);
    await controller.run();
    await expect.poll(async () => (await device.keys())?.[fresh.sha256]).not.toBe(expired);
    // A power cut loses the key and nothing else: no contact, no failure, no new request.
    const { contactedAt } = await device.reported({ fwSource: "wanted" });
    await device.restart();
    expect(await device.reported({ fwSource: "wanted" })).toMatchObject({
      outcome: "contacted",
      contactedAt,
    });
    controller.spoil();
    controller.advance(12 * HOUR);
    await controller.run();
    const end = await device.reported({ outcome: "ok" });
    expect(end).toMatchObject({ currentFwVersion: "1.1.0", errorCode: "", contactedAt });
  });

  it("are there for the way back: the baseline's too", async () => {
    const device = await startDevice("returning", "fan");
    silentDevice("silent-fan", "fan");
    const controller = await aController("fan");
    await controller.run();
    await device.reported({ fwSource: "wanted" });
    // The stop comes while it waits, and a device that has nothing yet goes back to what it runs.
    await controller.abort();
    await device.reported({ outcome: "ok-already", currentFwVersion: "1.0.0", fwSource: "" });
    const { configurations } = await controller.ports.hubs[0]!.list();
    const grant = configurations.find(({ id }) => id.startsWith("wg-access--fan--"));
    expect(Object.keys(grant?.content["properties.desired.firmwareAccess"] as object)).toContain(old.sha256);
  });
});
