import type { AttemptId } from "../model/attempt.ts";
import type { Configuration, ConfigurationDocument, Listing } from "../model/configuration.ts";
import type { Digest } from "../model/digest.ts";
import type { HubSize } from "../model/hub-limits.ts";
import type { Look, Tally } from "../model/look.ts";
import type { MetricAnswer, MetricRequest, StoredImage, TallyQuery } from "../model/question.ts";
import type { RolloutRecord } from "../model/record.ts";
import type { Secret } from "../model/secret.ts";
import type { Stop } from "../model/stop.ts";
import type { StoredFiles } from "../model/store-contents.ts";
import type { DeviceView } from "../model/device-view.ts";

/** How one call of the hub is to be made; every field may be left out. */
export interface HubCallOptions {
  /** A stop: it does not wait for its turn behind other calls, and no interruption of the command ends it. */
  readonly urgent?: boolean | undefined;
  /** Ends waits and reads at once with INTERRUPTED; a write that was sent is waited for. */
  readonly signal?: AbortSignal | undefined;
  /** Writes: not sent later than this instant of `ClockPort.monotonic()`, but refused with OBSERVATION_STALE. */
  readonly sendBy?: number | undefined;
}

/**
 * What the loop needs of an IoT hub. Failures are WavegateErrors: HUB_CONFLICT (the etag moved), HUB_NOT_FOUND,
 * HUB_THROTTLED, HUB_QUOTA, HUB_UNAUTHORIZED, HUB_UNREACHABLE, HUB_REJECTED, HUB_FAILED; INTERRUPTED. Reads are
 * retried inside, writes never: an unanswered write may have taken effect, and only a new look can tell. (An urgent write
 * that a throttle refused had none: it is sent again when the hub lets it.)
 */
export interface HubPort {
  /** The hub's name in the settings; records and marks are kept under it. */
  readonly name: string;
  /** What it may be asked, as far as the settings say; without it no plan prices the fleet's traffic. */
  readonly size?: HubSize;
  /** All configurations, foreign ones too, as of one instant. */
  list(options?: HubCallOptions): Promise<Listing>;
  /** Create only; HUB_CONFLICT when the name exists. */
  create(document: ConfigurationDocument, options?: HubCallOptions): Promise<Configuration>;
  /** Replace if the etag still stands. */
  replace(document: ConfigurationDocument, etag: string, options?: HubCallOptions): Promise<Configuration>;
  /** Delete if the etag still stands. */
  remove(id: string, etag: string, options?: HubCallOptions): Promise<void>;
  /** Run a query made by `countByStratum`; devices by stratum, those without one under `other`. */
  count(query: string, options?: HubCallOptions): Promise<Readonly<Record<string, number>>>;
  /** One device's tags and reported properties, as queries see them; undefined when the hub has none of that name. */
  device(deviceId: string, options?: HubCallOptions): Promise<DeviceView | undefined>;
  /** Devices by stratum and outcome: in one query where the hub groups by two keys, else in one an outcome. All or nothing. */
  tally(query: TallyQuery, options?: HubCallOptions): Promise<Readonly<Record<string, Tally>>>;
  /** Run a query made by `deviceIds`; the first ids, at most `most`. */
  deviceIds(query: string, most: number, options?: HubCallOptions): Promise<readonly string[]>;
}

/**
 * What the loop needs of the record store. Failures are RECORD_STORE_FAILED (does not answer) or STORE_FORMAT. Files
 * are written whole or not at all; records and tombstones are create-only and never change.
 */
export interface RecordPort {
  /** Store a record under its digest; storing it twice is once. */
  putRecord(record: RolloutRecord): Promise<Digest>;
  /** undefined when absent; RECORD_BROKEN when its content does not have that digest. */
  getRecord(product: string, digest: Digest): Promise<RolloutRecord | undefined>;
  /**
   * Note which head a hub has, before any exposure grows by it. Only over the mark that was read, `before`: one that
   * somebody else has set by then stands, so that a request that comes late does not take a hub back.
   */
  markTaken(product: string, hub: string, head: Digest, before: Digest | undefined): Promise<void>;
  takenMark(product: string, hub: string): Promise<Digest | undefined>;
  /** Note for ever that a release was aborted or halted, under `tombstoneName`. */
  putTombstone(product: string, stop: Stop): Promise<void>;
  /** Names of the product's tombstones (see `tombstoneName`). */
  tombstones(product: string): Promise<ReadonlySet<string>>;
  /** Append to the series of looks; losing one costs power, never validity. */
  appendLook(product: string, attempt: AttemptId, look: Look): Promise<void>;
  looks(product: string, attempt: AttemptId): Promise<readonly Look[]>;
  /** Every file about a product, as it is stored: for `verify` and `export`. */
  contents(product: string): Promise<StoredFiles>;
}

