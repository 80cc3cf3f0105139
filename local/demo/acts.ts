import { intentOf, readHistory, readVersions, type Decision } from "./chain.ts";
import { relative } from "node:path";
import { PROJECT, wavegate, type Ended, type Shell } from "./command-line.ts";
import { DEMO_PRODUCT } from "../demo-cast.ts";
import type { Stage } from "./stage.ts";
import { abortOf, exposedBy, type Findings } from "./truth.ts";

/** How the acts are told. */
export interface Telling {
  readonly say: (line: string) => void;
  readonly shell: Shell;
}

/** The release file that 1.1.0 takes its waves and its gate from. */
const TEMPLATE = "rollout/releases/thermostat-1.1.0.ts";
/** Real milliseconds between two looks at the records while somebody else carries a rollout on. */
const LOOK_MS = 1_000;
/** States in which a release needs no controller any more. */
const AT_REST = ["watching", "settled", "rolled back", "held"];

/** Play the four acts; what was found is read from the records, the hub and the devices. */
export async function playActs(stage: Stage, telling: Telling): Promise<Findings> {
  const { say, shell } = telling;
  act(say, 1, "wavegate takes over what the devices run");
  mustEnd(await run(["apply"], telling), "apply");
  say(`1.0.0 is adopted as the baseline: its condition is empty, no device was written to.`);

  act(say, 2, "1.1.0, a good release: canary, 10%, 50%, everyone");
  await addRelease(stage, "1.1.0", ["--like", TEMPLATE], telling);
  mustEnd(await run(["plan"], telling), "plan");
  const good = await rollOut("1.1.0", telling);
  say(
    good.code === 1
      ? "1.1.0 did not get through."
      : "1.1.0 reached everyone, each evidence wave promoted on proof in both strata.",
  );

  act(say, 3, "1.2.0, whose self-test fails on one sensor lot of revision B");
  await addRelease(stage, "1.2.0", [], telling);
  const bad = await rollOut("1.2.0", telling);
  const history = await readHistory(DEMO_PRODUCT, shell);
  say(toldAbort(abortOf(history, "1.2.0")));

  act(say, 4, "the devices are back on 1.1.0, which is still watched");
  mustEnd(await run(["reconcile"], telling), "reconcile");
  const versions = await readVersions(DEMO_PRODUCT, shell);
  say(
    `${versions["1.1.0"] ?? 0} of ${stage.devices} devices run 1.1.0; 1.1.0 is ${intentOf(history, "1.1.0")?.state ?? "unknown"}.`,
  );
  return {
    history: await readHistory(DEMO_PRODUCT, shell),
    versions,
    devices: stage.devices,
    harmed: stage.fleet.harmed(),
    goodExit: good.code,
    badExit: bad.code,
  };
}

async function addRelease(
  stage: Stage,
  version: string,
  more: readonly string[],
  telling: Telling,
): Promise<void> {
  const image = relative(PROJECT, stage.images.get(version) ?? "");
  mustEnd(
    await run(["release", "add", image, "--product", DEMO_PRODUCT, "--release", version, ...more], telling),
    "release add",
  );
}

/**
 * `wavegate apply`; when its controller is killed, that is told, and the demo waits until somebody has carried the
 * rollout on: the state is on the hub and in the records, not in the process.
 */
async function rollOut(version: string, telling: Telling): Promise<Ended> {
  const ended = await run(["apply"], telling);
  telling.shell.signal.throwIfAborted();
  if (ended.code !== undefined && ended.code < 128) return ended;
  telling.say(
    "The controller was killed. Nothing is lost: the fleet stays as it is until somebody carries on with",
  );
  telling.say("  npx wavegate apply");
  for (;;) {
    const state = intentOf(await readHistory(DEMO_PRODUCT, telling.shell), version)?.state;
    if (state !== undefined && AT_REST.includes(state)) {
      telling.say(`${version} was carried on: it is ${state}.`);
      return ended;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    telling.shell.signal.throwIfAborted();
  }
}

/** Run a command as a user would, and show what it says. */
async function run(args: readonly string[], { say, shell }: Telling): Promise<Ended> {
  const command = `$ npx wavegate ${args.join(" ")}`;
  const ended = await wavegate(args, shell, (pid) => {
    // Whoever wants to see what happens may kill the controller; the other commands are over too soon.
    say(args[0] === "apply" ? `${command}   (the controller is process ${pid})` : command);
  });
  if (ended.output !== "") say(ended.output);
  return ended;
}

function mustEnd({ code, output }: Ended, what: string): void {
  if (code === 0 || code === undefined || code >= 128) return;
  throw new Error(`wavegate ${what} ended in ${code}${output === "" ? "" : `: ${output}`}`);
}

function toldAbort(abort: Decision | undefined): string {
  const reason = abort?.verdict?.reasons[0];
  if (abort === undefined || reason === undefined) return "1.2.0 was not stopped.";
  return `The gate stopped 1.2.0 in stratum ${reason.stratum ?? "?"}: ${reason.k ?? "?"} of ${reason.n ?? "?"} failed; ${exposedBy(abort)} devices were exposed.`;
}

function act(say: (line: string) => void, number: number, title: string): void {
  say(`\nAct ${number}: ${title}`);
}
