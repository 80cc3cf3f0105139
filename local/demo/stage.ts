import { createHash, type KeyObject } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TokenCredential } from "@azure/core-auth";
import { BlobServiceClient, type StoragePipelineOptions } from "@azure/storage-blob";
import { startAzurite } from "../azurite.ts";
import { scaledClock, scaleFromMinutesPerSecond } from "../clock.ts";
import { castDemo, DEMO_PRODUCT } from "../demo-cast.ts";
import { compileFirmware, listFirmware } from "../firmware.ts";
import { startFleet, type Fleet } from "../fleet.ts";
import { createCertificateAuthority, issueServerCertificate } from "../hub/certificates.ts";
import { startHub } from "../hub/hub.ts";
import { makeKeys, signManifest } from "./maker.ts";

/** Everything the acts play on. */
export interface Stage extends AsyncDisposable {
  readonly fleet: Fleet;
  /** Image files by version, as a build would have left them. */
  readonly images: ReadonlyMap<string, string>;
  /** File of the private key that the devices' maker signs with. */
  readonly keyFile: string;
  /** Desired properties the hub has sent to devices so far. */
  desiredPatches(): number;
  /** Devices whose own log says that they were asked to run a version. */
  asked(version: string): number;
  readonly devices: number;
}

/** Container that devices download from. */
const CONTAINER = "firmware";
const FACTORY_VERSION = "1.0.0";
const MINUTE_MS = 60_000;
/** How long an image must stay well on a device to be `ok`. */
const HEALTH_TIME_MS = 10 * MINUTE_MS;

/**
 * Set the stage: a hub, blob storage with OAuth, 300 devices in a process of their own, and settings for the command
 * line. All of it lives in one folder, which is emptied first.
 */
export async function setStage(input: {
  readonly folder: string;
  readonly minutesPerSecond: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<Stage> {
  const { folder, minutesPerSecond, say, signal } = input;

  await mkdir(join(folder, "releases"), { recursive: true });
  await using stack = new AsyncDisposableStack();

  const now = Date.now();
  const time = { scale: scaleFromMinutesPerSecond(minutesPerSecond), realStartMs: now, virtualStartMs: now };
  const clock = scaledClock(time);
  const authority = await createCertificateAuthority();
  const hub = stack.use(
    await startHub({ clock, throttle: "strict", tier: "S1", units: 1, certificate: authority }),
  );
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, hub.caPem);
  const certificate = await issueServerCertificate(authority, ["localhost", "127.0.0.1"]);
  const azurite = stack.use(
    await startAzurite({ directory: join(folder, "azurite"), certificate, caPem: hub.caPem }),
  );
  await azurite.createPublicContainer(CONTAINER);
  const base = `${azurite.endpoint}/${CONTAINER}`;

  const images = new Map<string, string>();
  for (const { version, sourceFile } of await listFirmware()) {
    const file = join(folder, "build", `${DEMO_PRODUCT}-${version}.wasm`);
    await mkdir(join(folder, "build"), { recursive: true });
    await writeFile(file, await compileFirmware(sourceFile));
    images.set(version, file);
  }
  const factoryImage = await compileFirmware(sourceOf(await listFirmware(), FACTORY_VERSION));
  const keyFile = join(folder, "signing-key.pem");
  const { privateKey, pinned } = await makeKeys(keyFile);
  const artifact = await storeFactoryImage({
    image: factoryImage,
    endpoint: azurite.endpoint,
    credential: azurite.credential,
    ca: hub.caPem,
  });
  await writeFile(join(folder, "fleet.ts"), fleetSource(artifact, { keyId: pinned.keyId, privateKey }));
  await azurite.writeTokenFile(join(folder, "storage-token"));
  const settings = {
    schemaVersion: 1,
    hub: { name: "demo", connectionString: hub.serviceConnectionString, caFile: "ca.pem" },
    images: { base, credential: { kind: "token-file", file: "storage-token" }, caFile: "ca.pem" },
    records: { folder: "records" },
    declarations: { fleet: "fleet.ts", releases: "releases" },
    clock: time,
    // The embedded hub answers queries from what it holds: nothing lags but the time between two evaluations.
    queryLag: "5 minutes",
    lookEvery: "5 minutes",
  };
  await writeFile(join(folder, "settings.json"), `${JSON.stringify(settings, undefined, 2)}\n`, {
    mode: 0o600,
  });
  say("The hub and the storage are up; nothing of them leaves this machine.");

  signal.throwIfAborted();
  const asked = new Map<string, Set<string>>();
  const cast = castDemo();
  for (const { deviceId, tags } of cast) hub.createDevice({ deviceId, tags });
  const fleet = stack.use(
    await startFleet({
      devices: cast.map((device) => ({
        connectionString: hub.deviceConnectionString(device.deviceId),
        revision: device.revision,
        sensorLot: device.sensorLot,
      })),
      caPem: hub.caPem,
      directory: join(folder, "devices"),
      factoryImage,
      clock: time,
      keys: [pinned],
      healthTimeMs: HEALTH_TIME_MS,
      onEvent: (deviceId, event) => {
        if (event.type !== "reported" || event.reported.pendingFwVersion === "") return;
        const { pendingFwVersion: version } = event.reported;
        asked.set(version, (asked.get(version) ?? new Set()).add(deviceId));
      },
    }),
  );
  signal.throwIfAborted();
  say(`${cast.length} devices are connected, all on ${FACTORY_VERSION}.`);
  const lasting = stack.move();
  return {
    desiredPatches: () => hub.calls().devices.desiredPatches,
    asked: (version) => asked.get(version)?.size ?? 0,
    fleet,
    images,
    keyFile,
    devices: cast.length,
    [Symbol.asyncDispose]: () => lasting.disposeAsync(),
  };
}

/** The image the devices were born with has to be in the store too: it is what they return to. */
async function storeFactoryImage(input: {
  readonly image: Uint8Array;
  readonly endpoint: string;
  readonly credential: TokenCredential;
  readonly ca: string;
}): Promise<{ readonly path: string; readonly sha256: string; readonly size: number }> {
  const { image, endpoint, credential, ca } = input;
  const sha256 = createHash("sha256").update(image).digest("hex");
  const path = `sha256/${sha256}.bin`;
  // `tlsOptions` is an option of the pipeline below that this client's type does not name.
  const pipeline: StoragePipelineOptions & { tlsOptions: { ca: string } } = { tlsOptions: { ca } };
  const client = new BlobServiceClient(endpoint, credential, pipeline);
  await client.getContainerClient(CONTAINER).getBlockBlobClient(path).uploadData(image);
  return { path, sha256, size: image.length };
}

function fleetSource(
  image: { readonly path: string; readonly sha256: string; readonly size: number },
  { keyId, privateKey }: { readonly keyId: string; readonly privateKey: KeyObject },
): string {
  const { sha256, size } = image;
  const about = { product: DEMO_PRODUCT, version: FACTORY_VERSION, sha256, size, keyId };
  const artifact = JSON.stringify({ ...image, ...signManifest(about, privateKey) });
  return `import { defineFleet } from "wavegate";

// What the devices left the factory with: adopting it writes to no device.
export default defineFleet({
  products: { ${DEMO_PRODUCT}: { adopt: { version: "${FACTORY_VERSION}", artifact: ${artifact} } } },
});
`;
}

function sourceOf(sources: Awaited<ReturnType<typeof listFirmware>>, version: string): string {
  const found = sources.find((source) => source.product === DEMO_PRODUCT && source.version === version);
  if (found === undefined) throw new Error(`examples/firmware has no ${DEMO_PRODUCT} ${version}`);
  return found.sourceFile;
}
