import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { LightEvent, LightFleet } from "./light-fleet.ts";

/** Light devices in another process. */
export interface LightFleetProcess extends AsyncDisposable {
  /** How many devices are known to be connected to the hub of now, for `restarted` forgets them. */
  readonly connected: () => number;
  /** Of those, how many were told that their session was kept. */
  readonly kept: () => number;
  readonly subscribed: () => number;
  /** How many heard a patch with a value under a key. */
  readonly heard: (key: string, value: unknown) => number;
  /** The hub is gone: nobody is connected until told again. */
  readonly restarted: () => void;
  /** Resolves once something is so, looked at after every event; false when that takes longer than the patience. */
  readonly until: (isSo: () => boolean, patienceMs: number) => Promise<boolean>;
}

/** Start a process of light devices. */
export function startLightFleet(fleet: LightFleet): LightFleetProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, "light-fleet.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(fleet));
  const connected = new Map<string, boolean>();
  const subscribed = new Set<string>();
  const patches = new Map<string, Map<string, unknown>>();
  const watchers = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    // Written by light-fleet.ts.
    const told = JSON.parse(line) as LightEvent;
    if (told.event === "connected") connected.set(told.id, told.isKept);
    else if (told.event === "subscribed") subscribed.add(told.id);
    else patches.set(told.id, new Map([...(patches.get(told.id) ?? []), ...Object.entries(told.patch)]));
    for (const look of watchers) look();
  });
  return {
    connected: () => connected.size,
    kept: () => [...connected.values()].filter((isKept) => isKept).length,
    subscribed: () => subscribed.size,
    heard: (key, value) => [...patches.values()].filter((patch) => patch.get(key) === value).length,
    restarted: () => {
      connected.clear();
    },
    until: (isSo, patienceMs) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (isSo()) end(true);
        };
        const end = (outcome: boolean): void => {
          clearTimeout(timer);
          watchers.delete(look);
          resolve(outcome);
        };
        const timer = setTimeout(end, patienceMs, false);
        watchers.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, "close");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
