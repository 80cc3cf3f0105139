import { Command as Commander, CommanderError } from "commander";
import { CONTROL_COMMANDS, control, type ControlCommand } from "./hub-command/control-commands.ts";
import {
  DEFAULT_PORTS,
  readPath,
  readSettings,
  type HubSettings,
  type Problem,
} from "./hub-command/settings.ts";
import { CommandTrouble } from "./hub-command/trouble.ts";

/** Options of a hub, in the order of the help. Values are marked optional so that all that lack one are told at once. */
const OPTIONS = [
  ["--host [address]", "where to listen, also its name in connection strings (default: localhost)"],
  [
    "--https-port [port]",
    `service API and MQTT over WebSockets (default: ${DEFAULT_PORTS.https}; SDKs want 443)`,
  ],
  ["--mqtt-port [port]", `MQTT (default: ${DEFAULT_PORTS.mqtt})`],
  ["--name [name]", "name before .azure-devices.net (default: the folder's, or local- and six characters)"],
  ["--tier [tier]", "F1, S1, S2, S3: its limits (default: S1)"],
  ["--units [count]", "units of the tier (default: 1)"],
  ["--data [folder]", "keep everything here, made if need be (default: in memory)"],
  ["--throttle [mode]", "off, shape, strict (default: strict)"],
  ["--daily-quota [mode]", "on, off: whether used-up messages end the day (default: on)"],
  ["--query-lag [time]", "how far queries are behind the twins (default: 0)"],
  ["--evaluation-interval [time]", "between evaluations of all configurations (default: 5m)"],
  ["--first-run-delay [time]", "from a change of a configuration to its evaluation (default: 5s)"],
  ["--time-scale [factor]", "how many times faster the hub's clock runs (default: 1)"],
  ["--fleet [file]", "simulated devices beside it, as the JSON file says (docs/fleet.md)"],
  ["--restore [name]", "begin with a snapshot of the folder"],
  ["--log", "a JSON line on standard error for each request and connection; no keys"],
  ["--json", "say where it is as one line of JSON, with its key, once it listens"],
] as const;

const EXAMPLES = `
Times are 500ms, 30s, 5m, 1h. A command goes to the hub that runs on the folder
of --data. The policy iothubowner's key opens all of it; without --host it is
reached from this machine only.

Examples:
  $ npm run hub -- --host 127.0.0.2 --https-port 443 --name myhub --data .wavegate/myhub
  $ npm run -s hub -- device create d1 --tags '{"site":"lab"}' --data .wavegate/myhub

Exit: 0 done or ended by Ctrl-C, 1 error, 143 ended by SIGTERM.
More, with a preload for programs that only know port 443: docs/local-hub.md`;

type Action = () => Promise<number>;

/** Run the command; the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let action: Action = () => Promise.resolve(0);
  const program = programOf((chosen) => {
    action = chosen;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return await action();
  } catch (error) {
    // Commander has printed what there was to print.
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof CommandTrouble) process.stderr.write(`${error.message}\n`);
    else
      process.stderr.write(`unexpected: ${error instanceof Error ? (error.stack ?? "") : String(error)}\n`);
    return 1;
  }
}

async function serve(settings: HubSettings): Promise<number> {
  // A hub takes a while to load, which a command for one that runs has no need of.
  const hub = await import("./hub-command/serve.ts");
  return hub.serve(settings);
}

function programOf(choose: (action: Action) => void): Commander {
  const program = tolerant(new Commander("npm run hub --"))
    .usage("[options]\n       npm run hub -- COMMAND --data FOLDER")
    .description("An IoT Hub on this machine that Microsoft's SDKs cannot tell apart.")
    .addHelpText("after", EXAMPLES);
  for (const [flags, meaning] of OPTIONS) program.option(flags, meaning);
  program.action(() => {
    const read = readSettings(program.opts());
    const problems = [...strangers(program), ...("problems" in read ? read.problems : [])];
    choose("problems" in read || problems.length > 0 ? () => refuse(problems) : () => serve(read.settings));
  });
  const groups = new Map<string, Commander>();
  for (const command of CONTROL_COMMANDS) {
    const [first = "", second] = command.name.split(" ");
    const parent = second === undefined ? program : (groups.get(first) ?? groupIn(program, first, choose));
    if (second !== undefined) groups.set(first, parent);
    addControl(parent, command, choose);
  }
  return program;
}

/** The parent of commands of two words, which is none by itself. */
function groupIn(program: Commander, name: string, choose: (action: Action) => void): Commander {
  const names = CONTROL_COMMANDS.map((command) => command.name).filter((one) => one.startsWith(`${name} `));
  const group = tolerant(program.command(name)).description(names.join(", "));
  return group.action(() => {
    choose(() => refuse([`${name} is half a command: type ${names.join(" or ")}`]));
  });
}

function addControl(parent: Commander, command: ControlCommand, choose: (action: Action) => void): void {
  const name = command.name.split(" ").at(-1) ?? "";
  const verb = tolerant(parent.command(name)).description(command.summary);
  if (command.argument !== undefined) verb.argument(...command.argument);
  for (const [flags, meaning] of command.options ?? []) verb.option(flags, meaning);
  verb.option("--data [folder]", "the folder of the running hub").option("--json", "answer as JSON");
  verb.action(() => {
    const options: Readonly<Record<string, unknown>> = verb.optsWithGlobals();
    const data = typeof options["data"] === "string" ? options["data"] : "";
    const [argument] = verb.processedArgs as readonly unknown[];
    const input = { argument: typeof argument === "string" ? argument : "", options, data };
    const problems = [
      ...strangers(verb),
      ...(command.problems?.(input) ?? []),
      ...dataProblems(data, command.name),
    ];
    choose(async () => {
      if (problems.length > 0) return refuse(problems);
      const { human, json } = await control(command, input);
      process.stdout.write(`${options["json"] === true ? JSON.stringify(json) : human}\n`);
      return 0;
    });
  });
}

/** A command that leaves it to us what is wrong, so that all of it is told at once. */
function tolerant(command: Commander): Commander {
  return command
    .exitOverride()
    .allowUnknownOption()
    .allowExcessArguments()
    .configureHelp({ optionTerm: ({ flags }) => flags.replace(/\[(.*)\]/u, "<$1>") });
}

/** What was typed that nobody knows. */
function strangers(command: Commander): readonly Problem[] {
  const expected = command.registeredArguments.length;
  return command.args.slice(expected).map((word) => {
    const name = word.split("=", 1)[0] ?? "";
    return name.startsWith("-")
      ? `${name} is no option: \`npm run hub -- --help\` lists them`
      : `${JSON.stringify(word.slice(0, 60))} is not expected here: commands are ${CONTROL_COMMANDS.map((one) => one.name).join(", ")}`;
  });
}

function dataProblems(data: string, name: string): readonly Problem[] {
  try {
    readPath(data);
    return [];
  } catch (error) {
    return [
      `--data ${error instanceof Error ? error.message : String(error)}: ${name} goes to the hub there`,
    ];
  }
}

function refuse(problems: readonly Problem[]): Promise<number> {
  process.stderr.write(`${problems.join("\n")}\n`);
  return Promise.resolve(1);
}

process.exitCode = await main(process.argv.slice(2));
