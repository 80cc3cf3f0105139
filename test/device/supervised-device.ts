import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { FirmwareReported } from "../../rollout/model/twin-contract.ts";
import type { LocalHub } from "../../local/hub/hub.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";
import { desiredFor } from "./paper-device.ts";

/** A line of an agent's process: one of its events, or progress. */
export type AgentLine = Readonly<Record<string, unknown>> & { readonly type: string };

/** An agent in a process of its own, started again whenever it ends, as a device's supervisor does. */
export interface SupervisedDevice {
  /** Ask it to run an image; the attempt is `attempt-VERSION`. */
  readonly ask: (image: {
    readonly version: string;
    readonly uri: string;
    readonly bytes: Uint8Array;
  }) => Promise<void>;
  /** Resolves with the first report that has these values, at once when there was one since `forget`. */
  readonly reported: (what: Partial<FirmwareReported>) => Promise<FirmwareReported>;
  readonly seen: (what: (line: AgentLine) => boolean) => Promise<AgentLine>;
  readonly forget: () => void;
  /** kill -9; the supervisor starts the next. */
  readonly kill: () => void;
  /** Processes started so far. */
  readonly starts: () => number;
  readonly stop: () => Promise<void>;
}

/** Run an agent's script until the test ends. It gets the hub by the variables of `examples/command-device/start.ts`. */
export function superviseDevice({
  hub,
  script,
  deviceId,
  environment,
}: {
  readonly hub: LocalHub;
  readonly script: string;
  readonly deviceId: string;
  readonly environment: Readonly<Record<string, string>>;
}): SupervisedDevice {
  const connectionString = hub.createDevice({ deviceId });
  const registry = connectRegistry(hub);
  const lines: AgentLine[] = [];
  let errors = "";
  const listeners = new Set<() => void>();
  let child: ChildProcess;
  let [starts, stopped] = [0, false];

  function start(): void {
    starts++;
    const started = spawn(process.execPath, [script], {
      env: {
        PATH: process.env["PATH"],
        DEVICE_CONNECTION_STRING: connectionString,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    started.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    createInterface({ input: started.stdout }).on("line", (line) => {
      // Written by the script.
      lines.push(JSON.parse(line) as AgentLine);
      for (const listener of listeners) listener();
    });
    started.once("exit", (code) => {
      if (!stopped && code !== null && code !== 0) {
        // A bug in the script must not look like a device that is slow.
        lines.push({ type: "crashed", errors });
        for (const listener of listeners) listener();
      } else if (!stopped) start();
    });
  }

  async function stop(): Promise<void> {
    stopped = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  function seen(what: (line: AgentLine) => boolean): Promise<AgentLine> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const crashed = lines.find(({ type }) => type === "crashed");
        const found = lines.find(what);
        if (found === undefined && crashed === undefined) return;
        listeners.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`the agent's process failed: ${String(crashed?.["errors"])}`));
      };
      listeners.add(look);
      look();
    });
  }

  start();
  onTestFinished(stop);
  return {
    stop,
    seen,
    starts: () => starts,
    forget: () => void lines.splice(0),
    kill: () => void child.kill("SIGKILL"),
    async ask({ version, uri, bytes }) {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const firmware = desiredFor(
        { rolloutId: `attempt-${version}`, version, image: { sha256, states: version } },
        { fwPackageURI: uri, fwPackageSize: bytes.length },
      );
      await registry.updateTwin(deviceId, { properties: { desired: { firmware } } }, "*");
    },
    async reported(what) {
      const line = await seen(({ type, reported }) => type === "reported" && matches(reported, what));
      // The line was written from the agent's own event.
      return line["reported"] as FirmwareReported;
    },
  };
}

function matches(reported: unknown, what: object): boolean {
  if (typeof reported !== "object" || reported === null) return false;
  return Object.entries(what).every(([name, value]) => Reflect.get(reported, name) === value);
}