/** How far each channel of notifications was told of a product. Failures are RECORD_STORE_FAILED. */
export interface CursorPort {
  /** The text of a cursor; undefined where the channel was told of nothing yet. */
  cursor(product: string, channel: string): Promise<string | undefined>;
  /** Put a cursor in the place of the one that was read: one that somebody else has set by then stands. */
  moveCursor(product: string, channel: string, text: string, before: string | undefined): Promise<void>;
}

/** What is stored under an image's path. Failures are IMAGE_STORE_FAILED. */
export interface ImagePort {
  /** Address devices download from. */
  readonly base: string;
  /** Size and digest of the stored bytes, read in full; undefined when there is no such image. */
  describe(path: string): Promise<StoredImage | undefined>;
  /** How images are opened to those who may not read the store; absent: not at all. */
  readonly keys?: ImageKeys;
}

/** Keys to single images. */
export interface ImageKeys {
  /** How long they are good for, ms. */
  readonly lifeMs: number;
  /** For each path the query that opens its address, for reading it alone. */
  sign(paths: readonly string[]): Promise<ReadonlyMap<string, Secret>>;
}

/** What the loop needs of the sources of metrics. Trouble is an answer, told in words without secrets; nothing is thrown. */
export interface MetricPort {
  /** Names of the sources in the settings. */
  readonly sources: readonly string[];
  /** Ask one query; ends within the source's time, whatever happens. */
  measure(request: MetricRequest): Promise<MetricAnswer>;
}

/** A twin as far as `enroll` reads it. */
export interface TwinTags {
  readonly deviceId: string;
  /** Absent where a query did not give it: read the twin. */
  readonly etag?: string;
  readonly tags: unknown;
}

/**
 * Twins of devices, for `enroll` alone: the rollout's identity may not write them. Failures are those of HubPort, and
 * nothing is retried or paced inside: whoever calls does both.
 */
export interface DeviceTwinsPort {
  /** A page of the devices under a condition; `next` asks for the one after it. */
  page(
    condition: string,
    next?: string,
  ): Promise<{ readonly twins: readonly TwinTags[]; readonly next?: string }>;
  read(deviceId: string): Promise<TwinTags>;
  /** Give a device its bucket if its twin's etag still stands. */
  stamp(device: { readonly deviceId: string; readonly etag: string; readonly bucket: number }): Promise<void>;
}

/** An export or import of the hub's identities, for fleets that are too large for one twin after the other. */
export interface IdentityJobsPort {
  /**
   * Try an import on a device made for it: ENROLL_UNFIT when the import touches more than tags. What Azure's import
   * makes of twin parts that it is not given is not documented.
   */
  probe(): Promise<void>;
  /** Start the export of all twins, without keys; returns the job. */
  startExport(): Promise<string>;
  /** Turn the exported lines into those of the import; a line without an answer is left out. Returns how many stay. */
  rewrite(choose: (line: unknown) => ImportedTags | undefined): Promise<number>;
  startImport(): Promise<string>;
  /** Whether a job has ended; HUB_REJECTED when it ended badly: to ask again would not help. */
  hasEnded(job: string): Promise<boolean>;
  /** What the last import said about lines that it did not take. */
  errors(): Promise<readonly ImportError[]>;
  /** Remove what the jobs left in storage: it holds the fleet's twins. */
  cleanUp(): Promise<void>;
}

/** Tags to write if the twin's etag still stands; all of the device's tags. */
export interface ImportedTags {
  readonly deviceId: string;
  readonly etag: string;
  readonly tags: Readonly<Record<string, unknown>>;
}

/** A line that an import did not take. */
export interface ImportError {
  readonly deviceId: string;
  /** The hub's own code, such as PreconditionFailed. */
  readonly code: string;
}

/** Time, passed in. */
export interface ClockPort {
  /** Epoch milliseconds of the clock the rollout lives by; the demo's is scaled. */
  now(): number;
  /** Milliseconds of a clock that never jumps and is never scaled: it bounds how old an observation may grow. */
  monotonic(): number;
  /** Wait on the rollout's clock; rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
