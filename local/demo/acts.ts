import { relative } from "node:path";
import { DEMO_PRODUCT } from "../demo-cast.ts";
import { intentOf, readHistory, readVersions } from "./chain.ts";
import { PROJECT, wavegate, type Ended, type Shell } from "./command-line.ts";
import type { Stage } from "./stage.ts";
import { truths, type Findings, type Truth } from "./truth.ts";

/** How the acts are told. */
export interface Telling {
  readonly say: (line: string) => void;
  readonly shell: Shell;
  /** What to add to a command when the command line does not find the demo's settings by itself. */
  readonly settingsFlag: string;
  /** Where the report of both rollouts goes. */
  readonly reportFile: string;
}

/** What the acts leave behind. */
export interface Played extends Findings {
  /** Devices by version before the first rollout. */
  readonly before: Readonly<Record<string, number>>;
}

/** The release file that 1.1.0 takes its waves and its gate from. */
const TEMPLATE = "rollout/releases/thermostat-1.1.0.ts";
/** Real milliseconds between two looks at the records while somebody else carries a rollout on. */
const LOOK_MS = 1_000;
/** States in which a release needs no controller any more. */
const AT_REST = ["adopted", "watching", "settled", "rolled back", "held"];

/** Play the four acts; what was found is read from the records, the hub and the devices. */
export async function playActs(stage: Stage, telling: Telling): Promise<Played> {
  const { say, shell } = telling;
  let adoptionWrites = NaN;
  const find = async (more: Partial<Findings> = {}): Promise<Findings> => ({
    history: await readHistory(DEMO_PRODUCT, shell),
    versions: await readVersions(DEMO_PRODUCT, shell),
    devices: stage.devices,
    harmed: stage.fleet.harmed(),
    asked: stage.asked("1.2.0"),
    adoptionWrites,
    goodExit: undefined,
    badExit: undefined,
    ...more,
  });

  say("\nAct 1: wavegate takes over what the devices run");
  await carryOut("1.0.0", telling);
  adoptionWrites = stage.desiredPatches();
  const adopted = await find();
  tell(say, 1, adopted);

  say("\nAct 2: 1.1.0, a good release: canary, 10%, 50%, everyone");
  await addRelease(stage, "1.1.0", ["--like", TEMPLATE], telling);
  mustSucceed(await run(["plan"], telling), "plan");
  const good = await carryOut("1.1.0", telling);
  tell(say, 2, await find({ goodExit: good.code }));

  say("\nAct 3: 1.2.0, whose self-test fails on one sensor lot of revision B");
  await addRelease(stage, "1.2.0", [], telling);
  const bad = await carryOut("1.2.0", telling);
  tell(say, 3, await find({ goodExit: good.code, badExit: bad.code }));

  say("\nAct 4: the devices are back on 1.1.0, which is still watched");
  await run(["reconcile"], telling);
  // It reads the records alone, as the findings do: neither waits for the other.
  const [findings] = await Promise.all([
    find({ goodExit: good.code, badExit: bad.code }),
    wavegate(["report", "--out", telling.reportFile], shell).then((ended) => {
      mustSucceed(ended, "report");
    }),
  ]);
  tell(say, 4, findings);
  return { ...findings, before: adopted.versions };
}

/** One sentence an act: what of its claims is true, and what is not. */
function tell(say: (line: string) => void, act: Truth["act"], findings: Findings): void {
  const checked = truths(findings).filter((truth) => truth.act === act);
  const claims = checked.map(({ claim, holds }) => (holds ? claim : `NOT TRUE: ${claim}`)).join("; ");
  say(`=> ${claims}.`);
}

async function addRelease(
  stage: Stage,
  version: string,
  more: readonly string[],
  telling: Telling,
): Promise<void> {
  const image = relative(PROJECT, stage.images.get(version) ?? "");
  const key = ["--key", relative(PROJECT, stage.keyFile)];
  const args = ["release", "add", image, "--product", DEMO_PRODUCT, "--release", version, ...key, ...more];
  mustSucceed(await run(args, telling), "release add");
}

/**
 * `wavegate apply`; when its controller is killed, that is told, and the demo waits until somebody has carried the
 * rollout on: the state is on the hub and in the records, not in the process.
 */
async function carryOut(version: string, telling: Telling): Promise<Ended> {
  const { say, shell, settingsFlag } = telling;
  const ended = await run(["apply"], telling);
  if (ended.code !== undefined && ended.code < 128) return ended;
  say("The controller was killed. Nothing is lost: the fleet stays as it is until somebody carries on with");
  say(`  npx wavegate apply${settingsFlag}`);
  for (;;) {
    const state = intentOf(await readHistory(DEMO_PRODUCT, shell), version)?.state;
    if (state !== undefined && AT_REST.includes(state)) {
      say(`${version} was carried on: it is ${state}.`);
      // Whoever carried it on has seen its exit code; the chain tells how it went.
      return { ...ended, code: undefined };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    shell.signal.throwIfAborted();
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

function mustSucceed({ code, output }: Ended, what: string): void {
  if (code === 0) return;
  throw new Error(`wavegate ${what} ended in ${code ?? "a signal"}${output === "" ? "" : `: ${output}`}`);
}
