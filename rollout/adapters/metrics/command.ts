import { spawn } from "node:child_process";
import { expandQuery } from "../../model/metric-query.ts";
import type { MetricAnswer } from "../../model/question.ts";
import type { MetricSource } from "./metric-source.ts";
import { answerOfJson, malformed, parseJson } from "./numbers.ts";
import { SourceFailure } from "../source-failure.ts";

/** Longest output that is read. */
const MOST_OUTPUT = 64_000;
/** What every program gets of the environment, beside what the settings name. */
const ALWAYS = ["PATH", "HOME", "LANG", "TZ"];

/**
 * A program of one's own: it reads the query on its standard input and writes JSON, a number or an object of numbers by
 * stratum. No shell is between, and nothing of the environment but what is named is handed on. Whatever it started ends
 * with its time.
 */
export function command(settings: {
  readonly command: readonly [string, ...string[]];
  /** Names of further variables that it gets. */
  readonly environment?: readonly string[];
  /** Folder it runs in. */
  readonly folder: string;
}): MetricSource {
  const [program, ...args] = settings.command;
  const names = [...ALWAYS, ...(settings.environment ?? [])];
  return ({ query, values, wants }, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<MetricAnswer>();
    const env = Object.fromEntries(
      names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    const child = spawn(program, args, {
      cwd: settings.folder,
      env,
      // A group of its own, to be ended as a whole.
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const kill = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // Nobody of the group is left.
      }
    };
    signal.addEventListener("abort", kill, { once: true });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length <= MOST_OUTPUT) return;
      reject(malformed(`${program} wrote more than ${MOST_OUTPUT} characters`));
      kill();
    });
    child.on("error", () => {
      reject(new SourceFailure("unreachable", `${program} cannot be started`));
    });
    // Whoever does not read the query closes it.
    child.stdin.on("error", () => undefined);
    child.stdin.end(expandQuery(query, values));
    child.on("exit", () => {
      signal.removeEventListener("abort", kill);
      // What it left running would hold its output open.
      kill();
    });
    child.on("close", (code, by) => {
      if (code === 0) {
        try {
          resolve(answerOfJson(parseJson(output), wants));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        return;
      }
      const how = code === null ? `was ended by ${by ?? "a signal"}` : `ended with ${code}`;
      reject(new SourceFailure("failed", `${program} ${how}: run it by hand to see why`));
    });
    return promise;
  };
}
