import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { z } from "zod";
import type { ReachableHub } from "../../support/iot-hub-registry.ts";
import { PROJECT } from "../../support/command-line.ts";

const line = z.object({
  name: z.string(),
  hostName: z.string(),
  httpsPort: z.number(),
  mqttPort: z.number(),
  serviceConnectionString: z.string(),
  deviceConnectionString: z.string(),
  caFile: z.string(),
  data: z.string().optional(),
  preload: z.object({
    environment: z.record(z.string(), z.string()),
    serviceConnectionString: z.string(),
    deviceConnectionString: z.string(),
  }),
});

/** What a hub says of itself with --json. */
export type HubLine = z.output<typeof line>;

/** A hub in a process of its own. */
export interface HubProcess extends AsyncDisposable {
  readonly said: HubLine;
  /** For Microsoft's Registry by injection. */
  readonly reachable: ReachableHub;
  readonly pid: number;
  readonly errors: () => string;
  /** Send a signal; resolves to the exit code once it is gone, undefined when the signal itself ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | undefined>;
}

/** How a program of the project ended. */
export interface Ended {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const COMMAND = "local/hub-command.ts";

/** Start a hub and wait until it listens; ports are any that are free unless they are given. */
export async function startHubProcess(args: readonly string[] = []): Promise<HubProcess> {
  const ports = args.includes("--https-port") ? [] : ["--https-port", "0", "--mqtt-port", "0"];
  const child = spawn(process.execPath, [COMMAND, "--json", ...ports, ...args], {
    cwd: PROJECT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A test that fails half-way leaves nothing behind.
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const closed = once(child, "close");
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([text]: unknown[]) => String(text)),
    closed.then(() => undefined),
  ]);
  if (first === undefined) throw new Error(`the hub did not start: ${errors}`);
  const said = line.parse(JSON.parse(first));
  const end = async (signal: NodeJS.Signals): Promise<number | undefined> => {
    child.kill(signal);
    await closed;
    return child.exitCode ?? undefined;
  };
  return {
    said,
    reachable: {
      hostName: said.hostName,
      httpsPort: said.httpsPort,
      caPem: readFileSync(said.caFile, "utf8"),
      serviceKey: said.serviceConnectionString.split("SharedAccessKey=")[1] ?? "",
    },
    // A child that has said something has an id.
    pid: child.pid ?? 0,
    errors: () => errors,
    end,
    [Symbol.asyncDispose]: async () => {
      await end("SIGTERM");
    },
  };
}

/** Start a hub and kill it so many milliseconds later, wherever it is by then. */
export async function killWhileStarting(args: readonly string[], afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [COMMAND, "--json", ...args], { cwd: PROJECT, stdio: "ignore" });
  const killer = setTimeout(() => child.kill("SIGKILL"), afterMs);
  await once(child, "close");
  clearTimeout(killer);
}

/** Run the hub's command to its end. */
export function hubCommand(...args: readonly string[]): Promise<Ended> {
  return runNode([join(PROJECT, COMMAND), ...args]);
}

/** Run a program on this Node to its end; `environment` is added to this process's. */
export async function runNode(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd: PROJECT,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await once(child, "close");
  return { code: child.exitCode ?? undefined, stdout, stderr };
}
