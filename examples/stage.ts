import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { scaledClock } from "../local/clock.ts";
import { startDeclaredFleet } from "../local/declared-fleet.ts";
import { PROJECT, wavegate, type Ended, type Shell } from "../local/demo/command-line.ts";
import { adoptingFleet, makeKeys, type MakerKeys } from "../local/demo/maker.ts";
import { startLocalDeployment, type LocalDeployment } from "../local/deployment.ts";
import { readFleetFile } from "../local/fleet/fleet-file.ts";
import type { LocalHub } from "../local/hub/hub.ts";

/** What an example is played on. */
export interface Setting {
  /** The example's folder. */
  readonly folder: string;
  /** Hubs by their name in the settings, each with the file of its simulated devices (docs/fleet.md) or without any. */
  readonly hubs: Readonly<Record<string, string | undefined>>;
  /** Nothing is declared but a fleet that adopts the signed 1.0.0; default: what stands in the folder's `rollout/`. */
  readonly beginsSigned?: boolean;
  /** Where metrics come from, as settings have it; default: nowhere. */
  readonly sources?: Readonly<Record<string, unknown>>;
}

/** Hubs, image store, devices and a user's repository; all of it ends when it is disposed of. */
export interface Stage extends AsyncDisposable {
  readonly deployment: LocalDeployment;
  /** Folder of all that is written. */
  readonly folder: string;
  /** The folder that `wavegate init` wrote. */
  readonly repository: string;
  /** What the devices' maker signs with; the private key's file. */
  readonly maker: MakerKeys & { readonly keyFile: string };
  /** Devices that are connected. */
  readonly devices: number;
  /** Run a command of wavegate in the repository. */
  readonly wavegate: (args: readonly string[]) => Promise<Ended>;
  /** The time that hubs, devices and command line live by, epoch ms. */
  readonly now: () => number;
}

/** What all simulated devices are, and what they are born with. */
const PRODUCT = "thermostat";
const FACTORY_VERSION = "1.0.0";
const MINUTES_PER_SECOND = 30;

/** Set the stage in an empty folder. */
export async function setStage(
  { folder: example, hubs: declaredHubs, beginsSigned = false, sources }: Setting,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const [first = "", ...others] = Object.keys(declaredHubs);
  const deployment = stack.use(
    await startLocalDeployment({
      ...{ folder, minutesPerSecond: MINUTES_PER_SECOND, product: PRODUCT, hubNames: [first, ...others] },
    }),
  );
  const { hubs, images, time: clock } = deployment;
  const keyFile = join(folder, "signing-key.pem");
  const maker = { ...(await makeKeys(keyFile)), keyFile };
  const rollout = join(beginsSigned ? folder : example, "rollout");
  if (beginsSigned) await declareBaseline(rollout, deployment, maker);
  else for (const image of images.values()) await deployment.store(image);
  const settings = await deployment.writeSettings({
    declarations: { fleet: join(rollout, "fleet.ts"), releases: join(rollout, "releases") },
    ...(sources === undefined ? {} : { sources }),
  });
  const fleets = await Promise.all(
    Object.values(declaredHubs).flatMap((file, index) => {
      const hub = hubs[index];
      if (file === undefined || hub === undefined) return [];
      const fleet = readFleetFile(join(example, file));
      return [startDeclaredFleet({ hub, fleet, clock, signal }).then((started) => stack.use(started))];
    }),
  );
  const repository = join(folder, "repository");
  const shell = { signal, folder: repository, settings: join(repository, "wavegate.settings.json") };
  await beginRepository(repository, settings, shell);
  const lasting = stack.move();
  return {
    ...{ deployment, folder, repository, maker },
    devices: fleets.reduce((sum, fleet) => sum + fleet.connected(), 0),
    wavegate: (args) => wavegate(args, shell),
    now: () => scaledClock(clock).now(),
    [Symbol.asyncDispose]: () => lasting.disposeAsync(),
  };
}

async function declareBaseline(
  rollout: string,
  { images, store }: LocalDeployment,
  keys: MakerKeys,
): Promise<void> {
  const image = images.get(FACTORY_VERSION);
  if (image === undefined) throw new Error(`examples/firmware has no ${PRODUCT} ${FACTORY_VERSION}`);
  await store(image);
  await mkdir(join(rollout, "releases"), { recursive: true });
  const adopted = { product: PRODUCT, version: FACTORY_VERSION, image, keys };
  await writeFile(join(rollout, "fleet.ts"), adoptingFleet(adopted));
}

async function beginRepository(repository: string, settings: string, shell: Shell): Promise<void> {
  await mkdir(join(repository, "node_modules"), { recursive: true });
  // As `npm install` would put it there.
  await symlink(PROJECT, join(repository, "node_modules", "wavegate"));
  const { code } = await wavegate(["init", "--local", relative(repository, settings)], shell);
  if (code !== 0) throw new Error(`wavegate init ended in ${code ?? "a signal"}`);
}

/** Devices by the version that they report, by the hubs' own twins. */
export function versionsOn(hubs: readonly LocalHub[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { twins } of hubs)
    for (const { reported } of twins.all()) {
      const { firmware } = reported.value as { readonly firmware?: { readonly currentFwVersion: string } };
      const version = firmware?.currentFwVersion ?? "unknown";
      counts[version] = (counts[version] ?? 0) + 1;
    }
  return counts;
}

/** Devices that are asked to run a version, by the hubs' own twins. */
export function askedOn(hubs: readonly LocalHub[], version: string): number {
  return hubs
    .flatMap(({ twins }) => [...twins.all()])
    .filter(({ desired }) => {
      const { firmware } = desired.value as { readonly firmware?: { readonly fwVersion?: string } };
      return firmware?.fwVersion === version;
    }).length;
}
