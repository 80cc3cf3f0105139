import { MOST_NAMED } from "../../rollout/model/cohort.ts";
import { formatDuration } from "../../rollout/model/duration.ts";
import { withThousands } from "../../rollout/gate/format-evidence.ts";
import { sizeToProve } from "../../rollout/gate/size-to-prove.ts";
import { hubLimits, type HubSize, type HubTier } from "../../rollout/model/hub-limits.ts";
import { MOST_PARTS } from "../../rollout/model/wave.ts";
import { formatPercentage } from "../../rollout/model/percentage.ts";
import { deviceTraffic } from "../../rollout/plan/device-traffic.ts";
import { planEnrollment, IMPORT_ABOVE } from "../../rollout/plan/enrollment.ts";
import { ownCalls } from "../../rollout/plan/own-calls.ts";
import { takeBackRoom } from "../../rollout/plan/take-back-room.ts";
import { MAX_CONDITION } from "../../rollout/plan/target-condition.ts";
import { fleetTraffic } from "../../rollout/plan/traffic.ts";
import { partsNeeded } from "../../rollout/plan/wave-speed.ts";
import { generatedHeading, markdownTable } from "./markdown-table.ts";

/** Devices that a hub takes [IoT Hub quotas and throttling]. */
const DEVICES_PER_HUB = 1_000_000;
const HOUR_MS = 3_600_000;
/** A deadline from contact to outcome, as a release may declare it. */
const DEADLINE_MS = 48 * HOUR_MS;
/** Tiers with as many units as one subscription gets without asking Microsoft [IoT Hub quotas and throttling]. */
const SIZES: readonly HubSize[] = (
  [
    ["S1", 1],
    ["S1", 10],
    ["S2", 1],
    ["S2", 10],
    ["S3", 1],
    ["S3", 10],
  ] as const
).map(([tier, units]) => ({ tier, units }));

