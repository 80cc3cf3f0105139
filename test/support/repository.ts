import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { scaledClock } from "../../local/clock.ts";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import { sha256Hex } from "../../rollout/model/digest.ts";
import type { Deployment } from "./deployment.ts";
import { lightFleet } from "./light-fleet.ts";
import { typeLine, type Typed } from "./shell.ts";
import type { Behaviour, WorldDevice } from "./world.ts";

/** A repository of a fleet on a hub of its own, in whose folder lines are typed. */
export interface Repository extends AsyncDisposable {
  readonly hub: LocalHub;
  readonly folder: string;
  /** How devices answer a release. */
  behave: Behaviour;
  /** Whether they answer at this time; default: they do. */
  answers: boolean;
  /** Type a line, while devices do what they are asked and others do theirs. */
  type(line: string, meanwhile?: () => Promise<void>): Promise<Typed>;
  write(path: string, text: string): Promise<void>;
  /** An image of some bytes, stored, as a release file declares it. */
  store(version: string): Promise<object>;
  /** Add to the settings. */
  set(more: object): Promise<void>;
  /** Devices by the version that they report. */
  versions(): Readonly<Record<string, number>>;
  /** The repository's time, epoch ms. */
  now(): number;
  /** Something that ends with the repository. */
  use<T extends AsyncDisposable>(one: T): T;
}

/** Real time between two answers of the fleet. */
const ANSWER_MS = 50;

/** Begin one beside a deployment, whose image store it uses. Time begins at an instant and runs so many times faster. */
export async function startRepository(
  deployment: Deployment,
  {
    name,
    devices,
    startsAt,
    scale,
    environment = {},
  }: {
    readonly name: string;
    readonly devices: readonly WorldDevice[];
    readonly startsAt: string;
    readonly scale: number;
    readonly environment?: Readonly<Record<string, string>>;
  },
): Promise<Repository> {
  const home = dirname(deployment.settings);
  const folder = join(home, name);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "rollout", "releases"), { recursive: true });
  const time = { scale, realStartMs: Date.now(), virtualStartMs: Date.parse(startsAt) };
  const clock = scaledClock(time);
  const hub = stack.use(await startHub({ clock }));
  const fleet = lightFleet();
  fleet.add(hub, devices, "1.0.0");
  await writeFile(join(folder, "hub.pem"), hub.caPem);
  // What the deployment's support has written, for another hub.
  const { images } = JSON.parse(await readFile(deployment.settings, "utf8")) as {
    readonly images: { readonly base: string };
  };
  const credential = { kind: "token-file", file: join(home, "token") };
  let settings: object = {
    schemaVersion: 1,
    hub: { name: "plant", connectionString: hub.serviceConnectionString, caFile: "hub.pem" },
    images: { base: images.base, credential, caFile: join(home, "ca.pem") },
    records: { folder: "records" },
    declarations: { fleet: "rollout/fleet.ts", releases: "rollout/releases" },
    clock: time,
    queryLag: "5 minutes",
    lookEvery: "3 hours",
  };
  const set = async (more: object): Promise<void> => {
    settings = { ...settings, ...more };
    await writeFile(join(folder, "wavegate.settings.json"), JSON.stringify(settings), { mode: 0o600 });
  };
  await set({});
  const live = (): void => {
    for (const { deviceId } of hub.twins.all()) hub.twins.touch(deviceId);
    if (repository.answers) fleet.answer(hub, clock.now(), repository.behave);
  };
  const lasting = stack.move();
  const repository: Repository = {
    hub,
    folder,
    behave: () => "ok",
    answers: true,
    type: async (line, meanwhile) => {
      const course = { isOver: false };
      live();
      const answering = setInterval(live, ANSWER_MS);
      try {
        const typed = typeLine(line, { folder, environment: { HOME: folder, ...environment } }).finally(
          () => {
            course.isOver = true;
          },
        );
        while (meanwhile !== undefined && !course.isOver) await meanwhile();
        return await typed;
      } finally {
        clearInterval(answering);
        live();
      }
    },
    write: async (path, text) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    store: async (version) => {
      const bytes = `image ${version}`;
      const sha256 = sha256Hex(bytes);
      const path = `sha256/${sha256}.bin`;
      await deployment.upload(path, Buffer.from(bytes));
      return { path, sha256, size: bytes.length, manifest: "", signature: "" };
    },
    set,
    versions: () => {
      const counts: Record<string, number> = {};
      for (const { reported } of hub.twins.all()) {
        // What the light fleet has written there.
        const firmware = reported.value["firmware"] as { readonly currentFwVersion: string } | undefined;
        const version = firmware?.currentFwVersion ?? "unknown";
        counts[version] = (counts[version] ?? 0) + 1;
      }
      return counts;
    },
    now: () => clock.now(),
    use: (one) => lasting.use(one),
    [Symbol.asyncDispose]: () => lasting.disposeAsync(),
  };
  return repository;
}
