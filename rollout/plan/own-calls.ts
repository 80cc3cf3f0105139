import { hubLimits, type HubTier } from "../model/hub-limits.ts";

/** A rollout as its controller lives through it. */
export interface OwnCallsInput {
  readonly hubs: number;
  /** GROUP BY keys that the hub takes: two count by stratum and outcome at once, one needs a query an outcome. */
  readonly groupByKeys: 1 | 2;
  readonly lookEveryMs: number;
  /** From the start to the end of watching. */
  readonly days: number;
  readonly waves: number;
  /** Tier and units of each hub. */
  readonly tier: HubTier;
  readonly units: number;
  /** Products whose rollouts are looked at side by side; default 1. */
  readonly products?: number | undefined;
  /** Bytes of a query's answer: a row a stratum (and outcome). Default 1,000. */
  readonly resultBytes?: number | undefined;
  /** Metrics that the hub counts, a query each; default 0. */
  readonly countedMetrics?: number | undefined;
  /** Parts that `pace` opens beyond one a wave; default 0. */
  readonly extraParts?: number | undefined;
  /** Times that keys to images are given, where they need one: one is created, another deleted. Default 0. */
  readonly renewals?: number | undefined;
}

/** What the controller asks of its hubs; the number of devices is in none of it. */
export interface OwnCalls {
  /** Calls of one look at one product on one hub: its listing and its queries. */
  readonly callsPerLook: number;
  /** Looks of the whole rollout, at one product. */
  readonly looks: number;
  /** Calls of the whole rollout, on all hubs. */
  readonly calls: number;
  /** Of each hub's query budget over those days, as a fraction. */
  readonly queryShare: number;
  /** Of each hub's configuration calls over those days, as a fraction. */
  readonly configurationShare: number;
  /** Of each hub's messages a day, as a fraction: queries are charged, calls about configurations are not. */
  readonly quotaShare: number;
  /** Configuration writes of one product's rollout on one hub. */
  readonly writes: number;
}

const DAY_MINUTES = 1_440;
const RESULT_BYTES = 1_000;
/** Two views: all contacts, and this wave's. */
const VIEWS = 2;
/** ok, failed and contacted, as `tallyQuery` counts them. */
const OUTCOMES = 3;
/** Counts of whom a widening aims at, beside those of every look. */
const TARGETED_COUNTS = 1;

/** Price a rollout's own calls: 3 a look and hub where the hub takes two GROUP BY keys, else 7. */
export function ownCalls(input: OwnCallsInput): OwnCalls {
  const {
    hubs,
    lookEveryMs,
    days,
    waves,
    products = 1,
    extraParts = 0,
    countedMetrics = 0,
    renewals = 0,
  } = input;
  const { resultBytes = RESULT_BYTES } = input;
  const limits = hubLimits(input.tier, input.units);
  const queriesPerLook = VIEWS * (input.groupByKeys === 2 ? 1 : OUTCOMES) + countedMetrics;
  const looks = Math.floor((days * DAY_MINUTES * 60_000) / lookEveryMs);
  const widenings = waves + extraParts;
  const writes = rolloutWrites(widenings);
  const queries = looks * queriesPerLook + widenings * TARGETED_COUNTS;
  // A write is decided by a listing, and followed by one (docs/architecture.md).
  const configurationCalls = looks + 2 * (writes + 2 * renewals);
  const minutes = days * DAY_MINUTES;
  // Queries are charged by the chunks of their result, calls about configurations are not [IoT Hub quotas and throttling].
  const messages = queries * Math.max(1, Math.ceil(resultBytes / limits.meterBytes));
  return {
    callsPerLook: 1 + queriesPerLook,
    looks,
    calls: hubs * products * (queries + configurationCalls),
    queryShare: (products * queries) / (limits.queriesPerMinute * minutes),
    configurationShare: (products * configurationCalls) / (limits.configurationCallsPerMinute * minutes),
    quotaShare: (products * messages) / (limits.messagesPerDay * days),
    writes,
  };
}

/**
 * Configuration writes of a rollout that is not stopped: its configuration is created, each widening moves the ref and
 * then the configuration, completing and settling move the ref, and the one it replaces is emptied and then deleted.
 */
function rolloutWrites(widenings: number): number {
  return 1 + 2 * widenings + 2 + 2;
}
