import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { bucketOf } from "../../rollout/model/bucket.ts";
import type { FirmwareReported } from "../../rollout/model/twin-contract.ts";
import { deviceLog } from "../../rollout/adapters/device-log.ts";
import { connectRegistry as serviceRegistry, type Registry } from "../../rollout/adapters/registry.ts";
import type { Agent } from "../../device/agent.ts";
import type { AgentOptions } from "../../device/agent-options.ts";
import type { AgentEvent } from "../../device/agent-event.ts";
import { startAgent } from "../../device/agent.ts";
import { systemClock } from "../../device/clock.ts";
import type { Hardware } from "../../device/drivers/wasm/wasm-image.ts";
import { wasmDriver } from "../../device/drivers/wasm/wasm-driver.ts";
import { installFactoryImage } from "../../device/drivers/wasm/factory-image.ts";
import { createCertificateAuthority } from "../../local/hub/certificates.ts";
import type { CertificateAuthority } from "../../local/hub/certificates.ts";
import type { LocalHub } from "../../local/hub/hub.ts";
import { startHub } from "../../local/hub/hub.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";
import type { FirmwareImage } from "./firmware-images.ts";
import { firmwareImage } from "./firmware-images.ts";
import type { ImageServer } from "./image-server.ts";
import { startImageServer } from "./image-server.ts";
import { startMuteHub } from "./mute-hub.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

let authority: CertificateAuthority;
let hub: LocalHub;
const images = new Map<string, FirmwareImage>();
beforeAll(async () => {
  authority = await createCertificateAuthority();
  hub = await startHub({ certificate: authority, throttle: "off" });
  for (const version of ["1.0.0", "1.1.0", "1.2.0"] as const)
    images.set(version, await firmwareImage(version));
});
afterAll(() => hub.close());

let devices = 0;

/** A device of the running hub, with what it has told so far. */
interface Bench {
  readonly deviceId: string;
  readonly events: AgentEvent[];
  readonly agent: () => Agent;
  readonly desire: (firmware: unknown) => Promise<void>;
  /** Resolves with the event when one satisfies the condition, at once when one has. */
  readonly seen: (what: (event: AgentEvent) => boolean) => Promise<AgentEvent>;
  readonly reported: (what: Partial<FirmwareReported>) => Promise<FirmwareReported>;
  readonly reports: () => FirmwareReported[];
  readonly restart: () => Promise<void>;
  readonly twinReported: () => Promise<unknown>;
}

async function startDevice(
  change: Partial<AgentOptions> & { readonly hardware?: Hardware; readonly hub?: LocalHub } = {},
): Promise<Bench> {
  const { hardware = { revision: 1, sensorLot: 1 }, hub: at = hub, ...options } = change;
  const deviceId = `device-${++devices}`;
  const connectionString = at.createDevice({ deviceId });
  const directory = await temporaryDirectory();
  await installFactoryImage({ stateDirectory: directory, image: images.get("1.0.0")!.bytes });
  const registry = connectRegistry(at);
  const events: AgentEvent[] = [];
  const listeners = new Set<() => void>();
  const start = (): Promise<Agent> =>
    startAgent({
      connectionString,
      caPem: authority.certPem,
      stateDirectory: directory,
      driver: wasmDriver({ directory, hardware }),
      clock: systemClock,
      healthTimeMs: 10,
      longestRetryMs: 500,
      onEvent(event) {
        events.push(event);
        for (const listener of listeners) listener();
      },
      ...options,
    });
  let agent = await start();
  onTestFinished(() => agent.close());

  const seen: Bench["seen"] = (what) =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = events.find(what);
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
    });
  const matches = (one: FirmwareReported, what: object): boolean =>
    Object.entries(what).every(([name, value]) => Reflect.get(one, name) === value);

  return {
    deviceId,
    events,
    agent: () => agent,
    seen,
    async desire(firmware) {
      await registry.updateTwin(deviceId, { properties: { desired: { firmware } } }, "*");
    },
    async reported(what) {
      const event = await seen((one) => one.type === "reported" && matches(one.reported, what));
      if (event.type !== "reported") throw new Error("not a report");
      return event.reported;
    },
    reports: () => events.flatMap((event) => (event.type === "reported" ? [event.reported] : [])),
    async restart() {
      await agent.close();
      events.length = 0;
      agent = await start();
    },
    async twinReported() {
      const { responseBody } = await registry.getTwin(deviceId);
      const { reported } = responseBody.properties as { readonly reported: { readonly firmware?: unknown } };
      return reported.firmware;
    },
  };
}

