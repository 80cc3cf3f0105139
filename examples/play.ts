/** What the examples have in common: hubs, an image store and devices on this machine, and a repository to type in. */
import { mkdir, symlink } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { scaledClock } from "../local/clock.ts";
import { startDeclaredFleet } from "../local/declared-fleet.ts";
import { PROJECT, wavegate, type Ended } from "../local/demo/command-line.ts";
import { claimFolder } from "../local/demo/folder.ts";
import { startLocalDeployment } from "../local/deployment.ts";
import { readFleetFile } from "../local/fleet/fleet-file.ts";
import type { LocalHub } from "../local/hub/hub.ts";

/** An example: what is there before its story begins. */
export interface Example {
  /** The example's folder. */
  readonly folder: string;
  /** Hubs by their name in the settings, each with the file of its simulated devices (docs/fleet.md). */
  readonly hubs: Readonly<Record<string, string>>;
  /** Where metrics come from, as settings have it. */
  readonly sources?: Readonly<Record<string, unknown>>;
  /** What happens; what it claims is checked. */
  readonly story: (stage: Stage) => Promise<void>;
}

/** What a story is told on. */
export interface Stage {
  readonly hubs: readonly [LocalHub, ...LocalHub[]];
  /** The folder that `wavegate init` wrote: a user's own repository. */
  readonly repository: string;
  /** Tell a line. */
  readonly say: (line: string) => void;
  /** Type a command of wavegate in the repository, and show it. */
  readonly type: (...args: readonly string[]) => Promise<Ended>;
  /** The result of a command that is not shown, as JSON. */
  readonly read: (...args: readonly string[]) => Promise<unknown>;
  /** Say what has been shown, or that it is not true. */
  readonly claim: (text: string, holds: boolean) => void;
  /** Devices by the version that they report, by the twins of these hubs; default: of all. */
  readonly versions: (hubs?: readonly LocalHub[]) => Readonly<Record<string, number>>;
  /** Devices that are asked to run a version, by the hubs' own twins. */
  readonly asked: (version: string) => number;
  /** Wait for something that devices do by themselves; false when it did not come about in half of a real minute. */
  readonly until: (isSo: () => boolean) => Promise<boolean>;
  /** The time that hubs, devices and command line live by, epoch ms. */
  readonly now: () => number;
}

const PRODUCT = "thermostat";
const DEFAULT_MINUTES = 30;
const INTERRUPTED = 130;
/** Real time for what devices do by themselves, and between two looks at it. */
const PATIENCE_MS = 30_000;
const GLANCE_MS = 50;

/** Play an example; the exit code says whether all that it claims was true. */
export async function play(example: Example): Promise<number> {
  const { values } = parseArgs({ options: { stay: { type: "boolean" }, help: { type: "boolean" } } });
  const name = basename(example.folder);
  if (values.help === true) {
    process.stdout.write(`node ${relative(process.cwd(), process.argv[1] ?? "")} [--stay]
  --stay   keep hub and devices until Ctrl-C, to look around in .wavegate/example-${name}/repository\n`);
    return 0;
  }
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupt.abort(signal);
    });
  }
  try {
    return await tell(example, { name, stays: values.stay === true, signal: interrupt.signal });
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED;
    process.stderr.write(`${name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function tell(
  example: Example,
  { name, stays, signal }: { readonly name: string; readonly stays: boolean; readonly signal: AbortSignal },
): Promise<number> {
  const started = performance.now();
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  await using claimed = await claimFolder(PROJECT, `example-${name}`);
  const { folder } = claimed;
  const [first = "", ...others] = Object.keys(example.hubs);
  await using stack = new AsyncDisposableStack();
  const deployment = stack.use(
    await startLocalDeployment({
      ...{ folder, minutesPerSecond: DEFAULT_MINUTES, product: PRODUCT, hubNames: [first, ...others] },
    }),
  );
  const { hubs, images, time: clock } = deployment;
  for (const image of images.values()) await deployment.store(image);
  const settings = await deployment.writeSettings({
    declarations: {
      fleet: join(example.folder, "rollout", "fleet.ts"),
      releases: join(example.folder, "rollout", "releases"),
    },
    ...(example.sources === undefined ? {} : { sources: example.sources }),
  });
  const fleets = await Promise.all(
    Object.values(example.hubs).map(async (file, index) => {
      const fleet = readFleetFile(join(example.folder, file));
      return stack.use(await startDeclaredFleet({ hub: hubs[index] ?? hubs[0], fleet, clock, signal }));
    }),
  );
  const devices = fleets.reduce((sum, fleet) => sum + fleet.connected(), 0);
  say(`${devices} devices are connected to ${others.length + 1} local hub${others.length > 0 ? "s" : ""}.`);

  const repository = join(folder, "repository");
  const shell = { signal, folder: repository, settings: join(repository, "wavegate.settings.json") };
  await mkdir(join(repository, "node_modules"), { recursive: true });
  // As `npm install` would put it there.
  await symlink(PROJECT, join(repository, "node_modules", "wavegate"));
  const begun = await wavegate(["init", "--local", relative(repository, settings)], shell);
  if (begun.code !== 0) throw new Error(`wavegate init ended in ${begun.code ?? "a signal"}`);

  const claims: boolean[] = [];
  await example.story({
    ...{ hubs, repository, say },
    type: async (...args) => {
      say(`\n$ npx wavegate ${args.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(" ")}`);
      const ended = await wavegate(args, shell);
      if (ended.output !== "") say(ended.output);
      return ended;
    },
    read: async (...args) => JSON.parse((await wavegate([...args, "--json"], shell)).output) as unknown,
    claim: (text, holds) => {
      claims.push(holds);
      say(`=> ${holds ? "" : "NOT TRUE: "}${text}`);
    },
    versions: (of = hubs) => versionsOn(of),
    asked: (version) => askedOn(hubs, version),
    until: (isSo) => until(isSo, signal),
    now: () => scaledClock(clock).now(),
  });
  const areTrue = claims.length > 0 && claims.every(Boolean);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(`\n${areTrue ? `All ${claims.length} claims were true` : "Not all of it was true"}, in ${seconds} s.`);
  if (!stays) return areTrue ? 0 : 1;
  say(`Look around: cd ${relative(process.cwd(), repository)} && npx wavegate status. Ctrl-C ends it.`);
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });
  return areTrue ? 0 : 1;
}

function versionsOn(hubs: readonly LocalHub[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { twins } of hubs)
    for (const { reported } of twins.all()) {
      // What our own agent reports.
      const { firmware } = reported.value as { readonly firmware?: { readonly currentFwVersion: string } };
      const version = firmware?.currentFwVersion ?? "unknown";
      counts[version] = (counts[version] ?? 0) + 1;
    }
  return counts;
}

function askedOn(hubs: readonly LocalHub[], version: string): number {
  return hubs
    .flatMap(({ twins }) => [...twins.all()])
    .filter(({ desired }) => {
      const { firmware } = desired.value as { readonly firmware?: { readonly fwVersion?: string } };
      return firmware?.fwVersion === version;
    }).length;
}

async function until(isSo: () => boolean, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > end) return false;
    await sleep(GLANCE_MS, undefined, { signal });
  }
  return true;
}
