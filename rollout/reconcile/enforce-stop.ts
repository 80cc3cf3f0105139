import type { HubView } from "../engine/observation.ts";
import { nextStopWrite } from "../engine/stops.ts";
import { findConfiguration, type Configuration, type Listing } from "../model/configuration.ts";
import { WavegateError } from "../model/problem.ts";
import type { Stop } from "../model/stop.ts";
import type { HubPort, RecordPort } from "./ports.ts";

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
  input: {
    readonly product: string;
    readonly stop: Stop;
    /** What was listed already; other hubs are listed first. */
    readonly seen?: readonly HubView[];
    /** Ids of the stops in the chain, when this one was found and is copied. */
    readonly recorded?: ReadonlySet<string>;
  },
  { hubs, records }: { readonly hubs: readonly HubPort[]; readonly records: RecordPort },
): Promise<Enforced> {
  const { product, stop, seen = [], recorded } = input;
  const inForce: string[] = [];
  const missed: { hub: string; error: WavegateError }[] = [];
  let writes = 0;
  for (const { hub, listing } of mostExposedFirst(hubs, seen, stop)) {
    try {
      writes += await enforceOn(hub, { product, stop, recorded, listing });
      inForce.push(hub.name);
    } catch (error) {
      if (!(error instanceof WavegateError)) throw error;
      missed.push({ hub: hub.name, error });
    }
  }
  if (stop.kind === "abort") await tombstone(records, product, stop);
  const [first] = missed;
  if (inForce.length === 0 && first !== undefined) throw first.error;
  return { writes, inForce, missed };
}

/**
 * On one hub, narrowing first. Lost races are repeated on a fresh listing: a stop only shrinks, so it is right on any
 * listing [protocol §3, 3].
 */
async function enforceOn(
  hub: HubPort,
  input: {
    readonly product: string;
    readonly stop: Stop;
    readonly recorded: ReadonlySet<string> | undefined;
    readonly listing: Listing | undefined;
  },
): Promise<number> {
  const { product, stop, recorded } = input;
  let listing = input.listing ?? (await hub.list({ urgent: true }));
  let writes = 0;
  for (let tries = 0; tries < STOP_ATTEMPTS; tries++) {
    const write = nextStopWrite(listing, product, stop, recorded);
    if (write === undefined) return writes;
    try {
      const written = await hub.replace(write.document, write.etag, { urgent: true });
      writes += 1;
      listing = withConfiguration(listing, written);
    } catch (error) {
      if (!(error instanceof WavegateError) || !["HUB_CONFLICT", "HUB_NOT_FOUND"].includes(error.code))
        throw error;
      listing = await hub.list({ urgent: true });
    }
  }
  const message = `the stop of ${stop.attempt} is NOT in force on ${hub.name}: somebody else writes its configuration all the time`;
  throw new WavegateError("HUB_CONFLICT", message, { hint: "run the same command again, now" });
}

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
