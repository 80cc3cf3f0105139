import { refId } from "../model/attempt.ts";
import {
  findConfiguration,
  type Configuration,
  type ConfigurationDocument,
  type Listing,
} from "../model/configuration.ts";
import { LABEL, refSlotLabels, refSlotOf, slotLabels, slotOf } from "../model/labels.ts";
import { strengthOf, type Stop } from "../model/stop.ts";
import { certified } from "../plan/documents.ts";
import { widened } from "../plan/cover.ts";
import { uncoveredBaseline, type Uncovered } from "./baseline-below.ts";
import { exposedBy, type Reached } from "./reached.ts";

/** One conditional write. */
export interface Write {
  readonly document: ConfigurationDocument;
  readonly etag: string;
  readonly why: string;
}

/** Ids of the stops in the chain, when a stop that was found is copied; undefined for a new one. */
export type Recorded = ReadonlySet<string> | undefined;

/** A stop, and what the records add to it, where they can be read: a stop needs nothing but a hub. */
export interface StopToWrite {
  readonly product: string;
  readonly stop: Stop;
  readonly recorded?: Recorded;
  readonly reached?: Reached | undefined;
}

type StopInput = StopToWrite & { readonly listing: Listing };

/**
 * The next write that brings a stop into force, in the order that narrows first; undefined when it is in force wherever
 * it has to stand. Needs nothing but the listing, so it works with the record store down.
 *
 * An abort empties the release's configuration, a hold or halt writes it back unchanged: even that takes the etag away from
 * every paused writer. Where the baseline below was adopted with an empty condition, the release is first frozen under
 * the slot, then the baseline is given exactly the cohort exposed so far, and only then the release is emptied: devices
 * would otherwise fall to nothing. Where a person emptied, narrowed or deleted the release before, the baseline is given
 * whom the records name, once the stop stands.
 */
export function nextStopWrite(listing: Listing, toWrite: StopToWrite): Write | undefined {
  const input = { ...toWrite, listing };
  return slotWrite(input) ?? reachedWrite(input);
}

function slotWrite(input: StopInput): Write | undefined {
  const { listing, stop, recorded } = input;
  const configuration = findConfiguration(listing, stop.attempt);
  const exposes = configuration !== undefined && configuration.condition !== "";
  // Where nothing is exposed yet, the ref's slot is the one that a configuration's deletion cannot take along. A second
  // hold has its facts on the ref alone.
  const isSecond = configuration !== undefined && isSecondHold(configuration, stop, recorded);
  return exposes && !isSecond
    ? (configurationWrite(input, configuration) ?? refWrite(input))
    : (refWrite(input) ??
        (configuration === undefined ? undefined : configurationWrite(input, configuration)));
}

/** An aborted release that no longer names all of its devices: its adopted baseline has to catch the rest too. */
function reachedWrite({ listing, product, stop, reached }: StopInput): Write | undefined {
  if (stop.kind !== "abort" || reached === undefined) return undefined;
  const condition = exposedBy(reached, findConfiguration(listing, stop.attempt));
  if (condition === undefined) return undefined;
  const uncovered = uncoveredBaseline(listing, product, { priority: reached.priority, condition });
  return uncovered === undefined ? undefined : coverWrite(uncovered, condition, stop);
}

function configurationWrite(
  { listing, product, stop, recorded }: StopInput,
  configuration: Configuration,
): Write | undefined {
  const { etag, condition } = configuration;
  if (isSecondHold(configuration, stop, recorded)) {
    // The first's slot may be the only trace of it; the write takes the etag away from every paused writer all the same.
    const labels = { ...configuration.labels, [LABEL.alsoHeld]: stop.id };
    return configuration.labels[LABEL.alsoHeld] === stop.id
      ? undefined
      : { document: { ...configuration, labels }, etag, why: `hold ${stop.attempt} once more` };
  }
  const marked = covers(slotOf(configuration.labels, stop.attempt), stop, recorded);
  const slots = marked ? configuration.labels : { ...configuration.labels, ...slotLabels(stop) };
  if (stop.kind !== "abort") {
    // `wg-doc` stays as found: neither a hold nor a halt must certify somebody else's edit.
    return marked
      ? undefined
      : { document: { ...configuration, labels: slots }, etag, why: `${stop.kind} ${stop.attempt}` };
  }
  if (condition === "") {
    return marked
      ? undefined
      : {
          document: certified({ ...configuration, labels: slots }),
          etag,
          why: `mark ${stop.attempt} as aborted`,
        };
  }
  const uncovered = uncoveredBaseline(listing, product, configuration);
  if (uncovered === undefined) {
    return {
      document: certified({ ...configuration, labels: slots, condition: "" }),
      etag,
      why: `empty ${stop.attempt}`,
    };
  }
  if (!marked)
    return {
      document: { ...configuration, labels: slots },
      etag,
      why: `freeze ${stop.attempt} before its baseline is widened`,
    };
  return coverWrite(uncovered, condition, stop);
}

function coverWrite({ baseline, cover }: Uncovered, reached: string, stop: Stop): Write {
  return {
    document: certified({ ...baseline, condition: widened(baseline.condition, reached, cover) }),
    etag: baseline.etag,
    why: `give ${baseline.id} the devices that ${stop.attempt} reached`,
  };
}

function refWrite({ listing, product, stop, recorded }: StopInput): Write | undefined {
  const ref = findConfiguration(listing, refId(product));
  if (ref === undefined) return undefined;
  const there = refSlotOf(ref.labels, stop.attempt);
  if (covers(there, stop, recorded)) return undefined;
  // Two holds at one time: each keeps one place, so that both are recorded.
  const own = findConfiguration(listing, stop.attempt);
  const standsThere = own !== undefined && slotOf(own.labels, stop.attempt)?.id === stop.id;
  if (stop.kind === "hold" && there?.kind === "hold" && standsThere) return undefined;
  return {
    document: { ...ref, labels: { ...ref.labels, ...refSlotLabels(stop) } },
    etag: ref.etag,
    why: `note the ${stop.kind} of ${stop.attempt} on the ref`,
  };
}

/** A new hold where another one stands: whoever has no records cannot know whether that one is in the chain. */
function isSecondHold({ labels }: Configuration, stop: Stop, recorded: Recorded): boolean {
  const there = slotOf(labels, stop.attempt);
  return stop.kind === "hold" && recorded === undefined && there?.kind === "hold" && there.id !== stop.id;
}

/**
 * A stop is in force where it stands itself, or where one does that is stronger: a second hold is a stop of its own, a
 * second halt or abort adds nothing to the first. A COPY of a hold also leaves alone another hold that is not recorded
 * yet: both will be.
 */
function covers(there: Stop | undefined, stop: Stop, recorded: Recorded): boolean {
  if (there === undefined) return false;
  if (there.id === stop.id || strengthOf(there.kind) > strengthOf(stop.kind)) return true;
  if (there.kind !== stop.kind) return false;
  return stop.kind !== "hold" || (recorded !== undefined && !recorded.has(there.id));
}
