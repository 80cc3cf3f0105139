/** `npm run device:conformance`: put a device through good, bad and interrupted updates, and say what it did wrong. */
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { exampleImages, ROLES } from "./device-conformance/images.ts";
import { isKept, judge } from "./device-conformance/judgement.ts";
import { RULES } from "./device-conformance/rules.ts";
import { runConformance } from "./device-conformance/run.ts";
import { SCENARIOS } from "./device-conformance/scenarios.ts";
import { readSettings, type Settings, type Typed } from "./device-conformance/settings.ts";
import {
  supplyOf,
  temporaryFolder,
  trustText,
  VARIABLES,
  writeAuthority,
} from "./device-conformance/supply.ts";
import { humanView, jsonView, progressLine } from "./device-conformance/views.ts";

/** Exit codes. */
const EXIT = { kept: 0, broken: 1, usage: 2, SIGINT: 130, SIGTERM: 143 } as const;
const EXAMPLE_DEVICE = join(import.meta.dirname, "device-conformance", "example-device.ts");

const HELP = `
Without a command it checks the agent of this project on a simulated board. A
device of your own is a program that connects to the hub in its environment,
as docs/conformance.md says; it is killed and started again to be without
power. With --wait a device that starts by itself is waited for, and what needs
its power cut is left out.

Images of --image:
${rows(Object.entries(ROLES))}
  factory and good are needed; what wants another is left out without it.

Variables the program gets:
${Object.entries(VARIABLES)
  .map(([name, meaning]) => `  ${name}\n      ${meaning}`)
  .join("\n")}

Examples:
  $ npm run device:conformance
  $ npm run device:conformance -- --image factory=fw-1.bin@1.0.0 \\
      --image good=fw-2.bin@2.0.0 --health 10s -- ./my-device --verbose
  $ npm run device:conformance -- --wait --host 192.168.1.10 --mqtt-port 8883 \\
      --image factory=fw-1.bin@1.0.0 --image good=fw-2.bin@2.0.0 --health 5m

Exit: 0 no rule was seen broken, 1 one was, 2 it could not be run.`;

/** Run the command; the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const split = argv.indexOf("--");
  const own = split < 0 ? argv : argv.slice(0, split);
  const command = split < 0 ? [] : argv.slice(split + 1);
  const program = programOf();
  try {
    await program.parseAsync([...own], { from: "user" });
  } catch (error) {
    // Commander has printed what there was to print.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.kept : EXIT.usage;
    throw error;
  }
  const typed = program.opts<Typed & { readonly list?: true; readonly json?: true }>();
  if (typed.list === true) {
    process.stdout.write(`scenarios:\n${rows(SCENARIOS.map(({ name, story }) => [name, story]))}\n\n`);
    process.stdout.write(`rules:\n${rows(RULES.map(({ name, says }) => [name, says]))}\n`);
    return EXIT.kept;
  }
  const settings = await readSettings(typed, command);
  if ("problems" in settings) {
    process.stderr.write(`${settings.problems.join("\n")}\n`);
    return EXIT.usage;
  }
  return check(settings, typed.json === true);
}

async function check(settings: Settings, asJson: boolean): Promise<number> {
  const { command = [process.execPath, EXAMPLE_DEVICE], isWaiting, signing, times } = settings;
  const images = settings.images ?? (await exampleImages());
  await using folder = await temporaryFolder();
  const results = await runConformance({
    ...settings,
    images,
    supply: isWaiting
      ? undefined
      : ({ caPem }) => supplyOf({ command, folder: folder.path, caPem, images, signing, times }),
    onAddress: async ({ connectionString, caPem }) => {
      const caFile = await writeAuthority(folder.path, caPem);
      const trust = signing === undefined ? "" : `\n  pin        ${trustText(signing)}`;
      process.stderr.write(
        `Waiting for a device on ${images.factory.version}:\n  connect    ${connectionString}\n  trust      ${caFile}${trust}\n`,
      );
    },
    onScenario: (result) => {
      process.stderr.write(`${progressLine(result)}\n`);
    },
  });
  const judgements = judge(results);
  process.stdout.write(
    asJson ? `${JSON.stringify(jsonView(judgements, results))}\n` : humanView(judgements, results),
  );
  if (isKept(judgements)) return EXIT.kept;
  if (judgements.some(({ result }) => result === "broken")) return EXIT.broken;
  process.stderr.write("nothing was tested: what was chosen needs what was not given, as said above\n");
  return EXIT.usage;
}

function programOf(): Command {
  const every = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  return new Command("npm run device:conformance --")
    .usage("[options] [-- COMMAND ARGUMENTS...]")
    .description("Put a device through good, bad and interrupted updates, and say what it did wrong.")
    .option("--image <role=file@version>", "an image, once for each role", every)
    .option("--wait", "wait for one device that starts by itself")
    .option("--only <name>", "a scenario, or a rule with all that look at it; repeatable", every)
    .option("--list", "say which scenarios and rules there are")
    .option("--health <time>", "how long the device keeps an image on trial", "2s")
    .option("--quiet <time>", "how long to wait for what must not happen", "2s")
    .option("--timeout <time>", "how long to wait for what must happen", "90s")
    .option("--at-once <count>", "scenarios at a time (default: two a processor)")
    .option("--unsigned", "the device checks no signatures")
    .option("--sign-key <file>", "Ed25519 key (PEM) whose public part the device pins (default: a fresh one)")
    .option("--product <name>", "product that images are signed for", "thermostat")
    .option("--hardware <name>", "board that images are signed for", "A")
    .option("--host <address>", "where to listen (default: localhost)")
    .option("--mqtt-port <port>", "port of MQTT (default: any; SDKs that take none want 8883)")
    .option("--json", "the result as JSON, with all evidence")
    .addHelpText("after", HELP)
    .exitOverride();
}

function rows(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`).join("\n");
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(EXIT[signal]));
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT.usage;
}
