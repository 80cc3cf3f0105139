import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { PROJECT } from "../command-line.ts";

/** How a program is run. */
export interface ProgramOptions {
  /** Address of the engine and the resource monitor. */
  readonly address: string;
  readonly project: string;
  readonly stack: string;
  /** File of the program, from the project's root. */
  readonly main: string;
  /** `project:key` to text, as the command line hands it on. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly isPreview: boolean;
}

/** Run a program by Pulumi's own entry for Node, as its language host does; the exit code, and what it printed. */
export async function runProgramProcess(
  options: ProgramOptions,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { address, project, stack, main, configuration, isPreview } = options;
  const command = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run/index.js");
  const args = [
    ["--monitor", address],
    ["--engine", address],
    ["--project", project],
    ["--stack", stack],
    ["--root-directory", PROJECT],
    ["--pwd", PROJECT],
    ["--parallel", "16"],
    isPreview ? ["--dry-run"] : [],
  ].flat();
  const child = spawn(process.execPath, [command, ...args, main], {
    cwd: PROJECT,
    env: {
      PATH: process.env["PATH"] ?? "",
      PULUMI_CONFIG: JSON.stringify(configuration),
      PULUMI_CONFIG_SECRET_KEYS: "[]",
      // Pulumi.yaml: runtime.options.typescript is false, Node strips the types.
      PULUMI_NODEJS_TYPESCRIPT: "false",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, output });
    });
  });
}
