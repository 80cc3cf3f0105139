import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FULL_SIZE } from "../../bench/gates/compare.ts";
import { GATE, MODEL } from "../../bench/gates/fleet.ts";
import { LOOK_EVERY_MS, GATE as PROMISED, GOOD, WAVES } from "../../bench/promises/scenario.ts";
import { ROLE_PATIENCE } from "../../infra/devices/call-retry.ts";
import { compileFirmware, listFirmware } from "../../local/firmware.ts";
import { EXIT } from "../../rollout/cli/command.ts";
import { RATIO_GRID } from "../../rollout/gate/rate-ratio.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import { logNormalUpperTail } from "../../rollout/gate/intervals/normal.ts";
import { chanceUnseen } from "../../rollout/gate/characteristics/pass-unseen.ts";
import { naiveStopChance } from "../../rollout/gate/characteristics/naive-gate.ts";
import { withThousands } from "../../rollout/gate/format-evidence.ts";
import { sizeToProve } from "../../rollout/gate/size-to-prove.ts";
import { assumedLaws } from "../../rollout/forecast/laws.ts";
import { PRIOR } from "../../rollout/forecast/scenarios.ts";
import { hubLimits } from "../../rollout/model/hub-limits.ts";
import { formatPercentage } from "../../rollout/model/percentage.ts";
import { deviceTraffic } from "../../rollout/plan/device-traffic.ts";
import { renderEnrollmentPlan } from "../../rollout/cli/views/enrollment.ts";
import { IMPORT_ABOVE, planEnrollment } from "../../rollout/plan/enrollment.ts";
import { ownCalls } from "../../rollout/plan/own-calls.ts";
import { DIRECTED } from "../engine-proof/schedule/directed.ts";
import { PROJECT } from "../support/command-line.ts";
import { flowing, numberAt, spelt } from "./written-number.ts";

const HOUR_MS = 3_600_000;
const S1 = hubLimits("S1", 1);
const DEVICE = deviceTraffic(S1);
const FLEET = MODEL.devices.reduce((sum, devices) => sum + devices, 0);
const [ONE_GATE_AT, THREE_GATES_AT] = [1, 3].map(
  (gates) => thresholds({ ...GATE, strata: 1, evidenceWaves: 1, gates }).cumulative,
);
/** A main gate, a rate and a rate ratio. */
const THREE_GATES = (THREE_GATES_AT ?? 0) / (ONE_GATE_AT ?? 1);
const [ON, DAILY, WEEKLY, GONE] = assumedLaws(GATE).contact.map(({ share }) => formatPercentage(share));
const [ORDINARY, TOLERATED, REJECTED, ONE_STRATUM] = PRIOR.map(({ weight }) => formatPercentage(weight));

/** The last of those that are told by a trace each. */
const HOLES = Math.max(
  ...[
    ...readFileSync(join(PROJECT, "test/engine-proof/holes/holes.test.ts"), "utf8").matchAll(/\bH(\d+)\b/g),
  ].map(([, hole]) => Number(hole)),
);
const RESERVE = numberAt("rollout/plan/window-width.ts Z");

/** A week of looks every five minutes, on one unit of S1. */
function week(groupByKeys: 1 | 2): ReturnType<typeof ownCalls> {
  return ownCalls({
    ...{ hubs: 1, groupByKeys, lookEveryMs: 5 * 60_000, days: 7 },
    ...{ waves: 0, tier: "S1", units: 1 },
  });
}

const [ONE_KEY, TWO_KEYS] = [week(1), week(2)];
const WEEK_MINUTES = 7 * 1_440;
/** Of the query budget, with so many queries a look. */
const queryShare = (queries: number): string =>
  `${((100 * ONE_KEY.looks * queries) / (S1.queriesPerMinute * WEEK_MINUTES)).toFixed(1)}%`;

