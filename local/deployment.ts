import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BlobServiceClient, type StoragePipelineOptions } from "@azure/storage-blob";
import { startAzurite, type Azurite } from "./azurite.ts";
import { scaledClock, scaleFromMinutesPerSecond, type ClockScale } from "./clock.ts";
import { compileFirmware, listFirmware } from "./firmware.ts";
import { createCertificateAuthority, issueServerCertificate } from "./hub/certificates.ts";
import { startHub, type LocalHub } from "./hub/hub.ts";

/** What stands in for Azure on this machine, with settings that name it. */
export interface LocalDeployment extends AsyncDisposable {
  /** In the order of the settings: the first decides. */
  readonly hubs: readonly [LocalHub, ...LocalHub[]];
  /** Authority of the hubs and of the image store. */
  readonly caPem: string;
  /** Shared by hubs, devices and command line. */
  readonly time: ClockScale;
  /** Image files by version, as a build would have left them. */
  readonly images: ReadonlyMap<string, LocalImage>;
  /** Put an image into the store, where devices and releases look for it. */
  readonly store: (image: LocalImage) => Promise<void>;
  /** Write the settings of the command line, readable by their owner alone; their file. */
  readonly writeSettings: (more?: Readonly<Record<string, unknown>>) => Promise<string>;
}

/** An image, and how a release names it. */
export interface LocalImage {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Its place in the store. */
  readonly path: string;
  readonly sha256: string;
}

/** Container that devices download from. */
const CONTAINER = "firmware";

/** Start hubs and a store of images, all on one clock; what they write lies in one folder. */
export async function startLocalDeployment(input: {
  readonly folder: string;
  readonly minutesPerSecond: number;
  /** Product of the images of examples/firmware. */
  readonly product: string;
  /** Names of the hubs in the settings. */
  readonly hubNames: readonly [string, ...string[]];
}): Promise<LocalDeployment> {
  const { folder, minutesPerSecond, product, hubNames } = input;
  await using stack = new AsyncDisposableStack();
  const now = Date.now();
  const time = { scale: scaleFromMinutesPerSecond(minutesPerSecond), realStartMs: now, virtualStartMs: now };
  const authority = await createCertificateAuthority();
  const start = async (): Promise<LocalHub> =>
    stack.use(
      await startHub({
        clock: scaledClock(time),
        ...{ throttle: "strict", tier: "S1", units: 1, certificate: authority },
      }),
    );
  const hubs: [LocalHub, ...LocalHub[]] = [await start()];
  while (hubs.length < hubNames.length) hubs.push(await start());
  const caPem = hubs[0].caPem;
  await writeFile(join(folder, "ca.pem"), caPem);
  const certificate = await issueServerCertificate(authority, ["localhost", "127.0.0.1"]);
  const azurite = stack.use(await startAzurite({ directory: join(folder, "azurite"), certificate, caPem }));
  await azurite.createPublicContainer(CONTAINER);
  await azurite.writeTokenFile(join(folder, "storage-token"));
  const images = await buildImages(join(folder, "build"), product);

  const lasting = stack.move();
  return {
    ...{ hubs, caPem, time, images },
    store: (image) => upload(image, azurite, caPem),
    async writeSettings(more = {}) {
      const [hub, ...otherHubs] = hubs.map(({ serviceConnectionString }, index) => ({
        ...{ name: hubNames[index], connectionString: serviceConnectionString, caFile: "ca.pem" },
      }));
      const settings = {
        ...{ schemaVersion: 1, hub, ...(otherHubs.length === 0 ? {} : { otherHubs }) },
        images: {
          base: `${azurite.endpoint}/${CONTAINER}`,
          credential: { kind: "token-file", file: "storage-token" },
          caFile: "ca.pem",
        },
        records: { folder: "records" },
        declarations: { fleet: "fleet.ts", releases: "releases" },
        clock: time,
        // The embedded hub answers queries from what it holds: nothing lags but the time between two evaluations.
        ...{ queryLag: "5 minutes", lookEvery: "5 minutes" },
        ...more,
      };
      const file = join(folder, "settings.json");
      await writeFile(file, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600 });
      return file;
    },
    [Symbol.asyncDispose]: () => lasting.disposeAsync(),
  };
}

/** Assemble the firmware of the examples. */
async function buildImages(folder: string, product: string): Promise<ReadonlyMap<string, LocalImage>> {
  await mkdir(folder, { recursive: true });
  const images = new Map<string, LocalImage>();
  for (const { version, sourceFile, ...source } of await listFirmware()) {
    if (source.product !== product) continue;
    const bytes = await compileFirmware(sourceFile);
    const file = join(folder, `${product}-${version}.wasm`);
    await writeFile(file, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    images.set(version, { file, bytes, sha256, path: `sha256/${sha256}.bin` });
  }
  return images;
}

async function upload(
  { path, bytes }: LocalImage,
  { endpoint, credential }: Azurite,
  ca: string,
): Promise<void> {
  // `tlsOptions` is an option of the pipeline below that this client's type does not name.
  const pipeline: StoragePipelineOptions & { tlsOptions: { ca: string } } = { tlsOptions: { ca } };
  const client = new BlobServiceClient(endpoint, credential, pipeline);
  await client.getContainerClient(CONTAINER).getBlockBlobClient(path).uploadData(bytes);
}
