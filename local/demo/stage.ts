import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { castDemo, DEMO_PRODUCT } from "../demo-cast.ts";
import { startLocalDeployment } from "../deployment.ts";
import { startFleet, type Fleet } from "../fleet.ts";
import { adoptingFleet, makeKeys } from "./maker.ts";

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

  const deployment = stack.use(
    await startLocalDeployment({
      ...{ folder, minutesPerSecond, product: DEMO_PRODUCT, hubNames: ["demo"] },
    }),
  );
  const [hub] = deployment.hubs;
  const factory = deployment.images.get(FACTORY_VERSION);
  if (factory === undefined) throw new Error(`examples/firmware has no ${DEMO_PRODUCT} ${FACTORY_VERSION}`);
  // The image the devices were born with has to be in the store too: it is what they return to.
  await deployment.store(factory);
  const keyFile = join(folder, "signing-key.pem");
  const keys = await makeKeys(keyFile);
  const adopted = { product: DEMO_PRODUCT, version: FACTORY_VERSION, image: factory, keys };
  await writeFile(join(folder, "fleet.ts"), adoptingFleet(adopted));
  await deployment.writeSettings();
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
      factoryImage: factory.bytes,
      clock: deployment.time,
      keys: [keys.pinned],
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
    images: new Map([...deployment.images].map(([version, { file }]) => [version, file])),
    keyFile,
    devices: cast.length,
    [Symbol.asyncDispose]: () => lasting.disposeAsync(),
  };
}
