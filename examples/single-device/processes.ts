import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { hubDocument } from "../../local/hub-command/greeting.ts";
import type { LocalHub } from "../../local/hub/hub.ts";
import { END_WITH_STDIN, stopChild } from "../../local/stop-child.ts";

/** A program of this example, in a process of its own. */
export interface Program extends AsyncDisposable {
  /** Resolves with the first line, of those said so far or later, that matches; rejects when it ends without one. */
  readonly until: (pattern: RegExp) => Promise<string>;
  /** Exit code. */
  readonly ended: Promise<number>;
  readonly lines: readonly string[];
}

/** Environment that brings programs on Microsoft's stock SDKs to a hub of this machine (docs/local-hub.md). */
export function stockEnvironment(input: {
  readonly hub: LocalHub;
  readonly deviceId: string;
  readonly caFile: string;
}): Readonly<Record<string, string>> {
  const { hub, deviceId, caFile } = input;
  // The document's own shape.
  const { preload } = hubDocument(hub, { caFile, data: undefined }) as {
    readonly preload: {
      readonly environment: Readonly<Record<string, string>>;
      readonly serviceConnectionString: string;
    };
  };
  const [, key = ""] = /SharedAccessKey=([^;]+)/.exec(hub.deviceConnectionString(deviceId)) ?? [];
  return {
    ...preload.environment,
    NODE_EXTRA_CA_CERTS: caFile,
    IOTHUB_CONNECTION_STRING: preload.serviceConnectionString,
    DEVICE_CONNECTION_STRING: `HostName=${hub.hubName};DeviceId=${deviceId};SharedAccessKey=${key}`,
  };
}

/** Start a script of this folder; each line that it says is handed on. */
export function startProgram(
  args: readonly [script: string, ...args: string[]],
  environment: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Program {
  const [script, ...rest] = args;
  const child = spawn(
    process.execPath,
    ["--import", END_WITH_STDIN, join(import.meta.dirname, script), ...rest],
    {
      env: { ...process.env, ...environment },
      stdio: "pipe",
      // Ctrl-C in the terminal is for the story, which ends what it has started.
      detached: true,
    },
  );
  const lines: string[] = [];
  const waiting = new Set<(line: string | undefined) => void>();
  const hear = (line: string): void => {
    lines.push(line);
    say(line);
    for (const look of waiting) look(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", hear);
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      for (const look of waiting) look(undefined);
      resolve(code ?? 1);
    });
  });
  return {
    ended,
    lines,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (line: string | undefined): void => {
          if (line !== undefined && !pattern.test(line)) return;
          waiting.delete(look);
          if (line === undefined) reject(new Error(`${script} ended and never said ${String(pattern)}`));
          else resolve(line);
        };
        waiting.add(look);
        lines.forEach(look);
      }),
    [Symbol.asyncDispose]: () => stopChild(child),
  };
}
