import type { Telemetry } from "../adapters/telemetry/telemetry.ts";
import { WavegateError } from "../model/problem.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings/settings.ts";

/** One verb as a list of commands shows it, which would take ten times as long with all that they do. */
export interface ListedCommand {
  /** As it is typed: `plan`, `release add`. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Arguments in commander's spelling: `[product]`, `<file>`, with what they mean. */
  readonly arguments?: readonly (readonly [name: string, meaning: string])[];
  /** Loads the rest, when it is typed. */
  readonly load: () => Promise<Command>;
}

/** What a verb says of itself, and does. */
export interface Command {
  /** What it does and when to use it, in prose of 80 columns. */
  readonly help: string;
  readonly examples: readonly string[];
  /** Options in commander's spelling: `--reason <text>`, with what they mean. */
  readonly options?: readonly (readonly [flags: string, meaning: string])[];
  /** True: in a CI, an error that ends it is shown beside the run; default: it is only printed. */
  readonly isAnnotated?: boolean;
  run(context: Context, input: Input): Promise<Result>;
}

/** A verb with all that there is of it. */
export type WholeCommand = Omit<ListedCommand, "load"> & Command;

/** Load a verb. */
export async function wholeCommand({ load, ...listed }: ListedCommand): Promise<WholeCommand> {
  return { ...listed, ...(await load()) };
}

/** What the commands of two words have in common, by their first. */
export const GROUPS: Readonly<Record<string, string>> = {
  git: "tell a Git host what is planned, and how it ended",
  gate: "gates, tried without a rollout",
  keys: "keys that sign releases",
  notify: "channels that are told what happens",
  release: "release files",
};

/** Options that every command takes, before or after its name. */
export const COMMON_OPTIONS: readonly (readonly [flags: string, meaning: string])[] = [
  ["--settings <file>", "settings file"],
  ["--stack-outputs <file>", "outputs of a stack, as JSON"],
  ["--as <name>", "decide under this name; for a local hub only"],
  ["--json", "print the result as JSON"],
];

/** What was typed. */
export interface Input {
  readonly args: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a command may use of the world. */
export interface Context {
  readonly settings: () => Promise<Settings>;
  readonly session: () => Promise<Session>;
  /** Where traces and metrics go; absent: nobody wants any. */
  readonly telemetry?: Telemetry | undefined;
  /** Every command there is, loaded. */
  readonly commands: () => Promise<readonly WholeCommand[]>;
  /** Progress, for people: standard error. */
  readonly progress: (line: string) => void;
  /** A line of the result, ahead of its end: standard output. */
  readonly output: (line: string) => void;
  /** Standard output, when it is a terminal that can be redrawn. */
  readonly screen: NodeJS.WriteStream | undefined;
  /** True when progress goes to a terminal that can be redrawn. */
  readonly isTerminal: boolean;
  /** True when the result is wanted as JSON: progress is not drawn. */
  readonly json: boolean;
  readonly folder: string;
  /** Work that nobody waits for who reads the result: done once that is printed, before the process ends. */
  readonly afterwards: (work: () => Promise<void>) => void;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a command found: for people and for programs. */
export interface Result {
  readonly exitCode: ExitCode;
  readonly human: string;
  /** undefined: the command has written its documents itself. */
  readonly json: unknown;
}

/** Ways to end; the words are what CI tests for. */
export const EXIT = {
  /** Done, waiting or nothing to do. */
  done: 0,
  /** Something is wrong: the code says what, the hint what to type. */
  error: 1,
  /** `plan --detailed-exitcode` found changes. */
  changes: 2,
  /** A release was aborted, or its taking back was finished. */
  aborted: 3,
  /** Held: a person has to carry on. */
  held: 4,
  /** Ctrl-C: watching ended, the rollout goes on. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** How a run over several products ends: by what a person must look at first. */
export function worstExit(codes: readonly ExitCode[]): ExitCode {
  const order = [EXIT.interrupted, EXIT.error, EXIT.aborted, EXIT.held];
  return order.find((code) => codes.includes(code)) ?? EXIT.done;
}

/** An option's text, when it was given. */
export function textOption(input: Input, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === "string" ? value : undefined;
}

/** The reason a person gives, for the record; `command` is repeated in the hint. */
export function requiredReason(input: Input, command: string): string {
  const reason = textOption(input, "reason")?.trim();
  if (reason !== undefined && reason !== "") return reason;
  throw new WavegateError("BAD_OPTION", "this needs a reason, for the record", {
    hint: `${command} --reason "..."`,
  });
}
