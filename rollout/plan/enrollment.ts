import { BUCKET_COUNT } from "../model/bucket.ts";
import type { HubLimits } from "../model/hub-limits.ts";
import { TAG } from "../model/twin-contract.ts";
import { taggedCondition } from "./target-condition.ts";

/** Above this many devices an import job is the better way. */
export const IMPORT_ABOVE = 50_000;
/** Share of a day's messages that one run may use: telemetry and rollback need the rest. */
const QUOTA_SHARE = 0.3;
/** Devices on a page of a query [IoT Hub: query language]. */
const PAGE = 100;
/** Bytes of a device's row: id, etag and tags, as a fleet of ours has them. */
const ROW_BYTES = 300;

/** How many devices of a product are in which state. */
export interface EnrollmentCounts {
  /** All of the product, held ones too. */
  readonly devices: number;
  /** With a numeric bucket. */
  readonly stamped: number;
  /** Without any bucket. */
  readonly missing: number;
}

/** What a person chose. */
export interface EnrollmentOptions {
  /** Of the hub the devices are on. */
  readonly limits: HubLimits;
  /** Share of the hub's rates to use, over 0 up to 1. */
  readonly share: number;
  /** Devices without a bucket above which an import job is taken. */
  readonly importAbove: number;
  /** Whether the settings name a container that import jobs can use. */
  readonly hasContainer: boolean;
}

/** What enrolling would do, and what it costs. */
export interface EnrollmentPlan extends EnrollmentCounts {
  /** Devices whose bucket is there and is no bucket: they are left as they are. */
  readonly malformed: number;
  readonly method: "none" | "twin patches" | "import job";
  /** Why the method is not the one the size asks for. */
  readonly note?: string;
  /** Devices this run stamps; the others follow in later ones. */
  readonly thisRun: number;
  /** Runs, one a day, until all are stamped. */
  readonly days: number;
  /** Real time of this run at the chosen share; absent for an import job, whose pace is the hub's and undocumented. */
  readonly durationMs?: number;
  readonly writesPerSecond: number;
  readonly pagesPerMinute: number;
  /** Messages of the day's quota; an upper bound for an import job. */
  readonly messages: number;
  readonly dailyMessages: number;
}

/**
 * Devices of a product without any bucket, held ones too: a bucket puts nobody anywhere whom a hold keeps out.
 * `IS_DEFINED` is the one function documented for twins.
 */
export function missingBucketCondition(product: string): string {
  return `${taggedCondition(product)} AND NOT IS_DEFINED(${TAG.bucket})`;
}

/** Devices of a product with a numeric bucket, held ones too. */
export function numericBucketCondition(product: string): string {
  return `${taggedCondition(product)} AND ${TAG.bucket} >= 0 AND ${TAG.bucket} < ${BUCKET_COUNT}`;
}

/** Work out the method, the time and the messages. */
export function planEnrollment(
  counts: EnrollmentCounts,
  { limits, share, importAbove, hasContainer }: EnrollmentOptions,
): EnrollmentPlan {
  const { missing } = counts;
  const isLarge = missing > importAbove;
  const method = missing === 0 ? "none" : isLarge && hasContainer ? "import job" : "twin patches";
  const writesPerSecond = limits.twinWritesPerSecond * share;
  const pagesPerMinute = limits.queriesPerMinute * share;
  const base = {
    ...counts,
    // Counts are taken one after the other, while the fleet lives.
    malformed: Math.max(0, counts.devices - counts.stamped - missing),
    method,
    writesPerSecond,
    pagesPerMinute,
    dailyMessages: limits.messagesPerDay,
  } as const;
  if (method !== "twin patches")
    return { ...base, thisRun: missing, days: missing === 0 ? 0 : 1, messages: missing };
  // One message to write a device, and its row of the query.
  const messagesADevice = 1 + ROW_BYTES / limits.meterBytes;
  const most = Math.max(1, Math.floor((QUOTA_SHARE * limits.messagesPerDay) / messagesADevice));
  const thisRun = Math.min(missing, most);
  const pages = Math.ceil(thisRun / PAGE);
  // A bucket starts full: the first pages wait for nothing.
  const listMs = (Math.max(0, pages - pagesPerMinute) / pagesPerMinute) * 60_000;
  return {
    ...base,
    thisRun,
    days: Math.ceil(missing / most),
    durationMs: Math.ceil(listMs + (thisRun / writesPerSecond) * 1_000),
    messages: Math.ceil(thisRun * messagesADevice),
    ...(isLarge
      ? {
          note: `over ${importAbove} devices an import job is the better way: name a container, identities.container in the settings`,
        }
      : {}),
  };
}
