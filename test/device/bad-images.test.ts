import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { startAgent } from "../../device/agent.ts";
import type { AgentOptions } from "../../device/agent-options.ts";
import type { Driver } from "../../device/drivers/driver.ts";
import { slotFile } from "../../device/drivers/wasm/boot-pointer.ts";
import { wasmDriver } from "../../device/drivers/wasm/wasm-driver.ts";
import { installFactoryImage } from "../../device/drivers/wasm/factory-image.ts";
import { createCertificateAuthority, type CertificateAuthority } from "../../local/hub/certificates.ts";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import type { Manifest } from "../../rollout/model/manifest.ts";
import type { FirmwareReported } from "../../rollout/model/twin-contract.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";
import type { FirmwareImage } from "./firmware-images.ts";
import { firmwareImage } from "./firmware-images.ts";
import { startImageServer } from "./image-server.ts";
import { aMaker } from "./maker.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const YEAR_1970_MS = 5_000;
const maker = aMaker();
const stranger = aMaker();
let authority: CertificateAuthority;
let hub: LocalHub;
let born: FirmwareImage;
let newer: FirmwareImage;
beforeAll(async () => {
  authority = await createCertificateAuthority();
  hub = await startHub({ certificate: authority, throttle: "off" });
  [born, newer] = await Promise.all([firmwareImage("1.0.0"), firmwareImage("1.1.0")]);
});
afterAll(() => hub.close());

/** What differs from a good image, well signed and well served. */
interface Change {
  /** What the maker's statement says otherwise. */
  readonly manifest?: Partial<Manifest>;
  /** What stands beside it otherwise. */
  readonly desired?: object;
  readonly signer?: typeof maker;
  readonly serve?: (request: IncomingMessage, response: ServerResponse) => void;
  /** When the image store got its certificate. */
  readonly certifiedAt?: Date;
  readonly agent?: Partial<AgentOptions>;
  readonly driver?: (driver: Driver, directory: string) => Driver;
  /** What the device remembers as its floor. */
  readonly floor?: string;
}

let devices = 0;

/** Ask a real device on 1.0.0 for 1.1.0, and wait for its word on that. */
async function update(change: Change): Promise<{
  readonly end: FirmwareReported;
  readonly reports: readonly FirmwareReported[];
  readonly requests: readonly string[];
}> {
  const deviceId = `device-${++devices}`;
  const directory = await temporaryDirectory();
  await installFactoryImage({ stateDirectory: directory, image: born.bytes });
  const genuine = (_: IncomingMessage, response: ServerResponse): void => {
    response.end(newer.bytes);
  };
  if (change.certifiedAt !== undefined) vi.useFakeTimers({ toFake: ["Date"], now: change.certifiedAt });
  const server = await startImageServer(change.serve ?? genuine, authority);
  vi.useRealTimers();
  const reports: FirmwareReported[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<FirmwareReported>();
  const { promise: settled, resolve: settle } = Promise.withResolvers<undefined>();
  const driver = wasmDriver({ directory, hardware: { revision: 2, sensorLot: 1 } });
  const options: AgentOptions = {
    connectionString: hub.createDevice({ deviceId }),
    caPem: authority.certPem,
    stateDirectory: directory,
    driver: change.driver?.(driver, directory) ?? driver,
    trust: { product: "thermostat", hardware: "B", keys: [maker.pinned] },
    // Waits between downloads pass at once.
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    healthTimeMs: 10,
    downloadIdleTimeoutMs: 100,
    onEvent(event) {
      if (event.type !== "reported") return;
      reports.push(event.reported);
      settle(undefined);
      if (event.reported.outcome === "failed" || event.reported.outcome === "ok") resolve(event.reported);
    },
    ...change.agent,
  };
  let agent = await startAgent(options);
  onTestFinished(() => agent.close());
  await settled;
  if (change.floor !== undefined) {
    await agent.close();
    const file = join(directory, "state.json");
    const state = JSON.parse(await readFile(file, "utf8")) as object;
    await writeFile(file, JSON.stringify({ ...state, floor: change.floor }));
    agent = await startAgent(options);
  }
  const { sha256, bytes } = newer;
  const about = { product: "thermostat", version: "1.1.0", sha256, size: bytes.length };
  const firmware = {
    fwVersion: "1.1.0",
    fwPackageURI: server.uri("/1.1.0"),
    fwPackageCheckValue: sha256,
    fwPackageSize: bytes.length,
    ...(change.signer ?? maker).state(about, change.manifest),
    rolloutId: "fw--thermostat--1-1-0--1",
    ...change.desired,
  };
  await connectRegistry(hub).updateTwin(deviceId, { properties: { desired: { firmware } } }, "*");
  const end = await ended;
  expect(agent.version()).toBe(end.currentFwVersion);
  return { end, reports, requests: server.requests };
}

const cut = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length - 1);

