import type { HubView } from "../engine/observation.ts";
import { nextStopWrite, type StopToWrite } from "../engine/stops.ts";
import { findConfiguration, type Configuration, type Listing } from "../model/configuration.ts";
import { WavegateError, type Code } from "../model/problem.ts";
import type { Stop } from "../model/stop.ts";
import { OBSERVATION_LIFE_MS } from "./observation-life.ts";
import type { ClockPort, HubPort, RecordPort } from "./ports.ts";

/** Others' writes to one configuration are few: a stop that loses more races than this says so. */
const STOP_ATTEMPTS = 30;

/** How far a stop came. */
export interface Enforced {
  /** Writes it took; 0: it stood already. */
  readonly writes: number;
  /** Hubs on which it stands now. */
  readonly inForce: readonly string[];
  /** Hubs that could not be written, and why: any controller that reaches them carries it there. */
  readonly missed: readonly { readonly hub: string; readonly error: WavegateError }[];
}

/**
 * Write a stop wherever it does not stand yet, on every hub that can be reached, the one with most devices first.
 * Needs no record store. When no hub at all can be written the failure of the first is thrown.
 */
export async function enforceStop(
  input: StopToWrite & {
    /** What was listed already, and when by the clock that never jumps; other hubs are listed first. */
    readonly seen?: readonly HubView[];
    readonly seenAt?: number;
  },
  ports: {
    readonly hubs: readonly HubPort[];
    readonly records: RecordPort;
    readonly clock: ClockPort;
  },
): Promise<Enforced> {
  const { hubs, records, clock } = ports;
  const { product, stop, seen = [], seenAt = 0 } = input;
  const inForce: string[] = [];
  const missed: { hub: string; error: WavegateError }[] = [];
  let writes = 0;
  for (const { hub, listing } of mostExposedFirst(hubs, seen, stop)) {
    try {
      const first = listing === undefined ? undefined : { listing, at: seenAt };
      writes += await enforceOn(hub, { ...input, first }, clock);
      inForce.push(hub.name);
    } catch (error) {
      if (!(error instanceof WavegateError)) throw error;
      missed.push({ hub: hub.name, error });
    }
  }
  if (stop.kind !== "hold") await tombstone(records, product, stop);
  const [first] = missed;
  if (inForce.length === 0 && first !== undefined) throw first.error;
  return { writes, inForce, missed };
}

/**
 * On one hub, narrowing first. Lost races are repeated on a fresh listing: a stop only shrinks, so it is right on any
 * listing [protocol §3, 3]; but its etags are not: in an old one they may stand for something else by now [§3, 4].
 */
async function enforceOn(
  hub: HubPort,
  input: StopToWrite & { readonly first: Listed | undefined },
  clock: ClockPort,
): Promise<number> {
  const { stop } = input;
  const list = async (): Promise<Listed> => ({
    at: clock.monotonic(),
    listing: await hub.list({ urgent: true }),
  });
  let seen = input.first ?? (await list());
  let writes = 0;
  for (let tries = 0; tries < STOP_ATTEMPTS; tries++) {
    const write = nextStopWrite(seen.listing, input);
    if (write === undefined) return writes;
    try {
      const sendBy = seen.at + OBSERVATION_LIFE_MS;
      if (clock.monotonic() > sendBy) {
        seen = await list();
        continue;
      }
      const written = await hub.replace(write.document, write.etag, { urgent: true, sendBy });
      writes += 1;
      seen = { ...seen, listing: withConfiguration(seen.listing, written) };
    } catch (error) {
      if (!(error instanceof WavegateError) || !AGAIN.includes(error.code)) throw error;
      seen = await list();
    }
  }
  const message = `the stop of ${stop.attempt} is NOT in force on ${hub.name}: somebody else writes its configuration all the time`;
  throw new WavegateError("HUB_CONFLICT", message, { hint: "run the same command again, now" });
}

/** A listing, and when it was asked for. */
interface Listed {
  readonly listing: Listing;
  readonly at: number;
}

/** Another listing tells what to do: somebody was first, or it took too long. */
const AGAIN: readonly Code[] = ["HUB_CONFLICT", "HUB_NOT_FOUND", "OBSERVATION_STALE"];

/** Devices that answered are the measure: it came with the listing. Hubs that are not listed yet come last. */
function mostExposedFirst(
  hubs: readonly HubPort[],
  seen: readonly HubView[],
  stop: Stop,
): readonly { readonly hub: HubPort; readonly listing: Listing | undefined; readonly devices: number }[] {
  return hubs
    .map((hub) => {
      const listing = seen.find(({ name }) => name === hub.name)?.listing;
      const own = listing === undefined ? undefined : findConfiguration(listing, stop.attempt);
      const isExposing = own !== undefined && own.condition !== "";
      return { hub, listing, devices: isExposing ? 1 + (own.metricResults["contacted"] ?? 0) : 0 };
    })
    .toSorted((a, b) => b.devices - a.devices);
}

/** The tombstone is a second lock on the door; the first is on the hub, so a silent store does not fail the stop. */
async function tombstone(records: RecordPort, product: string, stop: Stop): Promise<void> {
  try {
    await records.putTombstone(product, stop);
  } catch (error) {
    if (!(error instanceof WavegateError)) throw error;
  }
}

function withConfiguration(listing: Listing, written: Configuration): Listing {
  return {
    configurations: listing.configurations.map((other) => (other.id === written.id ? written : other)),
  };
}