function serveImages(bytesOf: (version: string) => Uint8Array): Promise<ImageServer> {
  return startImageServer((request, response) => {
    response.end(bytesOf(request.url?.slice(1) ?? ""));
  }, authority);
}

function asked(server: ImageServer, version: string, change: object = {}): object {
  const image = images.get(version)!;
  return {
    fwVersion: version,
    fwPackageURI: server.uri(`/${version}`),
    fwPackageCheckValue: image.sha256,
    fwPackageSize: image.bytes.length,
    fwManifest: "",
    fwManifestSignature: "",
    rolloutId: `fw--thermostat--${version.replaceAll(".", "-")}--1`,
    ...change,
  };
}

const genuine = (version: string): Uint8Array => images.get(version)!.bytes;

describe("an agent at a hub", () => {
  it("tells its bucket, its boot and what it runs, before any rollout", async () => {
    const device = await startDevice();
    await device.reported({ currentFwVersion: "1.0.0" });
    expect(await device.twinReported()).toMatchObject({
      currentFwVersion: "1.0.0",
      bucket: bucketOf(device.deviceId),
      bootId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      rolloutId: "",
      outcome: "",
      fwUpdateStatus: "current",
    });
  });

  it("downloads by way of its mirrors, and refuses one that is not https before it starts", async () => {
    const store = await serveImages(genuine);
    const mirror = await serveImages(genuine);
    const device = await startDevice({ downloads: { mirrors: [mirror.uri("")], spreadMs: 50 } });
    await device.desire(asked(store, "1.1.0"));
    await device.reported({ outcome: "ok" });
    expect([mirror.requests, store.requests]).toEqual([["/1.1.0"], []]);
    await expect(startDevice({ downloads: { mirrors: ["http://mirror.example/"] } })).rejects.toThrow(
      "the mirror http://mirror.example/ is not an https address",
    );
  });

  it("does not start by times that are none, and names all of them", async () => {
    const starting = startDevice({
      healthTimeMs: NaN,
      longestRetryMs: 0,
      downloads: { bytesPerSecond: -1, spreadMs: -1 },
    });
    await expect(starting).rejects.toThrow(
      "the agent cannot start: healthTimeMs is NaN; downloads.spreadMs is -1; longestRetryMs is 0; downloads.bytesPerSecond is -1",
    );
  });

  it("downloads, boots and proves a new image, in five reports as the hub counts them", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice();
    await device.reported({ currentFwVersion: "1.0.0" });
    const before = hub.calls().devices.reports;
    await device.desire(asked(server, "1.1.0"));
    const end = await device.reported({ outcome: "ok" });
    expect(end).toMatchObject({ currentFwVersion: "1.1.0", fromVersion: "1.0.0", fwHealth: "healthy" });
    expect(device.agent().version()).toBe("1.1.0");
    expect(hub.calls().devices.reports - before).toBe(5);
    expect(await device.twinReported()).toMatchObject({ ...end });
    expect(Math.abs(end.contactedAt - Date.now() / 1000)).toBeLessThan(60);
  });

  it("falls back on the board that the new image fails on, and runs the old one", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice({ hardware: { revision: 2, sensorLot: 7 } });
    await device.desire(asked(server, "1.2.0"));
    expect(await device.reported({ outcome: "failed" })).toMatchObject({
      fwUpdateStatus: "rolledback",
      errorCode: "SELF_TEST_FAILED",
      currentFwVersion: "1.0.0",
    });
  });

  it("is taken back to the baseline by flipping slots, and tells the baseline's attempt as it was", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice();
    await device.desire(asked(server, "1.0.0"));
    const baseline = await device.reported({ outcome: "ok-already" });
    await device.desire(asked(server, "1.1.0"));
    await device.reported({ outcome: "ok" });
    device.events.length = 0;
    await device.desire(asked(server, "1.0.0"));
    expect(await device.reported({ rolloutId: baseline.rolloutId })).toMatchObject({
      outcome: "ok-already",
      contactedAt: baseline.contactedAt,
      fromVersion: "1.0.0",
      currentFwVersion: "1.0.0",
    });
    // Until it really ran the old version it spoke of the release.
    expect(device.reports().map(({ outcome, fwUpdateStatus }) => [outcome, fwUpdateStatus])).toEqual([
      ["ok", "applying"],
      ["ok", "rebooting"],
      ["ok-already", "current"],
    ]);
    expect(server.requests).toEqual(["/1.1.0"]);
  });

  it("stays when the section is taken away, and goes on answering", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice();
    await device.desire(asked(server, "1.1.0"));
    await device.reported({ outcome: "ok" });
    await device.desire(null);
    await device.desire(asked(server, "1.0.0", { rolloutId: "fw--thermostat--1-0-0--2" }));
    await device.reported({ rolloutId: "fw--thermostat--1-0-0--2", outcome: "ok" });
    expect(device.events.filter(({ type }) => type === "booted")).toHaveLength(3);
  });
});