/** What the pages say that follows from the code by a calculation. */
const SENTENCES: readonly (readonly [page: string, sentence: string])[] = [
  ["README.md", `In the same simulated fleet of ${withThousands(FLEET)} devices`],
  ["README.md", `tuned to stop ${formatPercentage(GATE.falseStop)} of the releases`],
  ["CHANGELOG.md", `A look costs ${spelt(TWO_KEYS.callsPerLook)} calls where the hub groups by two keys`],
  ["docs/architecture.md", `**Schedules.** ${DIRECTED.length} directed ones`],
  ["docs/architecture.md", `**Holes.** H1 to H${HOLES} of the first draft`],
  [
    "docs/azure.md",
    `the first device is tried for ${spelt((ROLE_PATIENCE.attempts * ROLE_PATIENCE.waitMs) / 60_000)}:`,
  ],
  [
    "docs/concepts.md",
    `at 20 devices a 10% defect passes ${spelt(Math.round(10 * (1 - naiveStopChance({ threshold: 0.05, minFinished: 20 }, { rate: 0.1, devices: 20 }))))} times in ten`,
  ],
  [
    "docs/decisions/0002-one-group-by-key.md",
    `A look costs ${spelt(TWO_KEYS.callsPerLook)} calls or ${spelt(ONE_KEY.callsPerLook)}`,
  ],
  [
    "docs/decisions/0006-a-quarantine-names-a-priority.md",
    `wider than the count by ${spelt(RESERVE)} standard deviations (one in ${Math.floor(1 / Math.exp(logNormalUpperTail(RESERVE)))} falls short)`,
  ],
  [
    "docs/decisions/0008-what-makes-a-wave-too-fast-an-error.md",
    `no fleet of more than ${withThousands(S1.messagesPerDay / DEVICE.messages)} could be updated`,
  ],
  [
    "docs/engine-costs.md",
    `The limit is a look, ${TWO_KEYS.callsPerLook} or ${ONE_KEY.callsPerLook}, and ${numberAt("bench/engine/calls.ts A_STEP")} for each step`,
  ],
  [
    "docs/engine-costs.md",
    `${ONE_KEY.callsPerLook + 1} calls a look instead of ${ONE_KEY.callsPerLook}, which over a week of open waves would be ${queryShare(ONE_KEY.callsPerLook)} of the budget instead of ${queryShare(ONE_KEY.callsPerLook - 1)}`,
  ],
  [
    "docs/dashboard.md",
    `The token is ${8 * numberAt("rollout/cli/dashboard/token.ts return secret(randomBytes(")} random bits`,
  ],
  ["docs/fleet.md", `on a clock that runs ${spelt(numberAt("bench/fleet.ts SCALE") / 60)} minutes a second`],
  ["docs/metrics.md", `the grid of the e-process is ${listed(RATIO_GRID.map(String))} times that`],
  ["docs/metrics.md", `With one of each, all thresholds to abort are ${spelt(THREE_GATES)} times as high`],
  ["docs/gate-reference.md", `all thresholds to abort are ${spelt(THREE_GATES)} times as high`],
  [
    "docs/operating.md",
    `end with exit code ${EXIT.held} where a person is needed, and with ${EXIT.aborted} where`,
  ],
  ["docs/engine-costs.md", `beside the ${ONE_KEY.looks / 14} listings of five-minute looks`],
  [
    "docs/forecast.md",
    `it says "assumed": ${ON} nearly always on, ${DAILY} about daily, ${WEEKLY} about weekly, ${GONE} gone`,
  ],
  [
    "docs/forecast.md",
    `weighs ${ORDINARY} × 0.3%, ${TOLERATED} × 1%, ${REJECTED} × 5% and ${ONE_STRATUM} × "30% of one stratum"`,
  ],
  [
    "docs/gate-promises.md",
    `${spelt(WAVES.length)} waves, ${spelt(Object.keys(GOOD.rates).length)} strata of ${GOOD.devicesPerStratum} devices, a look every ${spelt(LOOK_EVERY_MS / 60_000)} minutes`,
  ],
  [
    "docs/gate-promises.md",
    `The gate tolerates ${formatPercentage(PROMISED.tolerate)}, rejects ${formatPercentage(PROMISED.reject)}, with both budgets ${formatPercentage(PROMISED.falseStop)}, a deadline of ${hours(PROMISED.deadlineMs)} hours and a bake of ${hours(PROMISED.bakeMs)}`,
  ],
  [
    "docs/gate-promises.md",
    `With seed ${numberAt("bench/promises.ts SEED")}, ${withThousands(numberAt("bench/promises.ts RUNS"))} rollouts a line`,
  ],
  [
    "docs/gates-comparison.md",
    `One fleet: ${withThousands(FLEET)} devices in three strata (${MODEL.strata.map((name, at) => `${name} ${formatPercentage((MODEL.devices[at] ?? 0) / FLEET)}`).join(", ")})`,
  ],
  ["docs/gates-comparison.md", `waves of ${listed(MODEL.release.waves.map(({ name }) => name))}`],
  [
    "docs/gates-comparison.md",
    `The gate tolerates ${formatPercentage(GATE.tolerate)}, rejects ${formatPercentage(GATE.reject)}, with both budgets ${formatPercentage(GATE.missedBad)}, a deadline of ${hours(GATE.deadlineMs)} hours and a bake of ${hours(GATE.bakeMs)}`,
  ],
  [
    "docs/gates-comparison.md",
    `stopped in ${formatPercentage(GATE.falseStop)} of ${withThousands(FULL_SIZE.tuningRuns)} rollouts`,
  ],
  ["docs/gates-comparison.md", `A cell is ${FULL_SIZE.runs} rollouts`],
  ["docs/gates-comparison.md", `with 50 rollouts a cell instead of ${FULL_SIZE.runs}`],
  [
    "docs/gates-comparison.md",
    `until ${formatPercentage(GATE.coverage)} of the active devices made contact, then the bake`,
  ],
  ["docs/gates-comparison.md", `until a person decides, up to ${hours(GATE.patienceMs) / 24} days`],
  [
    "docs/single-device.md",
    `it shows no failure with a chance of ${formatPercentage(chanceUnseen({ n: 1, p: 0.1 }))} where 10%`,
  ],
];

