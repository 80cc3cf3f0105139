import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubLogEntry } from "../../local/hub/hub-log.ts";
import type { HubOptions } from "../../local/hub/hub-options.ts";
import { folderRecords } from "../../rollout/adapters/folder-records.ts";
import type { HubPort } from "../../rollout/reconcile/ports.ts";
import { reconcile, type ReconcileOptions, type ReconcilePorts } from "../../rollout/reconcile/reconcile.ts";
import { percent, type GateDeclaration } from "../../rollout/wavegate.ts";
import { hubAtAStandstill, waitedClock } from "../../test/rollout/adapters/hub-at-a-standstill.ts";
import { aRelease, declared, imagesOf } from "../../test/support/declarations.ts";
import { lightFleet } from "../../test/support/light-fleet.ts";
import { thermostats } from "../thermostats.ts";

/** A rollout to be watched from its first run to the end. */
export interface RolloutInput {
  readonly devices: number;
  /** Percent of each wave, the last is 100. */
  readonly waves: readonly number[];
  readonly groupByKeys: "one" | "many";
  readonly gate: GateDeclaration;
  /** How long a completed release is watched. */
  readonly watch: `${number} hours`;
  /** Equal parts that the last wave is opened in; default: at once. */
  readonly parts?: number;
  readonly lookEveryMs: number;
  /** Virtual time after the first run at which it is left; default: when nothing is left to do. */
  readonly endAfterMs?: number;
}

/** What the hub was asked for by one run of `reconcile`. */
export interface WatchedRun {
  /** What was done, in order: `create`, `record start`, `write`. */
  readonly steps: readonly string[];
  readonly queries: number;
  readonly listings: number;
  /** Creates, replacements and deletions of configurations. */
  readonly writes: number;
}

/** A rollout, over. */
export interface WatchedRollout {
  readonly runs: readonly WatchedRun[];
  /** Kinds of the records of the chain, oldest first. */
  readonly records: readonly string[];
  /** Devices that run the release at the end. */
  readonly reached: number;
  readonly throttled: number;
  /** Of the virtual time. */
  readonly minutes: number;
}

const VERSION = "1.1.0";
/** A run is followed by another one a minute later while there is something left to do. */
const AGAIN_MS = 60_000;
const LIMITS: Pick<HubOptions, "throttle" | "tier" | "units" | "dailyQuota"> = {
  // What devices write in this process is not throttled, and must not use the day's messages up.
  ...{ throttle: "strict", tier: "S1", units: 1, dailyQuota: "off" },
};

/** Take a good release through all of its waves, through Microsoft's client, on a clock that only waits move. */
export async function watchRollout(input: RolloutInput): Promise<WatchedRollout> {
  const { groupByKeys, lookEveryMs, endAfterMs = Infinity } = input;
  const folder = await mkdtemp(join(tmpdir(), "wavegate-bench-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true }));
  let asked = { queries: 0, listings: 0, writes: 0, throttled: 0 };
  const log = (entry: HubLogEntry): void => {
    if (entry.event === "request") asked = addTo(asked, entry);
  };
  const clock = waitedClock();
  const standstill = stack.use(await hubAtAStandstill({}, { ...LIMITS, groupByKeys, log, clock }));
  const { hub } = standstill;
  const fleet = lightFleet();
  fleet.add(hub, thermostats(input.devices), "1.0.0");
  const images = imagesOf("1.0.0", VERSION);
  const ports: Omit<ReconcilePorts, "hubs"> = {
    records: folderRecords(folder),
    images: { base: "https://images.test", describe: (path) => Promise.resolve(images.get(path)) },
    clock,
  };
  const product = productOf(input);
  const runs: WatchedRun[] = [];
  const records: string[] = [];
  const options: ReconcileOptions = { actor: "bench", queryLagMs: 0 };
  const started = clock.now();
  let at = started;
  while (at < started + endAfterMs) {
    const before = asked;
    // As a cron job's: every run is a process of its own, and knows of the hub what the settings say.
    const hubs = [ofUnknownSize(standstill.another(groupByKeys === "one" ? { groupByKeys: 1 } : {}))];
    const { steps, status, problems } = await reconcile(product, { ...ports, hubs }, options);
    if (problems !== undefined) throw new Error(JSON.stringify(problems));
    if (status?.needsPerson === true) throw new Error(status.text);
    for (const step of steps) if (step.kind === "record") records.push(step.record.kind);
    runs.push({
      steps: steps.map((step) => (step.kind === "record" ? `record ${step.record.kind}` : step.kind)),
      queries: asked.queries - before.queries,
      listings: asked.listings - before.listings,
      writes: asked.writes - before.writes,
    });
    fleet.answer(hub, clock.now(), () => "ok");
    if (endAfterMs === Infinity && status?.phase === "idle" && records.includes("settle")) break;
    // The look after the next is due when it is due, however long this one took.
    at += status === undefined ? AGAIN_MS : lookEveryMs;
    clock.advance(Math.max(0, at - clock.now()));
  }
  let reached = 0;
  for (const { reported } of hub.twins.all())
    if ((reported.value["firmware"] as { currentFwVersion?: string }).currentFwVersion === VERSION)
      reached += 1;
  return { runs, records, reached, throttled: asked.throttled, minutes: (clock.now() - started) / 60_000 };
}

/** Waves are not refused for what their devices write, for that is not throttled here; our own calls are, as an S1's. */
function ofUnknownSize(hub: HubPort): HubPort {
  const unsized: { -readonly [Key in keyof HubPort]: HubPort[Key] } = { ...hub };
  delete unsized.size;
  return unsized;
}

function productOf({ waves, gate, watch, parts }: RolloutInput): ReturnType<typeof declared> {
  const every = "30 minutes" as const;
  return declared(
    aRelease(VERSION, {
      gate,
      watch,
      waves: waves.map((share, index) => ({
        name: `${share}%`,
        cohort: percent(share),
        // A small first wave proves nothing.
        ...(index === 0 && waves.length > 1 ? { kind: "smoke" } : {}),
        ...(index === waves.length - 1 && parts !== undefined ? { pace: { parts, every } } : {}),
      })),
    }),
  );
}

function addTo<Asked extends { queries: number; listings: number; writes: number; throttled: number }>(
  asked: Asked,
  { method, call, status }: Extract<HubLogEntry, { event: "request" }>,
): Asked {
  const isListing = call === "configurations" && method === "GET";
  return {
    ...asked,
    queries: asked.queries + Number(call === "queries"),
    listings: asked.listings + Number(isListing),
    writes: asked.writes + Number(call === "configurations" && !isListing),
    throttled: asked.throttled + Number(status === 429),
  };
}
