import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { scaledClock, type ClockScale } from "../clock.ts";
import { startHub, type LocalHub } from "../hub/hub.ts";
import { fleetBeside } from "./fleet-beside.ts";
import { greeting, hubDocument } from "./greeting.ts";
import type { HubSettings } from "./settings.ts";
import { CommandTrouble, startTrouble } from "./trouble.ts";

/** Ways that a hub ends from outside, as the shell counts them; Ctrl-C is how one is meant to end. */
const EXIT = { SIGINT: 0, SIGTERM: 143, SIGHUP: 129 } as const;

/** Run a hub until it is told to end; the exit code. */
export async function serve(settings: HubSettings): Promise<number> {
  // Heard from the start on: a hub with a large folder takes a while.
  const told = endSignal();
  await using started = new AsyncDisposableStack();
  const now = Date.now();
  const time: ClockScale = { scale: settings.timeScale, realStartMs: now, virtualStartMs: now };
  const hub = started.use(await startFrom(settings, time));
  const { data } = settings.options;
  const places = { data, caFile: data === undefined ? temporaryFile(hub, started) : resolve(data, "ca.pem") };
  process.stdout.write(
    settings.json
      ? `${JSON.stringify(hubDocument(hub, places))}\n`
      : greeting(hub, { ...places, showKeys: process.stdout.isTTY }),
  );
  const { fleet, log, json } = settings;
  if (fleet !== undefined)
    started.use(
      fleetBeside({
        ...{ hub, fleet, clock: time },
        // With --json a program reads standard output, and expects one line.
        say: (line) => (json ? process.stderr : process.stdout).write(`${line}\n`),
        onEvent: (deviceId, event) => {
          if (log && event.type === "struck")
            process.stderr.write(`${JSON.stringify({ deviceId, ...event })}\n`);
        },
      }),
    );
  return EXIT[await told];
}

async function startFrom(
  { options, timeScale, restore, log }: HubSettings,
  time: ClockScale,
): Promise<LocalHub> {
  let hub: LocalHub;
  try {
    hub = await startHub({
      ...options,
      ...(timeScale === 1 ? {} : { clock: scaledClock(time) }),
      ...(log ? { log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`) } : {}),
    });
  } catch (error) {
    throw new CommandTrouble(startTrouble(error, options.data), { cause: error });
  }
  try {
    const { name } = options;
    if (name !== undefined && hub.hubName.toLowerCase() !== `${name}.azure-devices.net`.toLowerCase())
      throw new CommandTrouble(
        `--name ${name}: the folder ${options.data ?? ""} belongs to ${hub.hubName}: leave --name out, or choose another folder`,
      );
    if (restore !== undefined) restoreFrom(hub, restore);
    return hub;
  } catch (error) {
    await hub.close();
    throw error;
  }
}

function restoreFrom(hub: LocalHub, name: string): void {
  try {
    hub.restoreSnapshot(name);
  } catch (error) {
    const names = hub.snapshots();
    const known = names.length === 0 ? "there are none yet" : `there are ${names.join(", ")}`;
    throw new CommandTrouble(
      `--restore ${name}: ${error instanceof Error ? error.message : String(error)} (${known})`,
      { cause: error },
    );
  }
}

/** A certificate is no secret, and a folder of its own keeps others from putting another in its place. */
function temporaryFile(hub: LocalHub, started: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "local-hub-"));
  started.defer(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, "ca.pem");
  writeFileSync(file, hub.caPem, { mode: 0o644 });
  chmodSync(folder, 0o755);
  return file;
}

/** The first signal to end; a second one ends the process as it would any. */
function endSignal(): Promise<keyof typeof EXIT> {
  return new Promise((end) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        end(signal);
      });
    }
    // `npm run hub` was killed: nobody else could end us.
    process.once("disconnect", () => {
      end("SIGTERM");
    });
    process.channel?.unref();
    // It may have gone while this program was loading: that event is lost.
    if (process.send !== undefined && !process.connected) end("SIGTERM");
  });
}