/** docs/scale.md: the limits that bound a rollout, and what they come to for up to ten million devices. */
export function scalePage(): string {
  const s1 = hubLimits("S1", 1);
  const one = deviceTraffic(s1);
  const room = takeBackRoom({ tier: "S1", units: 1, exposed: 0, usedToday: 0 });
  return `${[
    generatedHeading("Limits and scale"),
    "Every number here is printed by the functions that plan a rollout (`rollout/plan/`, `rollout/model/hub-limits.ts`);\n" +
      "`wavegate plan` prints the same for your fleet, and warns before a wave asks too much (`WAVE_TOO_FAST`). It is\n" +
      "arithmetic on published limits, not a measurement on Azure. What was measured on this project's own hub is in\n" +
      "[engine-costs.md](engine-costs.md), [fleet.md](fleet.md#what-a-fleet-costs) and [local-hub.md](local-hub.md#what-it-costs).",
    "## What a hub takes",
    limitTable(),
    "Twin writes and reads of S1 do not grow with its units, those of S2 only beyond ten; messages do. A hub has room for\n" +
      `${s1.configurations} configurations, everybody's. A product takes one for its ref and one for each release that is not retired: three\n` +
      `or four while a rollout runs, two more with keys to images. So some ${Math.floor(s1.configurations / 5)} products fit on a hub.`,
    "## What one device costs",
    `An update is ${one.writes} twin writes, ${one.reads} reads and ${one.notifications} notice: ` +
      `${one.writes + one.reads + one.notifications} operations and ${one.messages} messages of the day's quota, as long as\n` +
      `each fits into ${withThousands(s1.meterBytes)} bytes. Taking it back costs the same again. Exposure never exceeds what the rest of the day\n` +
      `can take back: on one unit of S1, with nothing else going on, ${withThousands(room.devices)} devices a day.`,
    "## How long everyone takes",
    `A hub of ${withThousands(DEVICES_PER_HUB)} devices, the most there are on one, and its last wave to all of them, with no more than 30% of a\n` +
      `day's messages and no part over a quarter of a deadline of ${formatDuration(DEADLINE_MS)}. Further hubs do this side by side, each by its own\n` +
      "limits: ten million devices on ten hubs take as long as one million on one.",
    everyoneTable(),
    "Taking everyone back takes the time of the third column: no part, gate or calendar keeps a stop waiting, but the hub\n" +
      "tells devices no faster than that. Whoever has to be able to turn a million devices round in an hour needs S3.",
    `"parts" is what \`pace\` has to say; a release file takes up to ${MOST_PARTS}. Where it is more, take further waves (each\n` +
      "percentage is a wave with parts of its own) or a bigger hub.",
    "## From a thousand to ten million devices",
    `Hubs of S2 with 10 units, each with up to ${withThousands(DEVICES_PER_HUB)} devices; everyone in one wave:`,
    fleetTable({ tier: "S2", units: 10 }),
    "## What the controller asks",
    "Nothing of it depends on the number of devices. A look every five minutes over a rollout of seven days and four waves,\n" +
      "on hubs of one S1 unit, one GROUP BY key:",
    callTable(),
    "Columns three to five are of every hub; each has its own budget. Hubs are listed and counted side by side and written\n" +
      "one after the other, so that the slowest sets the pace of a look. A listing is good for 60 seconds; a run that is\n" +
      "slower begins anew: that, and not a quota, bounds how many hubs one controller has. Products are looked at one after\n" +
      "the other; with many of them run one controller a product (`wavegate reconcile PRODUCT`).",
    "## Buckets",
    "wavegate's own agent reports its bucket, which costs nothing. Stamping the others is for once:",
    stampTable(),
    "## What does not grow",
    "A gate needs as many devices of a stratum whatever the fleet: " +
      `${sizeToProve({ reject: 0.05, missedBad: 0.05, bad: 0 })} clean ones prove 5%, ${sizeToProve({ reject: 0.01, missedBad: 0.05, bad: 0 })} prove 1%. So a big\n` +
      "fleet begins with small percentages: 0.01% of ten million devices is a thousand. Records, looks and plans have the\n" +
      `same size for any number of devices; a target condition has at most ${withThousands(MAX_CONDITION)} characters and names at most\n` +
      `${MOST_NAMED} devices. Counts of 25 strata fit one page of an answer.`,
    "## What is not known",
    "- How long Azure takes to evaluate a condition over a million twins; the documents say every five minutes.\n" +
      "- How far its queries lag; `queryLag` (30 minutes) is the longest that documents and issues tell of.\n" +
      "- Whether a burst is let wait or refused: the plan reckons with the sustained rates.\n" +
      "- Ten million devices have never run at once here: one million twins on one local hub have, and 5,000 whole agents.",
  ].join("\n\n")}\n`;
}

function limitTable(): string {
  const sizes: readonly HubSize[] = [{ tier: "F1", units: 1 }, ...SIZES];
  return markdownTable(
    [
      "hub",
      "messages a day",
      "twin writes a second",
      "twin reads a second",
      "queries a minute",
      "configuration calls a minute",
    ],
    sizes.map((size) => {
      const limits = hubLimits(size.tier, size.units);
      return [
        named(size),
        limits.messagesPerDay,
        limits.twinWritesPerSecond,
        limits.twinReadsPerSecond,
        limits.queriesPerMinute,
        limits.configurationCallsPerMinute,
      ].map(shown);
    }),
  );
}

function everyoneTable(): string {
  return markdownTable(
    [
      "hub",
      "of a day's messages",
      "at the twin throttle",
      "parts",
      "time between two",
      "everyone told after",
    ],
    SIZES.map((size) => {
      const wave = { ...size, devices: DEVICES_PER_HUB, deadlineMs: DEADLINE_MS };
      const traffic = fleetTraffic(wave);
      const { count, apartMs } = partsNeeded(wave);
      return [
        named(size),
        formatPercentage(traffic.quotaShare),
        formatDuration(traffic.hours * HOUR_MS),
        shown(count),
        count === 1 ? "-" : formatDuration(apartMs),
        toldAfter(wave),
      ];
    }),
  );
}

function fleetTable(size: HubSize): string {
  const fleets = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
  return markdownTable(
    [
      "devices",
      "hubs",
      "twin operations",
      "messages",
      "of a day's messages, each hub",
      "everyone told after",
    ],
    fleets.map((devices) => {
      const hubs = Math.ceil(devices / DEVICES_PER_HUB);
      const wave = { ...size, devices: devices / hubs, deadlineMs: DEADLINE_MS };
      const traffic = fleetTraffic(wave);
      return [
        shown(devices),
        hubs,
        shown(hubs * traffic.operations),
        shown(hubs * traffic.messages),
        formatPercentage(traffic.quotaShare),
        toldAfter(wave),
      ];
    }),
  );
}

/** The last part opens so long after the first, and takes so long at the throttle. */
function toldAfter(wave: Parameters<typeof partsNeeded>[0]): string {
  const { count, apartMs } = partsNeeded(wave);
  const throttledMs = fleetTraffic(wave).hours * HOUR_MS;
  return formatDuration(count === 1 ? throttledMs : (count - 1) * apartMs + throttledMs / count);
}

function callTable(): string {
  return markdownTable(
    [
      "hubs",
      "products",
      "calls a look and hub",
      "of the query budget",
      "of a day's messages",
      "calls of the rollout, all hubs",
    ],
    [
      [1, 1],
      [1, 10],
      [10, 1],
      [10, 10],
    ].map(([hubs = 1, products = 1]) => {
      const calls = ownCalls({
        ...{ hubs, products, groupByKeys: 1, lookEveryMs: 5 * 60_000, days: 7, waves: 4 },
        ...{ tier: "S1", units: 1 },
      });
      return [
        hubs,
        products,
        calls.callsPerLook,
        formatPercentage(calls.queryShare),
        formatPercentage(calls.quotaShare),
        shown(calls.calls),
      ];
    }),
  );
}

function stampTable(): string {
  return markdownTable(
    [
      "devices without a bucket",
      "hub",
      "by twin patches, half of the hub's rate",
      `by import job (above ${shown(IMPORT_ABOVE)})`,
    ],
    [10_000, 1_000_000].flatMap((missing) =>
      (["S1", "S2", "S3"] as const).map((tier: HubTier) => {
        const counts = { devices: missing, stamped: 0, missing };
        const patches = planEnrollment(counts, {
          ...{ limits: hubLimits(tier, 1), share: 0.5, importAbove: missing, hasContainer: false },
        });
        const runs = patches.days === 1 ? "" : `, ${shown(patches.days)} runs, one a day`;
        return [
          shown(missing),
          `${tier} x 1`,
          `${formatDuration(patches.durationMs ?? 0)} a run${runs}`,
          missing > IMPORT_ABOVE ? "one job; its pace is not documented" : "-",
        ];
      }),
    ),
  );
}

function named({ tier, units }: HubSize): string {
  return `${tier} x ${units}`;
}

function shown(value: string | number): string {
  return typeof value === "string" ? value : withThousands(value);
}
