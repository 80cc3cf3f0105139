import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { playActs } from "./demo/acts.ts";
import { PROJECT } from "./demo/command-line.ts";
import { startDashboard } from "./demo/dashboard.ts";
import { claimFolder } from "./demo/folder.ts";
import { lastScreen } from "./demo/last-screen.ts";
import { setStage } from "./demo/stage.ts";
import { areAllTrue, truths } from "./demo/truth.ts";

const DEFAULT_NAME = "demo";
const DEFAULT_MINUTES = 30;
const INTERRUPTED = 130;
const HELP = `npm start [-- options]: two firmware rollouts on this machine, with nothing else needed

  --once            end when the acts are over (so it does in a pipe)
  --scale MINUTES   virtual minutes that pass in a real second (default ${DEFAULT_MINUTES})
  --name NAME       keep everything in .wavegate/NAME of this project (default ${DEFAULT_NAME})
  --help            this text

Ends in 0 when everything it claims was true, in 1 when not, in ${INTERRUPTED} when interrupted before the end.
`;

/** What was asked for on the command line. */
interface Asked {
  readonly once: boolean;
  readonly minutesPerSecond: number;
  readonly name: string;
}

/** Play the demo; the exit code says whether all of it was true. */
async function main(): Promise<number> {
  const asked = readArguments();
  if (typeof asked === "number") return asked;
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interrupt.abort(signal);
    });
  }
  // Killed with SIGKILL, `npm start` leaves us on a terminal that nobody could end us from.
  process.once("disconnect", () => {
    interrupt.abort("SIGTERM");
  });
  process.channel?.unref();
  // It may have gone while this program was loading: that event is lost.
  if (process.send !== undefined && !process.connected) interrupt.abort("SIGTERM");
  try {
    return await play(asked, interrupt);
  } catch (error) {
    if (interrupt.signal.aborted && typeof interrupt.signal.reason === "string") return INTERRUPTED;
    const told: unknown = interrupt.signal.aborted ? interrupt.signal.reason : error;
    process.stderr.write(`the demo failed: ${told instanceof Error ? told.message : String(told)}\n`);
    return 1;
  }
}

function readArguments(): Asked | number {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: "boolean" },
        name: { type: "string" },
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
    return { once: values.once === true, minutesPerSecond, name: values.name ?? DEFAULT_NAME };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 1;
  }
}

async function play({ once, minutesPerSecond, name }: Asked, interrupt: AbortController): Promise<number> {
  // `npm start` tells when it began: finding a Node and starting it is part of what a user waits for.
  const installSeconds = Number(process.env["WAVEGATE_INSTALL_SECONDS"] ?? 0);
  const startedAt = Number(process.env["WAVEGATE_STARTED_AT"] ?? Date.now());
  const { signal } = interrupt;
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const staysUp = process.stdout.isTTY && !once;
  await using claimed = await claimFolder(PROJECT, name);
  const { folder } = claimed;
  const shown = relative(process.cwd(), folder);
  say(
    "wavegate on your machine: an embedded IoT Hub, blob storage and 300 simulated devices. Nothing else is needed.",
  );
  say(
    "Four acts: adopt what runs, roll out a good release, stop a bad one, see the devices back. It takes a minute.",
  );
  say(`Time runs ${minutesPerSecond} minutes a second (--scale); everything is kept in ${shown}.`);

  await using stage = await setStage({ folder, minutesPerSecond, say, signal });
  void stage.fleet.ended.then((trouble) => {
    // Without its devices the rest would be told about ghosts.
    if (trouble !== undefined) interrupt.abort(new Error(trouble));
  });
  const settings = join(folder, "settings.json");
  const settingsFlag = isFoundByItself(name) ? "" : ` --settings ${relative(process.cwd(), settings)}`;
  const shell = { signal, settings };
  await using dashboard = startDashboard(shell);
  let link: string | undefined;
  void dashboard.url.then((url) => {
    link = url;
    say(
      url === undefined ? "The dashboard did not start; the acts go on." : `See it live in a browser: ${url}`,
    );
  });
  const reportFile = join(folder, "report.html");
  const played = await playActs(stage, { say, shell, settingsFlag, reportFile });
  const seconds = (Date.now() - startedAt) / 1_000 - installSeconds;
  const recordsFolder = join(shown, "records");
  say("");
  say(
    lastScreen({
      ...played,
      recordsFolder,
      reportFile: join(shown, "report.html"),
      dashboard: link,
      seconds,
      installSeconds,
      staysUp,
      settingsFlag,
    }),
  );
  const isTrue = areAllTrue(truths(played));
  if (!staysUp) return isTrue ? 0 : 1;
  await aborted(signal);
  return isTrue ? 0 : INTERRUPTED;
}

/** Whether a command typed in this project finds the demo's settings: a project's own come first. */
function isFoundByItself(name: string): boolean {
  const named = process.env["WAVEGATE_SETTINGS"] ?? process.env["WAVEGATE_HUB_CONNECTION_STRING"];
  return name === DEFAULT_NAME && named === undefined && !existsSync(join(PROJECT, "wavegate.settings.json"));
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
