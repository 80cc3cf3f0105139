/** What the examples have in common: a story is told on a stage of this machine, and what it claims is checked. */
import { basename, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { PROJECT, type Ended } from "../local/demo/command-line.ts";
import { claimFolder } from "../local/demo/folder.ts";
import type { LocalHub } from "../local/hub/hub.ts";
import { askedOn, setStage, versionsOn, type Setting, type Stage } from "./stage.ts";

/** An example: its setting, and what happens there. */
export interface Example extends Setting {
  readonly story: (told: Telling) => Promise<void>;
}

/** What a story is told with. */
export interface Telling {
  readonly stage: Stage;
  readonly hubs: readonly [LocalHub, ...LocalHub[]];
  /** Ends what the story has started. */
  readonly signal: AbortSignal;
  /** Tell a line. */
  readonly say: (line: string) => void;
  /** Type a command of wavegate in the repository, and show it. */
  readonly type: (...args: readonly string[]) => Promise<Ended>;
  /** Say what has been shown, or that it is not true. */
  readonly claim: (text: string, holds: boolean) => void;
  /** Devices by the version that they report, by the twins of these hubs; default: of all. */
  readonly versions: (hubs?: readonly LocalHub[]) => Readonly<Record<string, number>>;
  /** Devices that are asked to run a version, by the hubs' own twins. */
  readonly asked: (version: string) => number;
  /** Wait for what devices do by themselves; false when it did not come about in half of a real minute. */
  readonly until: (isSo: () => boolean) => Promise<boolean>;
}

const INTERRUPTED = 130;
/** Real time for what devices do by themselves, and between two looks at it. */
const PATIENCE_MS = 30_000;
const GLANCE_MS = 50;

/** Play an example; the exit code says whether all that it claims was true. */
export async function play(example: Example): Promise<number> {
  const name = basename(example.folder);
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupt.abort(signal);
    });
  }
  try {
    const { values } = parseArgs({ options: { stay: { type: "boolean" }, help: { type: "boolean" } } });
    if (values.help !== true) return await tell(example, name, values.stay === true, interrupt.signal);
    process.stdout.write(`npx node examples/${name}/start.ts [--stay]
  --stay   keep hubs and devices until Ctrl-C, to type in .wavegate/example-${name}/repository\n`);
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED;
    process.stderr.write(`${name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function tell(example: Example, name: string, stays: boolean, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  await using claimed = await claimFolder(PROJECT, `example-${name}`);
  await using stage = await setStage(example, { folder: claimed.folder, signal });
  const { hubs } = stage.deployment;
  if (stage.devices > 0)
    say(`${stage.devices} devices are connected to ${hubs.length} local hub${hubs.length === 1 ? "" : "s"}.`);
  const claims: boolean[] = [];
  await example.story({
    ...{ stage, hubs, signal, say },
    type: async (...args) => {
      say(`\n$ npx wavegate ${args.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(" ")}`);
      const ended = await stage.wavegate(args);
      if (ended.output !== "") say(ended.output);
      return ended;
    },
    claim: (text, holds) => {
      claims.push(holds);
      say(`=> ${holds ? "" : "NOT TRUE: "}${text}`);
    },
    versions: (of = hubs) => versionsOn(of),
    asked: (version) => askedOn(hubs, version),
    until: (isSo) => until(isSo, signal),
  });
  const areTrue = claims.length > 0 && claims.every(Boolean);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(`\n${areTrue ? `All ${claims.length} claims were true` : "Not all of it was true"}, in ${seconds} s.`);
  if (stays) {
    say(
      `Look around: cd ${relative(process.cwd(), stage.repository)}, then npx wavegate status. Ctrl-C ends it.`,
    );
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => {
        resolve();
      });
    });
  }
  return areTrue ? 0 : 1;
}

async function until(isSo: () => boolean, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > end) return false;
    await sleep(GLANCE_MS, undefined, { signal });
  }
  return true;
}