describe("images swapped under one name", () => {
  const swapped = (): Uint8Array => images.get("1.1.0")!.bytes;

  it("with a digest that matches the bytes: the device tells what ran", async () => {
    const server = await serveImages(swapped);
    const device = await startDevice();
    const { sha256, bytes } = images.get("1.1.0")!;
    await device.desire(asked(server, "1.2.0", { fwPackageCheckValue: sha256, fwPackageSize: bytes.length }));
    expect(await device.reported({ outcome: "failed" })).toMatchObject({
      currentFwVersion: "1.1.0",
      errorCode: "VERSION_MISMATCH",
      rolloutId: "fw--thermostat--1-2-0--1",
    });
  });

  it("with the digest of the true image: the swapped one is never booted", async () => {
    const server = await serveImages(swapped);
    const device = await startDevice();
    await device.desire(asked(server, "1.2.0", { fwPackageSize: images.get("1.1.0")!.bytes.length }));
    expect(await device.reported({ outcome: "failed" })).toMatchObject({
      currentFwVersion: "1.0.0",
      errorCode: "DIGEST_MISMATCH",
      fwUpdateStatus: "error",
    });
    expect(device.events.filter(({ type }) => type === "booted")).toHaveLength(1);
  });

  it("with a size that is not its own: not even the digest is looked at", async () => {
    const server = await serveImages(swapped);
    const device = await startDevice();
    await device.desire(asked(server, "1.2.0"));
    expect(await device.reported({ outcome: "failed" })).toMatchObject({ errorCode: "SIZE_MISMATCH" });
  });
});

describe("a section that nobody meant", () => {
  it("is over with the next good one, a list too, into which the SDK would merge it", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice();
    await device.reported({ currentFwVersion: "1.0.0" });
    await device.desire([1, 2, 3]);
    await device.desire(asked(server, "1.1.0"));
    expect(await device.reported({ outcome: "ok" })).toMatchObject({ currentFwVersion: "1.1.0" });
    expect(device.reports().filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });
});

describe("a line that breaks", () => {
  it("is taken up again, with what was asked meanwhile", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice();
    await device.reported({ currentFwVersion: "1.0.0" });
    expect(hub.dropConnection(device.deviceId)).toBe(true);
    await device.desire(asked(server, "1.1.0"));
    expect(await device.reported({ outcome: "ok" })).toMatchObject({ currentFwVersion: "1.1.0" });
  });

  it("leads to no second update and no further report when nothing has changed", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice();
    await device.desire(asked(server, "1.1.0"));
    await device.reported({ outcome: "ok" });
    const { reports, twinReads } = hub.calls().devices;
    device.events.length = 0;
    hub.dropConnection(device.deviceId);
    await device.seen(({ type }) => type === "connected");
    // A request behind all that the agent did about the first: when it is answered, that is over.
    await device.desire(asked(server, "1.0.0", { rolloutId: "fw--thermostat--1-0-0--9" }));
    await device.reported({ rolloutId: "fw--thermostat--1-0-0--9", outcome: "ok" });
    expect(hub.calls().devices.reports - reports).toBe(4);
    expect(hub.calls().devices.twinReads - twinReads).toBe(2);
  });

  it("is dialled again until a hub is there", async () => {
    const device = await startDevice({ gateway: "localhost:1" });
    const lost = await device.seen(({ type }) => type === "disconnected");
    expect(lost).toMatchObject({ reason: expect.stringContaining("ECONNREFUSED") as string });
    device.events.length = 0;
    await device.seen(({ type }) => type === "disconnected");
  });

  it("reaches the hub through a gateway that is named apart from the connection string", async () => {
    const device = await startDevice({ gateway: `localhost:${hub.mqttPort}` });
    await device.reported({ currentFwVersion: "1.0.0" });
  });

  it("is given up when the hub does not answer, instead of waiting for ever", async () => {
    const mute = await startMuteHub({ authority, answersReads: false });
    const device = await startDevice({ gateway: mute.address, twinTimeoutMs: 100 });
    const lost = await device.seen(({ type }) => type === "disconnected");
    expect(lost).toMatchObject({ reason: "the hub did not answer a read of the twin in 100 ms" });
    device.events.length = 0;
    await device.seen(({ type }) => type === "disconnected");
  });

  it("is given up when a report is not answered, and the report is told to the next", async () => {
    const mute = await startMuteHub({ authority, answersReads: true });
    const device = await startDevice({ gateway: mute.address, twinTimeoutMs: 300 });
    expect(await device.seen(({ type }) => type === "disconnected")).toMatchObject({
      reason: "the hub did not answer a report in 300 ms",
    });
    device.events.length = 0;
    await device.seen(({ type }) => type === "reportRefused");
  });

  it("hears what was asked while its token was renewed", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice({ tokenLifetimeSeconds: 4 });
    await device.reported({ currentFwVersion: "1.0.0" });
    const { connections, twinReads } = hub.calls().devices;
    await device.seen(({ type }) => type === "tokenRenewed");
    expect(hub.calls().devices.connections).toBe(connections + 1);
    expect(hub.calls().devices.twinReads).toBe(twinReads + 1);
    // The SDK mends this line without a word: it is the line the agent still hears by.
    expect(device.events.filter(({ type }) => type === "connected" || type === "disconnected")).toHaveLength(
      1,
    );
    await device.desire(asked(server, "1.1.0"));
    await device.reported({ outcome: "ok" });
  });

  it("is not believed when another authority vouches for the hub", async () => {
    const device = await startDevice({ caPem: (await createCertificateAuthority()).certPem });
    const lost = await device.seen(({ type }) => type === "disconnected");
    expect(lost).toMatchObject({ reason: expect.stringMatching(/certificate/) as string });
  });
});

