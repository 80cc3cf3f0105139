import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { playActs } from "./demo/acts.ts";
import { claimFolder } from "./demo/folder.ts";
import { lastScreen } from "./demo/last-screen.ts";
import { setStage } from "./demo/stage.ts";
import { truths } from "./demo/truth.ts";

const PROJECT = join(import.meta.dirname, "..");
const DEFAULT_FOLDER = join(PROJECT, ".wavegate", "demo");
const DEFAULT_MINUTES = 30;
const HELP = `npm start [-- options]: two firmware rollouts on this machine, with nothing else needed

  --once            end when the acts are over (so it does in a pipe)
  --scale MINUTES   virtual minutes that pass in a real second (default ${DEFAULT_MINUTES})
  --folder FOLDER   keep everything in another folder of this project (default .wavegate/demo)
  --help            this text
`;

/** What was asked for on the command line. */
interface Asked {
  readonly once: boolean;
  readonly minutesPerSecond: number;
  readonly folder: string;
}

/** Play the demo; the exit code says whether all of it was true. */
async function main(): Promise<number> {
  const asked = readArguments();
  if (typeof asked === "number") return asked;
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupt.abort();
    });
  }
  try {
    return await play(asked, interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    process.stderr.write(`the demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function readArguments(): Asked | number {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: "boolean" },
        folder: { type: "string" },
        scale: { type: "string" },
        help: { type: "boolean" },
      },
    });
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const minutesPerSecond = Number(values.scale ?? DEFAULT_MINUTES);
    if (!Number.isFinite(minutesPerSecond) || minutesPerSecond <= 0) {
      throw new Error(
        `--scale takes minutes a second, such as ${DEFAULT_MINUTES}, not "${values.scale ?? ""}"`,
      );
    }
    return { once: values.once === true, minutesPerSecond, folder: resolve(values.folder ?? DEFAULT_FOLDER) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 1;
  }
}

async function play({ once, minutesPerSecond, folder }: Asked, signal: AbortSignal): Promise<number> {
  // `npm start` tells when it began: finding a Node and starting it is part of what a user waits for.
  const installSeconds = Number(process.env["WAVEGATE_INSTALL_SECONDS"] ?? 0);
  const startedAt = Number(process.env["WAVEGATE_STARTED_AT"] ?? Date.now());
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const staysUp = process.stdout.isTTY && !once;
  const shown = relative(process.cwd(), folder);
  say(
    "wavegate on your machine: an embedded IoT Hub, blob storage and 300 simulated devices. Nothing else is needed.",
  );
  say(
    "Four acts: adopt what runs, roll out a good release, stop a bad one, see the devices back. It takes a minute.",
  );
  say(`Time runs ${minutesPerSecond} minutes a second (--scale); everything is kept in ${shown}.`);

  await claimFolder(folder);
  await using stage = await setStage({ folder, minutesPerSecond, say });
  // In its usual place the command line finds the settings by itself.
  const settings = folder === DEFAULT_FOLDER ? undefined : join(folder, "settings.json");
  const findings = await playActs(stage, { say, shell: { signal, settings } });
  const seconds = (Date.now() - startedAt) / 1_000 - installSeconds;
  say("");
  say(lastScreen({ ...findings, recordsFolder: join(shown, "records"), seconds, installSeconds, staysUp }));
  if (staysUp) await aborted(signal);
  return truths(findings).every(({ holds }) => holds) ? 0 : 1;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener("abort", () => {
      done();
    });
  });
}

process.exitCode = await main();