describe("a device with pinned keys", () => {
  it("takes the image that its maker signed", async () => {
    const { end, requests } = await update({});
    expect(end).toMatchObject({ outcome: "ok", currentFwVersion: "1.1.0", errorCode: "" });
    expect(requests).toHaveLength(1);
  });

  it("takes it whatever its clock says", async () => {
    const { end } = await update({
      agent: { clock: { now: () => YEAR_1970_MS, sleep: () => Promise.resolve() } },
    });
    expect(end).toMatchObject({ outcome: "ok", contactedAt: YEAR_1970_MS / 1000 });
  });

  it.each<[what: string, code: string, fetches: boolean, Change]>([
    ["is not signed", "SIGNATURE_MISSING", false, { desired: { fwManifest: "", fwManifestSignature: "" } }],
    [
      "is signed wrongly",
      "SIGNATURE_INVALID",
      false,
      { signer: stranger, manifest: { keyId: maker.pinned.keyId } },
    ],
    ["is signed by a stranger", "KEY_UNKNOWN", false, { signer: stranger }],
    ["is for another product", "PRODUCT_MISMATCH", false, { manifest: { product: "boiler" } }],
    ["is for another board", "HARDWARE_MISMATCH", false, { manifest: { hardware: ["A"] } }],
    [
      "is another than beside the manifest",
      "MANIFEST_DIFFERS",
      false,
      { manifest: { sha256: "0".repeat(64) } },
    ],
    ["is older than its floor", "BELOW_FLOOR", false, { floor: "1.2.0" }],
    [
      "is signed wrongly, and the clock is in 1970",
      "SIGNATURE_INVALID",
      false,
      {
        signer: stranger,
        manifest: { keyId: maker.pinned.keyId },
        agent: { clock: { now: () => YEAR_1970_MS, sleep: () => Promise.resolve() } },
      },
    ],
    ["is cut short", "SIZE_MISMATCH", true, { serve: (_, response) => response.end(cut(newer.bytes)) }],
    [
      "is cut short without a word",
      "SIZE_MISMATCH",
      true,
      {
        serve: (_, response) => {
          response.write(cut(newer.bytes));
          response.end();
        },
      },
    ],
    [
      "is other bytes of that length",
      "DIGEST_MISMATCH",
      true,
      { serve: (_, response) => response.end(Buffer.from(newer.bytes).reverse()) },
    ],
    ["is not there", "DOWNLOAD_MISSING", true, { serve: (_, response) => response.writeHead(404).end() }],
    ["never comes", "DOWNLOAD_FAILED", true, { serve: () => undefined }],
    [
      "stops on its way",
      "DOWNLOAD_FAILED",
      true,
      {
        serve: (_, response) => {
          response.writeHead(200, { "content-length": newer.bytes.length });
          response.write(newer.bytes.subarray(0, 100));
        },
      },
    ],
  ])("stays on what it runs when the image %s: %s", async (_, code, fetches, change) => {
    const { end, reports, requests } = await update(change);
    expect(end).toMatchObject({
      outcome: "failed",
      errorCode: code,
      currentFwVersion: "1.0.0",
      fwUpdateStatus: "error",
    });
    expect(end.fwUpdateSubstatus).not.toBe("");
    // Contact came first, with nothing of this looked at.
    const told = reports.filter(({ rolloutId }) => rolloutId !== "");
    expect(told[0]).toMatchObject({ outcome: "contacted", errorCode: "", fwUpdateStatus: "current" });
    expect(requests.length > 0).toBe(fetches);
  });

  it("does not believe a store whose certificate is not valid yet, as none is to a machine in 1970", async () => {
    const { end, requests } = await update({ certifiedAt: new Date("2048-01-01") });
    expect(end).toMatchObject({ outcome: "failed", errorCode: "DOWNLOAD_FAILED", currentFwVersion: "1.0.0" });
    expect(end.fwUpdateSubstatus).toContain("certificate is not yet valid");
    expect(requests).toEqual([]);
  });

  it("boots the old image when a bit of the new one turned after it was verified", async () => {
    const { end } = await update({
      driver: (driver, directory) => ({
        ...driver,
        async apply(image) {
          await driver.apply(image);
          const file = slotFile(directory, "b");
          const bytes = await readFile(file);
          bytes[bytes.indexOf("1.1.0")]! ^= 8;
          await writeFile(file, bytes);
        },
      }),
    });
    expect(end).toMatchObject({
      outcome: "failed",
      errorCode: "SLOT_CORRUPT",
      currentFwVersion: "1.0.0",
      fwUpdateStatus: "rolledback",
      fwHealth: "healthy",
    });
  });
});