describe("a device that is switched off", () => {
  it("goes on with the update it was in, and is contacted once", async () => {
    let serve = false;
    const server = await startImageServer((request, response) => {
      if (serve) response.end(genuine(request.url!.slice(1)));
    }, authority);
    const device = await startDevice();
    await device.desire(asked(server, "1.1.0"));
    const first = await device.reported({ fwUpdateStatus: "downloading" });
    serve = true;
    await device.restart();
    expect(await device.reported({ outcome: "ok" })).toMatchObject({
      currentFwVersion: "1.1.0",
      contactedAt: first.contactedAt,
      fromVersion: "1.0.0",
    });
  });

  it("remembers how attempts ended and repeats nothing", async () => {
    const server = await serveImages(genuine);
    const device = await startDevice({ hardware: { revision: 2, sensorLot: 7 } });
    await device.desire(asked(server, "1.2.0"));
    await device.reported({ outcome: "failed" });
    await device.restart();
    expect(await device.reported({})).toMatchObject({ outcome: "failed", errorCode: "SELF_TEST_FAILED" });
    expect(server.requests).toHaveLength(1);
  });
});

describe("a clock that runs fast", () => {
  it("decides health time and contact instant, not the line's time-outs", async () => {
    const start = Date.now();
    const virtual = Date.UTC(2030, 0, 1);
    const clock = {
      now: () => virtual + (Date.now() - start) * 1800,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 1800, signal),
    };
    const server = await serveImages(genuine);
    const device = await startDevice({ clock, healthTimeMs: 30 * 60_000 });
    await device.desire(asked(server, "1.1.0"));
    const end = await device.reported({ outcome: "ok" });
    expect(end.contactedAt).toBeGreaterThan(virtual / 1000);
    const lasted = Date.parse(end.lastFwUpdateEndTime) - Date.parse(end.lastFwUpdateStartTime);
    expect(lasted).toBeGreaterThanOrEqual(30 * 60_000);
    expect(Date.now() - start).toBeLessThan(20_000);
  });
});

describe("a device whose log is asked for", () => {
  const logOf = (deviceId: string): ReturnType<typeof deviceLog> =>
    deviceLog({ registry: serviceOf(hub), hub: "test" }, { deviceId, lines: 10 });

  it("tells what happened on it, by a direct method", async () => {
    const device = await startDevice();
    await device.reported({ fwHealth: "healthy" });
    const { lines } = await logOf(device.deviceId);
    expect(lines[0]).toMatch(/^\d{4}-.*Z booted 1\.0\.0$/);
    expect(lines.join("\n")).toMatch(/connected\n.*reported current/);
  });

  it("is said not to be there when it is off", async () => {
    hub.createDevice({ deviceId: "off" });
    await expect(logOf("off")).rejects.toMatchObject({ code: "HUB_NOT_FOUND" });
  });
});

function serviceOf({ serviceConnectionString: connectionString, caPem: ca }: LocalHub): Registry {
  return serviceRegistry({ kind: "connection string", connectionString, ca });
}
