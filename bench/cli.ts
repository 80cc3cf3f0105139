import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { start } from "../test/support/command-line.ts";
import { lightFleet } from "../test/support/light-fleet.ts";
import { startDeployment } from "../test/support/deployment.ts";
import { countFrom } from "./arguments.ts";
import { formatCount, formatMs, median, type Figure } from "./figure.ts";
import { thermostats } from "./thermostats.ts";

const WAVEGATE = join(import.meta.dirname, "..", "scripts", "wavegate.mjs");
const DEVICES = 100_000;
/** Of each of the two that are compared, in turn, so that both meet the same machine. */
const STARTS = 15;
const PLANS = 5;
/** On a smaller hub such waves would be refused as too fast. */
const BIG = { WAVEGATE_HUB_TIER: "S3", WAVEGATE_HUB_UNITS: "10" };
/** What `--help` may take, as a ratio to a Node that does nothing. */
const RATIO = 1.6;
/** What `plan` against the local hub may take. */
const PLAN_MS = 1_500;

/** What somebody who types a command waits for. */
export async function measure(args: readonly string[]): Promise<readonly Figure[]> {
  const [text = String(DEVICES)] = args;
  const devices = countFrom(text, "number of devices", 1000);
  return [...measureStart(), await measurePlan(devices)];
}

function measureStart(): readonly Figure[] {
  const bare: number[] = [];
  const help: number[] = [];
  const verb: number[] = [];
  // The first of each fills caches.
  for (let run = 0; run <= STARTS; run++) {
    bare.push(startOf(["-e", ""]));
    help.push(startOf([WAVEGATE, "--help"]));
    verb.push(startOf([WAVEGATE, "plan", "--help"]));
  }
  const [bareMs = NaN, helpMs = NaN, verbMs = NaN] = [bare, help, verb].map((times) =>
    median(times.slice(1)),
  );
  const besideBare = (ms: number): string => `${(ms / bareMs).toFixed(2)} (${formatMs(ms)})`;
  return [
    { what: "a Node that does nothing, start to end", measured: formatMs(bareMs) },
    {
      what: "`wavegate --help`, a text that is kept, as a ratio to it",
      measured: besideBare(helpMs),
      limit: `${RATIO}`,
      isBroken: helpMs / bareMs > RATIO,
    },
    {
      what: "`wavegate plan --help`, kept too",
      measured: besideBare(verbMs),
      limit: `${RATIO}`,
      isBroken: verbMs / bareMs > RATIO,
    },
  ];
}

function startOf(args: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status ?? "a signal"}`);
  return performance.now() - started;
}

/** The command as a process of its own, against a hub and an image store in others, over TLS. */
async function measurePlan(devices: number): Promise<Figure> {
  // Time runs faster, so that the hub has forgotten the calls of one plan when the next begins.
  await using deployment = await startDeployment({ name: "bench-cli", devices: 2, scale: 600 });
  lightFleet().add(deployment.hub, thermostats(devices), "1.0.0");
  await deployment.release("thermostat-1.1.0.ts", {
    product: "thermostat",
    version: "1.1.0",
    artifact: deployment.artifacts.get("1.1.0"),
    waves: [1, 10, 50, 100].map((share, index) => ({
      name: `${share}%`,
      cohort: { kind: "percent", percent: share },
      // Of a small fleet it proves nothing.
      ...(index === 0 ? { kind: "smoke" } : {}),
    })),
    gate: {
      ...{ tolerate: "2%", reject: "10%", falseStop: "5%", missedBad: "5%" },
      ...{ deadline: "48 hours", bake: "72 hours", harmCap: 500 },
    },
  });
  const times: number[] = [];
  for (let run = 0; run < PLANS; run++) {
    const started = performance.now();
    const plan = start(["scripts/wavegate.mjs", "plan"], { ...BIG, WAVEGATE_SETTINGS: deployment.settings });
    const code = await plan.ended;
    times.push(performance.now() - started);
    if (code !== 0) throw new Error(plan.lines.join("\n"));
  }
  const measured = median(times);
  return {
    what: `\`wavegate plan\`, four waves, ${formatCount(devices)} devices`,
    measured: `${formatMs(measured)} (${times.map(formatMs).join(", ")})`,
    limit: formatMs(PLAN_MS),
    isBroken: measured > PLAN_MS,
  };
}
