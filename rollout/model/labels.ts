import { parseAttemptId, type AttemptId } from "./attempt.ts";
import { parseDigest, type Digest } from "./digest.ts";
import { STOP_KINDS, stopWithId, type Stop, type StopFacts } from "./stop.ts";

/** Names of the labels wavegate keeps on its configurations. Labels are readable by many: no customer names. */
export const LABEL = {
  /** `ref`, `release` or `access`. */
  kind: "wg-kind",
  product: "wg-product",
  /** On the ref: digest of the head record. */
  head: "wg-head",
  /** On a release's configuration: digest of the release. */
  release: "wg-release",
  version: "wg-version",
  /** Digest of condition, priority and metrics as we last wrote them: a difference is somebody else's edit. */
  doc: "wg-doc",
  /** `yes` on a baseline that was adopted: its condition stays empty until a release above it is taken back. */
  adopted: "wg-adopted",
  /** Id of a hold that came while another one's slot stood, unrecorded as far as its author knew: its facts are on the ref. */
  alsoHeld: "wg-hold-also",
  /** Digest of the condition that last exposed devices to a release: it stays when a person empties the condition. */
  exposed: "wg-exposed",
  /** `yes` on a configuration that was emptied for good and may be deleted. */
  retired: "wg-retired",
  /** `yes` on one that was adopted for some devices only: its metric `covers` says for whom. */
  where: "wg-where",
  /** On one that gives access to images: since and until when its keys are good. */
  issued: "wg-issued",
  expires: "wg-expires",
  /** Number of strata the gate's budget is split over, for judging while the record cannot be read. */
  strata: "wg-strata",
} as const;

const FACTS = ["release", "actor", "at", "reason", "nonce"] as const;
/** Longest label value [IoTHub: configurations, labels]. */
const MAX_VALUE = 128;

/**
 * Encode a text for a label value: letters, digits and `-:.+_#*?!(),=@;'` stay, every other byte becomes `%XX`, and
 * what is over 128 characters is cut, visibly, with `...`.
 */
export function labelValue(text: string): string {
  const encode = (part: string): string =>
    part.replaceAll(/[^A-Za-z0-9\-:.+_#*?!(),=@;']/gu, (character) =>
      [...new TextEncoder().encode(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
        .join(""),
    );
  const whole = encode(text);
  if (whole.length <= MAX_VALUE) return whole;
  const characters = Array.from(text);
  while (encode(characters.join("")).length > MAX_VALUE - 3) characters.pop();
  return `${encode(characters.join(""))}...`;
}

/** The text a label value was made from (cut where it was cut). */
export function textOfLabel(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // Somebody else wrote it.
  }
}

/** Labels that hold a stop on its release's own configuration. */
export function slotLabels(stop: Stop): Record<string, string> {
  return labelsOfStop(stop, "");
}

/** Labels that hold a stop's second copy on the ref, beside those of other attempts. */
export function refSlotLabels(stop: Stop): Record<string, string> {
  return labelsOfStop(stop, `-${stop.attempt}`);
}

/** The stops that a release configuration's labels hold, the strongest first. */
export function slotsOf(labels: Readonly<Record<string, string>>, attempt: AttemptId): readonly Stop[] {
  return STOP_KINDS.flatMap((kind) => stopOfLabels(labels, attempt, kind, "") ?? []);
}

/** The stops that the ref's labels hold for one attempt, the strongest first. */
export function refSlotsOf(labels: Readonly<Record<string, string>>, attempt: AttemptId): readonly Stop[] {
  return STOP_KINDS.flatMap((kind) => stopOfLabels(labels, attempt, kind, `-${attempt}`) ?? []);
}

/** The strongest stop that a release configuration's labels hold. */
export function slotOf(labels: Readonly<Record<string, string>>, attempt: AttemptId): Stop | undefined {
  return slotsOf(labels, attempt)[0];
}

/** The strongest stop that the ref's labels hold for one attempt. */
export function refSlotOf(labels: Readonly<Record<string, string>>, attempt: AttemptId): Stop | undefined {
  return refSlotsOf(labels, attempt)[0];
}

/** Attempts for which a ref's labels hold a stop. */
export function attemptsInSlots(labels: Readonly<Record<string, string>>): readonly AttemptId[] {
  return Object.keys(labels).flatMap((name) => parseAttemptId(/^wg-[a-z]+-(fw--.+)$/.exec(name)?.[1]) ?? []);
}

/** A ref's labels without the stop slots that are in the chain already: their work is done. */
export function withoutRecordedSlots(
  labels: Readonly<Record<string, string>>,
  recorded: ReadonlySet<string>,
): Record<string, string> {
  const done = attemptsInSlots(labels).flatMap((attempt) =>
    refSlotsOf(labels, attempt)
      .filter(({ id }) => recorded.has(id))
      .flatMap(({ kind }) => slotNames(kind, `-${attempt}`)),
  );
  return without(labels, done);
}

/** Labels of a release's configuration without its stop slots. */
export function withoutSlots(labels: Readonly<Record<string, string>>): Record<string, string> {
  return without(labels, [LABEL.alsoHeld, ...STOP_KINDS.flatMap((kind) => slotNames(kind, ""))]);
}

/** Digest of the head record a ref's labels name. */
export function headOf(labels: Readonly<Record<string, string>>): Digest | undefined {
  return parseDigest(labels[LABEL.head]);
}

function slotNames(kind: Stop["kind"], suffix: string): readonly string[] {
  return [`wg-${kind}${suffix}`, ...FACTS.map((fact) => `wg-${kind}-${fact}${suffix}`)];
}

function without(labels: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

function labelsOfStop(stop: Stop, suffix: string): Record<string, string> {
  const labels: Record<string, string> = { [`wg-${stop.kind}${suffix}`]: stop.id };
  for (const fact of FACTS) labels[`wg-${stop.kind}-${fact}${suffix}`] = labelValue(stop[fact]);
  return labels;
}

function stopOfLabels(
  labels: Readonly<Record<string, string>>,
  attempt: AttemptId,
  kind: Stop["kind"],
  suffix: string,
): Stop | undefined {
  const id = labels[`wg-${kind}${suffix}`];
  if (id === undefined) return undefined;
  const fact = (name: (typeof FACTS)[number]): string =>
    textOfLabel(labels[`wg-${kind}-${name}${suffix}`] ?? "");
  const facts: StopFacts = {
    kind,
    attempt,
    release: fact("release"),
    actor: fact("actor"),
    at: fact("at"),
    reason: fact("reason"),
    nonce: fact("nonce"),
  };
  // An id that its facts do not yield was edited by hand; it stops all the same, under the id it carries.
  return { ...stopWithId(facts), id };
}
