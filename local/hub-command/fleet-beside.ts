import { startDeclaredFleet, type DeclaredFleetOptions } from "../declared-fleet.ts";

/** What the fleet beside a hub is started with. */
export interface FleetBesideOptions extends Omit<DeclaredFleetOptions, "signal"> {
  /** For people: that the devices are there, or why they are not. */
  readonly say: (line: string) => void;
}

/** Register the devices of a fleet file that the hub lacks, and start all of them; ends when it is disposed of. */
export function fleetBeside(options: FleetBesideOptions): AsyncDisposable {
  const closing = new AbortController();
  const running = untilEnded(options, closing.signal).catch((error: unknown) => {
    if (!closing.signal.aborted) options.say(error instanceof Error ? error.message : String(error));
  });
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}

/** Runs until the fleet has ended. */
async function untilEnded({ say, ...options }: FleetBesideOptions, signal: AbortSignal): Promise<void> {
  const { fleet } = options;
  await using running = await startDeclaredFleet({ ...options, signal });
  say(`${running.connected()} of ${fleet.devices.length} simulated devices are connected.`);
  signal.addEventListener("abort", () => void running.close(), { once: true });
  if (signal.aborted) return;
  const trouble = await running.ended;
  if (trouble !== undefined) say(trouble);
}
