import type { RefMove, Step } from "../engine/step.ts";
import { nextStopWrite } from "../engine/stops.ts";
import type { Configuration, Listing } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import { WavegateError } from "../model/problem.ts";
import type { RolloutRecord } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import { refDocument } from "../plan/documents.ts";
import type { ClockPort, HubPort, RecordPort } from "./ports.ts";

/** Nothing is sent later than this after its listing [protocol §3, 4], by a clock that never jumps. */
const OBSERVATION_LIFE_MS = 60_000;
/** Others' writes to one configuration are few: a stop that loses more races than this says so. */
const STOP_ATTEMPTS = 30;

/** What acting needs. */
export interface ActPorts {
  readonly hub: HubPort;
  readonly records: RecordPort;
  readonly clock: ClockPort;
}

/** Steps that have an effect. */
export type Effect = Exclude<Step, { kind: "ask" | "wait" | "blocked" }>;

/**
 * Carry one step out. Every write bears the etag of the listing that decided it; the first that is not answered with
 * success throws and ends the run: the next one looks again [protocol §3, 4].
 */
export async function act(
  step: Effect,
  observed: { readonly product: string; readonly listing: Listing; readonly monotonicMs: number },
  ports: ActPorts,
): Promise<void> {
  const { product, listing, monotonicMs } = observed;
  const { hub, records, clock } = ports;
  const isFresh = (): boolean => clock.monotonic() - monotonicMs <= OBSERVATION_LIFE_MS;
  const fresh = (): void => {
    if (!isFresh()) {
      throw new WavegateError(
        "OBSERVATION_STALE",
        "over a minute passed since the hub was looked at; nothing was written",
        {
          hint: "run the command again",
        },
      );
    }
  };
  switch (step.kind) {
    case "stop":
      // A stop is right on any listing: an old one is only looked at again.
      await enforceStop(
        {
          product,
          stop: step.stop,
          ...(isFresh() ? { first: listing } : {}),
          ...(step.recorded === undefined ? {} : { recorded: step.recorded }),
        },
        ports,
      );
      return;
    case "create":
      fresh();
      await hub.create(step.document);
      return;
    case "write":
      fresh();
      await hub.replace(step.document, step.etag);
      return;
    case "mark":
      await records.markTaken(product, hub.name, step.head);
      return;
    case "record":
      await record(step, { product, listing, fresh }, ports);
      return;
  }
}

/**
 * Write a stop wherever it does not stand yet, narrowing first. Lost races are repeated on a fresh listing: a stop only
 * shrinks, so it is right on any listing [protocol §3, 3].
 */
export async function enforceStop(
  input: {
    readonly product: string;
    readonly stop: Stop;
    readonly first?: Listing;
    /** Ids of the stops in the chain, when this one was found and is copied. */
    readonly recorded?: ReadonlySet<string>;
  },
  { hub, records }: Pick<ActPorts, "hub" | "records">,
): Promise<{ readonly writes: number }> {
  const { product, stop, recorded } = input;
  let listing = input.first ?? (await hub.list());
  let writes = 0;
  for (let tries = 0; tries < STOP_ATTEMPTS; tries++) {
    const write = nextStopWrite(listing, product, stop, recorded);
    if (write === undefined) break;
    try {
      const written = await hub.replace(write.document, write.etag);
      writes += 1;
      listing = withConfiguration(listing, written);
    } catch (error) {
      if (!(error instanceof WavegateError) || !["HUB_CONFLICT", "HUB_NOT_FOUND"].includes(error.code))
        throw error;
      listing = await hub.list();
    }
  }
  if (stop.kind !== "hold") await tombstone(records, product, stop);
  if (nextStopWrite(listing, product, stop, recorded) !== undefined) {
    const message = `the stop of ${stop.attempt} is NOT in force: somebody else writes its configuration all the time`;
    throw new WavegateError("HUB_CONFLICT", message, { hint: "run the same command again, now" });
  }
  return { writes };
}

/** The tombstone is a second lock on the door; the first is on the hub, so a silent store does not fail the stop. */
async function tombstone(records: RecordPort, product: string, stop: Stop): Promise<void> {
  try {
    await records.putTombstone(product, stop);
  } catch (error) {
    if (!(error instanceof WavegateError)) throw error;
  }
}

/** [protocol §3, 2] The head moves only to a stored record; the mark follows before anything widens by it. */
async function record(
  step: { readonly record: RolloutRecord; readonly ref: RefMove },
  observed: { readonly product: string; readonly listing: Listing; readonly fresh: () => void },
  { hub, records }: ActPorts,
): Promise<void> {
  const { product, listing, fresh } = observed;
  fresh();
  const digest = await records.putRecord(step.record);
  fresh();
  const document = refDocument(product, digest);
  if (step.ref.create) await hub.create(document);
  else {
    const read = listing.configurations.find(({ id }) => id === document.id);
    await hub.replace(
      { ...document, ...read, labels: { ...step.ref.labels, [LABEL.head]: digest } },
      step.ref.etag,
    );
  }
  await records.markTaken(product, hub.name, digest);
  for (const stop of step.record.stops) if (stop.kind !== "hold") await records.putTombstone(product, stop);
}

function withConfiguration(listing: Listing, written: Configuration): Listing {
  return {
    configurations: listing.configurations.map((other) => (other.id === written.id ? written : other)),
  };
}
