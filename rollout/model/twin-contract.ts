import { BUCKET_COUNT } from "./bucket.ts";

/**
 * The only place where the names of the device twin's parts are written down.
 *
 * The first three desired and six reported fields are those of Microsoft's own firmware-update lab and tutorial, so a
 * device that knows only them works; the rest is what a gate needs to judge honestly (docs/device.md).
 */

/** Where the request stands in the twin; a configuration assigns its content at this path. */
export const DESIRED_PATH = "properties.desired.firmware";

/** Where the device answers. */
const REPORTED_PATH = "properties.reported.firmware";

/** Name of the section under desired and reported properties. */
export const FIRMWARE_SECTION = "firmware";

/**
 * Name of the section under desired properties that opens images to devices that say they want one: by the image's
 * digest, the query that its address takes.
 */
export const ACCESS_SECTION = "firmwareAccess";

/** Where that stands in the twin: a section of its own, beside the request and no part of it. */
export const ACCESS_PATH = `properties.desired.${ACCESS_SECTION}`;

/** Direct method by which a device tells what happened on it lately. */
export const LOG_METHOD = "firmwareLog";

/** Who may fetch an image: whoever knows its address, or only devices that were given a key to it. */
export const ACCESSES = ["public", "on-demand"] as const;
export type Access = (typeof ACCESSES)[number];

/** Tags wavegate reads or writes, as they stand in queries and target conditions. */
export const TAG = {
  product: "tags.product",
  stratum: "tags.rollout.stratum",
  ring: "tags.rollout.ring",
  bucket: "tags.rollout.bucket",
  hold: "tags.rollout.hold",
  /**
   * Number: the highest priority of a release that the device may still take. Written with the newest release's own
   * priority it moves nothing, and keeps the device out of everything that starts later (docs/decisions/0006).
   */
  quarantine: "tags.rollout.quarantine",
} as const;

/**
 * What a device is asked to run. Every key is always there (a value or an empty string): how IoT Hub treats a key that
 * one configuration has and another lacks is undocumented, so none ever lacks one.
 */
export interface FirmwareDesired {
  /** Version to run, semantic version text. */
  readonly fwVersion: string;
  /** HTTPS address of the image. */
  readonly fwPackageURI: string;
  /** SHA-256 of the image, 64 lower-case hex digits. */
  readonly fwPackageCheckValue: string;
  /** Size of the image in bytes. */
  readonly fwPackageSize: number;
  /** Canonical JSON of the signed statement about the image (manifest.ts); empty when the release is not signed. */
  readonly fwManifest: string;
  /** Ed25519 signature over `fwManifest`, base64; empty when the release is not signed. */
  readonly fwManifestSignature: string;
  /** `on-demand`: the address opens only with what `firmwareAccess` holds for the image. */
  readonly fwAccess: Access;
  /** The attempt that asks, echoed by the device: `fw--<product>--<version>--<attempt>`. */
  readonly rolloutId: string;
}

/** The words of `fwUpdateStatus`, as the lab and the tutorial use them. */
export const UPDATE_STATUSES = [
  "current",
  "downloading",
  "verifying",
  "applying",
  "rebooting",
  "error",
  "rolledback",
] as const;
export type UpdateStatus = (typeof UPDATE_STATUSES)[number];

/**
 * How an attempt ended on one device. Latched by the device for each rolloutId: contacted → ok | failed, ok → failed,
 * never failed → ok. `ok-already` and `newer` are devices with nothing to do: they are in no rate.
 */
export const OUTCOMES = ["contacted", "ok", "failed", "ok-already", "newer"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a device reports under `properties.reported.firmware`. */
export interface FirmwareReported {
  /** Version the running image itself states, never the version that was asked for. */
  readonly currentFwVersion: string;
  /** Version being installed; empty when there is none. */
  readonly pendingFwVersion: string;
  readonly fwUpdateStatus: UpdateStatus;
  /** Free text for people: progress or reason. */
  readonly fwUpdateSubstatus: string;
  /** ISO 8601 instants by the device's own clock; empty when unknown. */
  readonly lastFwUpdateStartTime: string;
  readonly lastFwUpdateEndTime: string;
  /** The attempt this report answers; empty before the first. */
  readonly rolloutId: string;
  /** Empty string before the first attempt. */
  readonly outcome: Outcome | "";
  /** Epoch seconds of first contact with this rolloutId, by the device's clock; written once per rolloutId. */
  readonly contactedAt: number;
  /** Version that ran at contact. */
  readonly fromVersion: string;
  /** Health of the running image: `healthy`, `unhealthy` or empty while unknown. */
  readonly fwHealth: "healthy" | "unhealthy" | "";
  /** Machine-readable reason of the last failure; empty when there is none. */
  readonly errorCode: string;
  /** Changes at every boot. */
  readonly bootId: string;
  /** The device's own bucket (rollout/model/bucket.ts). */
  readonly bucket: number;
  /** `wanted` while the device waits for, or fetches, an image that it needs a key to; else empty. */
  readonly fwSource: "wanted" | "";
  /** True beside `outcome: failed` when the device came right after all; it changes no count. */
  readonly recovered?: boolean;
}

/** Path of one reported field, as it stands in a query: `reportedField("outcome")`. */
export function reportedField(field: keyof FirmwareReported): string {
  return `${REPORTED_PATH}.${field}`;
}

/** Whether a device can be given a bucket, by its tags. */
export type StampNeed =
  /** It has none. */
  | { readonly kind: "needed" }
  | { readonly kind: "stamped"; readonly bucket: number }
  /** It has tags where the bucket belongs that are no bucket: a person has to look. */
  | { readonly kind: "malformed"; readonly why: string }
  /** Its product is another one, or none. */
  | { readonly kind: "elsewhere" };

/** What stamping would mean for a device with these tags. Nothing that is there is ever written over. */
export function stampNeed(tags: unknown, product: string): StampNeed {
  const { product: own, rollout } = objectOf(tags) ?? {};
  if (own !== product) return { kind: "elsewhere" };
  if (rollout === undefined || rollout === null) return { kind: "needed" };
  const section = objectOf(rollout);
  // A merge patch would replace it whole.
  if (section === undefined) return { kind: "malformed", why: "tags.rollout is no object" };
  const { bucket } = section;
  if (bucket === undefined || bucket === null) return { kind: "needed" };
  if (typeof bucket === "number" && bucket >= 0 && bucket < BUCKET_COUNT) return { kind: "stamped", bucket };
  return { kind: "malformed", why: `${TAG.bucket} is no number from 0 to ${BUCKET_COUNT - 1}` };
}

/** The merge patch that gives a device its bucket, and changes nothing else. */
export function stampPatch(bucket: number): {
  readonly tags: { readonly rollout: { readonly bucket: number } };
} {
  return { tags: { rollout: { bucket } } };
}

/**
 * All of a device's tags with a bucket among them. Whether an import merges tags or replaces them is not documented, so
 * it is given what comes to the same.
 */
export function tagsWithBucket(tags: unknown, bucket: number): Readonly<Record<string, unknown>> {
  const all = objectOf(tags) ?? {};
  return { ...all, rollout: { ...objectOf(all["rollout"]), bucket } };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>) // An object of JSON has text keys.
    : undefined;
}
