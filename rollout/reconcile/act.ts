import { refOf } from "../engine/found.ts";
import type { HubView } from "../engine/observation.ts";
import type { AccessGrant, HubWrite, RefMove, Step } from "../engine/step.ts";
import { LABEL } from "../model/labels.ts";
import { InvariantError, WavegateError } from "../model/problem.ts";
import type { RolloutRecord } from "../model/record.ts";
import { ACCESS_PATH } from "../model/twin-contract.ts";
import { refDocument } from "../plan/documents.ts";
import { enforceStop } from "./enforce-stop.ts";
import { markForward } from "./mark-forward.ts";
import { OBSERVATION_LIFE_MS } from "./observation-life.ts";
import type { ClockPort, HubPort, ImagePort, RecordPort } from "./ports.ts";

/** What acting needs. */
export interface ActPorts {
  readonly hubs: readonly HubPort[];
  readonly records: RecordPort;
  readonly clock: ClockPort;
  readonly images: Pick<ImagePort, "keys">;
}

/** Steps that have an effect. */
export type Effect = Exclude<Step, { kind: "ask" | "wait" | "blocked" }>;

/** What a step was decided on. */
export interface Seen {
  readonly product: string;
  readonly hubs: readonly HubView[];
  /** When the hubs were listed, by the clock that never jumps. */
  readonly monotonicMs: number;
}

/**
 * Carry one step out. Every write bears the etag of the listing that decided it; the first that is not answered with
 * success throws and ends the run: the next one looks again [protocol §3, 4].
 */
export async function act(step: Effect, seen: Seen, ports: ActPorts): Promise<void> {
  const { product, hubs, monotonicMs } = seen;
  const { records, clock } = ports;
  const sendBy = monotonicMs + OBSERVATION_LIFE_MS;
  const isFresh = (): boolean => clock.monotonic() <= sendBy;
  const fresh = (): void => {
    if (isFresh()) return;
    const message = "over a minute passed since the hub was looked at; nothing more was written";
    throw new WavegateError("OBSERVATION_STALE", message, { hint: "run the command again" });
  };
  switch (step.kind) {
    case "stop": {
      const { stop, recorded, reached } = step;
      // A stop is right on any listing: an old one is only looked at again.
      const first = isFresh() ? { seen: hubs, seenAt: monotonicMs } : {};
      await enforceStop({ product, stop, recorded, reached, ...first }, ports);
      return;
    }
    case "create":
      for (const { hub, document } of step.creates) {
        fresh();
        await portOf(ports, hub).create(document, { sendBy });
      }
      return;
    case "grant":
      await grantAccess(step.grants, { fresh, sendBy }, ports);
      return;
    case "write":
      await write(step.writes, { fresh, sendBy }, ports);
      return;
    case "remove":
      for (const { hub, id, etag } of step.removals) {
        fresh();
        await portOf(ports, hub).remove(id, etag, { sendBy });
      }
      return;
    case "mark":
      for (const hub of step.hubs) await markForward(records, product, hub, step.head);
      return;
    case "record":
      await record(step, { product, hubs, fresh, sendBy }, ports);
      return;
  }
}

/** Until when an observation may be acted on. */
interface Life {
  readonly fresh: () => void;
  /** By the clock that never jumps. */
  readonly sendBy: number;
}

/** Keys exist from here to the hub, and nowhere else. */
async function grantAccess(
  grants: readonly AccessGrant[],
  { fresh, sendBy }: Life,
  ports: ActPorts,
): Promise<void> {
  const { keys } = ports.images;
  if (keys === undefined) throw new InvariantError("access was decided for a store that gives no keys");
  const paths = new Set(grants.flatMap(({ images }) => images.map(({ path }) => path)));
  const signed = await keys.sign([...paths]);
  for (const { hub, document, images } of grants) {
    fresh();
    const content = {
      [ACCESS_PATH]: Object.fromEntries(images.map(({ sha256, path }) => [sha256, signed.get(path)])),
    };
    await portOf(ports, hub).create({ ...document, content }, { sendBy });
  }
}

async function write(writes: readonly HubWrite[], { fresh, sendBy }: Life, ports: ActPorts): Promise<void> {
  for (const { hub, document, etag } of writes) {
    fresh();
    await portOf(ports, hub).replace(document, etag, { sendBy });
  }
}

/** [protocol §3, 2] The head moves only to a stored record; the marks follow before anything widens by it. */
async function record(
  step: { readonly record: RolloutRecord; readonly refs: readonly RefMove[] },
  seen: Life & { readonly product: string; readonly hubs: readonly HubView[] },
  ports: ActPorts,
): Promise<void> {
  const { product, hubs, fresh, sendBy } = seen;
  const { records } = ports;
  fresh();
  const digest = await records.putRecord(step.record);
  for (const move of step.refs) {
    fresh();
    const document = refDocument(product, digest);
    const port = portOf(ports, move.hub);
    if (move.create) {
      await port.create(document, { sendBy });
      continue;
    }
    const listing = hubs.find(({ name }) => name === move.hub)?.listing;
    const read = listing === undefined ? undefined : refOf(listing, product);
    const labels = { ...move.labels, [LABEL.head]: digest };
    await port.replace({ ...document, ...read, labels }, move.etag, { sendBy });
  }
  for (const { hub } of step.refs) await markForward(records, product, hub, digest);
  for (const stop of step.record.stops) if (stop.kind !== "hold") await records.putTombstone(product, stop);
}

function portOf({ hubs }: ActPorts, name: string): HubPort {
  const port = hubs.find((hub) => hub.name === name);
  if (port === undefined) throw new InvariantError(`a step for a hub that is not in the settings: ${name}`);
  return port;
}