/** Several, as a sentence has them. */
function listed(all: readonly string[]): string {
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1) ?? ""}`;
}

function hours(ms: number): number {
  return ms / HOUR_MS;
}

describe("what the code comes to", () => {
  it.each(SENTENCES)("is what %s says: %s", (page, sentence) => {
    const text = flowing(readFileSync(join(PROJECT, page), "utf8"));
    expect(text.includes(sentence), `${page} does not say "${sentence}"`).toBe(true);
  });

  it("is the image that the README declares", async () => {
    const { sourceFile = "" } = (await listFirmware()).find(({ version }) => version === "1.1.0") ?? {};
    const image = await compileFirmware(sourceFile);
    const sha256 = createHash("sha256").update(image).digest("hex").slice(0, 4);
    const size = withThousands(image.length).replace(",", "_");
    const readme = readFileSync(join(PROJECT, "README.md"), "utf8");
    expect(readme).toContain(`{ path: "sha256/${sha256}….bin", sha256: "${sha256}…", size: ${size},`);
  });

  it("would enroll as docs/enroll.md shows", () => {
    const plan = planEnrollment(
      { devices: 5_011, stamped: 8, missing: 5_003 },
      { limits: S1, share: 0.5, importAbove: IMPORT_ABOVE, hasContainer: false },
    );
    const again = "wavegate enroll thermostat --yes";
    const shown = renderEnrollmentPlan({
      ...{ product: "thermostat", plan, open: [], recordsRead: true, intoOpenWave: false, again },
    });
    const page = readFileSync(join(PROJECT, "docs/enroll.md"), "utf8");
    expect(page).toContain(`$ wavegate enroll thermostat\n${shown}\n`);
  });

  it("proves a `reject` of 10% by half of the devices that 5% needs, as docs/how-to/hotfix.md says", () => {
    const [wide = 0, narrow = 0] = [0.1, 0.05].map((reject) =>
      sizeToProve({ reject, missedBad: 0.05, bad: 0 }),
    );
    expect(wide / narrow).toBeCloseTo(0.5, 1);
  });
});
