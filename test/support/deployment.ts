import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startAzurite } from "../../local/azurite.ts";
import { compileFirmware, listFirmware } from "../../local/firmware.ts";
import { startFleet } from "../../local/fleet.ts";
import { createCertificateAuthority, issueServerCertificate } from "../../local/hub/certificates.ts";
import { createEntraToken } from "../../local/hub/entra-token.ts";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import { scaledClock } from "../../local/clock.ts";
import { sha256Hex } from "../../rollout/model/digest.ts";
import type { Artifact } from "../../rollout/wavegate.ts";
import { blobService } from "./blob-storage.ts";
import { PROJECT, wavegate } from "./command-line.ts";
import { connectRegistry } from "./iot-hub-registry.ts";

/** A small deployment, real at every layer: hub, storage, a few devices, settings, declarations. */
export interface Deployment extends AsyncDisposable {
  readonly hub: LocalHub;
  readonly settings: string;
  /** Images by version, stored under their digests. */
  readonly artifacts: ReadonlyMap<string, Artifact>;
  /** Store bytes under any name. */
  upload(path: string, bytes: Uint8Array): Promise<void>;
  /** Write a release file. */
  release(file: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
  removeRelease(file: string): Promise<void>;
  /** Write settings that differ in the hub's connection string; returns their file. */
  settingsWith(connectionString: string): Promise<string>;
  /** Write settings that keep records elsewhere than the deployment does; returns their file. */
  settingsWithRecords(records: Readonly<Record<string, unknown>>): Promise<string>;
  /** Records as settings name them when they are kept in a container of the deployment's storage. */
  recordsIn(container: string): Readonly<Record<string, unknown>>;
  /** Write settings of somebody who signs in with Microsoft Entra and has these roles; returns their file. */
  settingsOf(name: string, roles: readonly string[]): Promise<string>;
  wavegate(args: readonly string[], settings?: string): ReturnType<typeof wavegate>;
  /** Every configuration of the hub, as the service shows it, without what its clockwork counts. */
  configurations(): Promise<unknown>;
}

const ISSUER_KEY = "only a local hub trusts this key, and only in a test";

/** Start one with a few devices of each revision, born on 1.0.0. */
export async function startDeployment({
  name,
  devices,
  scale,
  recordsInContainer = false,
  onDemand = false,
  roles = {},
}: {
  readonly name: string;
  readonly devices: number;
  readonly scale: number;
  /** Keep records in a container of the storage, not in a folder. */
  readonly recordsInContainer?: boolean;
  /** Nobody reads the images' container without a token or a key, and devices are given keys. */
  readonly onDemand?: boolean;
  /** Roles of the hub for those who sign in with Microsoft Entra, by name: their data actions. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
}): Promise<Deployment> {
  const folder = join(PROJECT, ".wavegate", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "releases"), { recursive: true });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const time = { scale, realStartMs: Date.now(), virtualStartMs: Date.now() };
  const authority = await createCertificateAuthority();
  const storage = { ca: authority.certPem };
  const hub = stack.use(
    await startHub({
      clock: scaledClock(time),
      certificate: authority,
      storage,
      entra: { issuerKey: ISSUER_KEY, roles },
    }),
  );
  const certificate = await issueServerCertificate(authority, ["localhost", "127.0.0.1"]);
  const azurite = stack.use(
    await startAzurite({ directory: join(folder, "azurite"), certificate, caPem: hub.caPem }),
  );
  if (onDemand) await azurite.createContainer("firmware");
  else await azurite.createPublicContainer("firmware");
  await azurite.createContainer("records");
  await azurite.createContainer("identity-jobs");
  await azurite.writeTokenFile(join(folder, "token"));
  const container = blobService(azurite, hub.caPem).getContainerClient("firmware");
  const upload = async (path: string, bytes: Uint8Array): Promise<void> => {
    await container.getBlockBlobClient(path).uploadData(bytes);
  };
  const artifacts = new Map<string, Artifact>();
  let factoryImage: Uint8Array = new Uint8Array();
  for (const { version, sourceFile } of await listFirmware()) {
    const image = await compileFirmware(sourceFile);
    if (version === "1.0.0") factoryImage = image;
    const sha256 = sha256Hex(image);
    artifacts.set(version, {
      path: `sha256/${sha256}.bin`,
      sha256,
      size: image.length,
      manifest: "",
      signature: "",
    });
    await upload(`sha256/${sha256}.bin`, image);
  }
  const adopt = { version: "1.0.0", artifact: artifacts.get("1.0.0") };
  const thermostat = JSON.stringify({ adopt, ...(onDemand ? { access: "on-demand" } : {}) });
  await writeFile(
    join(folder, "fleet.ts"),
    `import { defineFleet } from "wavegate";\nexport default defineFleet({ products: { thermostat: ${thermostat} } });\n`,
  );
  const token = { credential: { kind: "token-file", file: "token" }, caFile: "ca.pem" };
  const recordsIn = (container: string): Readonly<Record<string, unknown>> => ({
    container: `${azurite.endpoint}/${container}`,
    ...token,
  });
  const kept = recordsInContainer ? recordsIn("records") : { folder: "records" };
  const writeSettings = async (
    hubSettings: Readonly<Record<string, unknown>>,
    records: Readonly<Record<string, unknown>>,
    name?: string,
  ): Promise<string> => {
    const settings = {
      schemaVersion: 1,
      hub: { name: "test", caFile: "ca.pem", ...hubSettings },
      images: {
        base: `${azurite.endpoint}/firmware`,
        ...token,
      },
      records,
      declarations: { fleet: "fleet.ts", releases: "releases" },
      clock: time,
      queryLag: "5 minutes",
    };
    const text = JSON.stringify(settings);
    const file = join(folder, name ?? `settings-${sha256Hex(text).slice(0, 12)}.json`);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  };
  const settingsOf = async (principal: string, own: readonly string[]): Promise<string> => {
    const file = join(folder, `token-of-${principal}`);
    const signIn = createEntraToken({ issuerKey: ISSUER_KEY, roles: own, name: principal });
    await writeFile(file, signIn, { mode: 0o600 });
    return writeSettings(
      { hostName: `${hub.hostName}:${hub.httpsPort}`, credential: { kind: "token-file", file } },
      kept,
      `settings-of-${principal}.json`,
    );
  };
  await writeFile(join(folder, "ca.pem"), hub.caPem);
  const { serviceConnectionString: connectionString } = hub;
  const settings = await writeSettings({ connectionString }, kept, "settings.json");
  const cast = Array.from({ length: devices }, (_, index) => ({
    deviceId: `${name}-${index}`,
    revision: index % 2 === 0 ? ("A" as const) : ("B" as const),
  }));
  // A fleet of none never says that it is ready.
  if (cast.length > 0)
    stack.use(
      await startFleet({
        devices: cast.map(({ deviceId, revision }) => ({
          connectionString: hub.createDevice({
            deviceId,
            tags: { product: "thermostat", rollout: { stratum: revision, ring: "canary" } },
          }),
          revision,
          sensorLot: 1,
        })),
        caPem: hub.caPem,
        directory: join(folder, "devices"),
        factoryImage,
        clock: time,
        healthTimeMs: 60_000,
      }),
    );
  const registry = connectRegistry(hub);
  const lasting = stack.move();
  return {
    hub,
    settings,
    artifacts,
    upload,
    settingsWith: (other) => writeSettings({ connectionString: other }, kept),
    settingsWithRecords: (records) => writeSettings({ connectionString }, records),
    settingsOf,
    recordsIn,
    release: (file, fields) =>
      writeFile(join(folder, "releases", file), `export default ${JSON.stringify(fields)};\n`),
    removeRelease: (file) => rm(join(folder, "releases", file)),
    wavegate: (args, other = settings) => wavegate(args, other),
    configurations: async () => {
      const { responseBody } = await registry.getConfigurations();
      return responseBody.map(({ id, labels, targetCondition, priority, content, etag }) => ({
        id,
        labels,
        targetCondition,
        priority,
        content,
        etag,
      }));
    },
    [Symbol.asyncDispose]: () => lasting.disposeAsync(),
  };
}
