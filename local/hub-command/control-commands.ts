import { announcedHub } from "../hub/disk/hub-address.ts";
import { findRunningHub, type RunningHub } from "./running-hub.ts";
import { readSnapshotName, type Problem } from "./settings.ts";

/** A command that tells a running hub what to do. */
export interface ControlCommand {
  /** As it is typed: `snapshot`, `device create`. */
  readonly name: string;
  readonly summary: string;
  /** In commander's spelling, with what it means; checked by `problems`. */
  readonly argument?: readonly [name: string, meaning: string];
  readonly options?: readonly (readonly [flags: string, meaning: string])[];
  /** What is wrong with the input. */
  readonly problems?: (input: ControlInput) => readonly Problem[];
  /** Tells the hub; `human` is what a person reads. */
  readonly run: (input: ControlInput, hub: RunningHub) => Promise<{ human: string; json: unknown }>;
}

/** What was typed, but for the folder. */
export interface ControlInput {
  /** The argument; "" when it was left out. */
  readonly argument: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly data: string;
}

/** All of them, in the order of the help. */
export const CONTROL_COMMANDS: readonly ControlCommand[] = [
  {
    name: "connection-string",
    summary: "print the service connection string",
    run: ({ data }) => {
      const connectionString = announcedHub(data)?.connectionString ?? "";
      return Promise.resolve({ human: connectionString, json: { connectionString } });
    },
  },
  {
    name: "device create",
    summary: "register a device and print its connection string",
    argument: ["[id]", "its id"],
    options: [["--tags [json]", 'tags of its twin, such as \'{"site":"lab"}\'']],
    problems: ({ argument, options }) => [
      ...(argument === "" ? ["device create takes the id of a device, such as d1"] : []),
      ...jsonProblems("--tags", options["tags"], `'{"site":"lab"}'`),
    ],
    run: async ({ argument: deviceId, options }, hub) => {
      const { tags } = options;
      const body = { deviceId, ...(typeof tags === "string" ? { tags: JSON.parse(tags) as unknown } : {}) };
      const json = await hub.call("POST", "/devices", body);
      return { human: textIn(json, "connectionString"), json };
    },
  },
  {
    name: "evaluate",
    summary: "evaluate all configurations now",
    run: async (_, hub) => {
      const json = await hub.call("POST", "/evaluations");
      return {
        human: `evaluated: ${textIn(json, "devices")} devices, ${textIn(json, "writes")} written`,
        json,
      };
    },
  },
  {
    name: "snapshot",
    summary: "keep the whole state under a name",
    argument: ["[name]", "its name"],
    problems: ({ argument }) => nameProblems("snapshot", argument),
    run: async ({ argument, data }, hub) => ({
      json: await hub.call("PUT", `/snapshots/${argument}`),
      human: `saved ${argument}; go back to it with: npm run hub -- restore ${argument} --data ${data}`,
    }),
  },
  {
    name: "snapshots",
    summary: "list the names of what was kept",
    run: async (_, hub) => {
      const json = await hub.call("GET", "/snapshots");
      // The hub's own answer: a list of names.
      const { snapshots } = json as { snapshots: readonly string[] };
      return { human: snapshots.join("\n"), json };
    },
  },
  {
    name: "restore",
    summary: "go back to what was kept, as a hub that fails over: later writes are lost",
    argument: ["[name]", "its name"],
    problems: ({ argument }) => nameProblems("restore", argument),
    run: async ({ argument }, hub) => ({
      json: await hub.call("POST", `/snapshots/${argument}/restore`),
      human: `restored ${argument}: what was written since is gone, and every device has to come back`,
    }),
  },
  {
    name: "fault add",
    summary: "make trouble by a rule (docs/local-hub.md, Faults)",
    argument: ["[rule]", `such as '{"match":{"call":"twinWrites"},"kind":"status","status":503,"times":3}'`],
    problems: ({ argument }) =>
      argument === ""
        ? [`fault add takes a rule: '{"match":{},"kind":"delay","ms":500}'`]
        : jsonProblems("fault add", argument, `'{"match":{},"kind":"delay","ms":500}'`),
    run: async ({ argument }, hub) => {
      const json = await hub.call("POST", "/faults", JSON.parse(argument));
      return { human: `added; rules now: ${textIn(json, "faults")}`, json };
    },
  },
  {
    name: "fault clear",
    summary: "make no more trouble",
    run: async (_, hub) => ({ json: await hub.call("DELETE", "/faults"), human: "no faults any more" }),
  },
];

/** Tell the hub of a data folder what was typed. */
export function control(
  command: ControlCommand,
  input: ControlInput,
): Promise<{ human: string; json: unknown }> {
  return command.run(input, findRunningHub(input.data));
}

/** What the hub answered under a name, as text; its answers have what their commands ask for. */
function textIn(answer: unknown, name: string): string {
  return String((answer as Readonly<Record<string, unknown>>)[name]);
}

function nameProblems(command: string, name: string): readonly Problem[] {
  try {
    readSnapshotName(name);
    return [];
  } catch (error) {
    const shown = name === "" ? "nothing" : JSON.stringify(name.slice(0, 80));
    return [`${command} ${error instanceof Error ? error.message : String(error)}, not ${shown}`];
  }
}

function jsonProblems(option: string, typed: unknown, example: string): readonly Problem[] {
  if (typed === undefined) return [];
  try {
    const value: unknown = JSON.parse(typeof typed === "string" ? typed : "");
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return [];
  } catch {
    // told below
  }
  const shown = typeof typed === "string" ? typed.slice(0, 60) : "nothing";
  return [`${option} takes a JSON object in quotes, such as ${example}, not ${shown}`];
}
