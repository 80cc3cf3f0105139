import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { playActs } from "./demo/acts.ts";
import { lastScreen } from "./demo/last-screen.ts";
import { setStage } from "./demo/stage.ts";
import { truths } from "./demo/truth.ts";

const PROJECT = join(import.meta.dirname, "..");
const FOLDER = join(PROJECT, ".wavegate", "demo");
const MINUTES_PER_SECOND = 30;
const HELP = `npm start [-- options]: two firmware rollouts on this machine, with nothing else needed

  --once               end when the acts are over (so it does in a pipe)
  --scale MINUTES      virtual minutes that pass in a real second (default ${MINUTES_PER_SECOND})
  --help               this text
`;

/** Play the demo; the exit code says whether all of it was true. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { once: { type: "boolean" }, scale: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const minutesPerSecond = Number(values.scale ?? MINUTES_PER_SECOND);
  if (!Number.isFinite(minutesPerSecond) || minutesPerSecond <= 0) {
    process.stderr.write(`--scale takes minutes a second, such as 30, not "${values.scale ?? ""}"\n`);
    return 1;
  }
  const startedAt = Date.now();
  const interrupt = new AbortController();
  process.once("SIGINT", () => {
    interrupt.abort();
  });
  process.once("SIGTERM", () => {
    interrupt.abort();
  });
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const staysUp = process.stdout.isTTY && values.once !== true;
  const folder = relative(process.cwd(), FOLDER);
  say(
    `wavegate on your machine: an embedded IoT Hub, blob storage and 300 simulated devices, nothing else is needed.`,
  );
  say(
    `Four acts: adopt what runs, roll out a good release, stop a bad one, see the devices back. It takes a minute.`,
  );
  say(`Time runs ${minutesPerSecond} minutes a second (--scale); everything is kept in ${folder}.`);

  let stage;
  try {
    stage = await setStage({ folder: FOLDER, minutesPerSecond, say });
    const findings = await playActs(stage, { say, signal: interrupt.signal });
    const seconds = (Date.now() - startedAt) / 1_000;
    const installSeconds = Number(process.env["WAVEGATE_INSTALL_SECONDS"] ?? 0);
    say("");
    say(
      lastScreen({ ...findings, recordsFolder: join(folder, "records"), seconds, installSeconds, staysUp }),
    );
    if (staysUp) await interrupted(interrupt.signal);
    return truths(findings).every(({ holds }) => holds) ? 0 : 1;
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    process.stderr.write(
      `the demo failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  } finally {
    await stage?.[Symbol.asyncDispose]();
  }
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener("abort", () => {
        resolve();
      });
    }
  });
}

process.exitCode = await main();
