import type { FleetUsage } from "../../local/fleet-process.ts";
import type { Fault } from "../../local/fleet/profile.ts";
import type { LocalHub } from "../../local/hub/hub.ts";
import type { FirmwareReported } from "../../rollout/model/twin-contract.ts";
import type { Declared } from "../../rollout/plan/declared.ts";
import { percent, type GateDeclaration } from "../../rollout/wavegate.ts";
import { aRelease, declaredFrom } from "../../test/support/declarations.ts";
import { connectedByMetrics } from "./connected-by-metrics.ts";
import { rollOut, type RolloutCost } from "./roll-out.ts";
import { setStage, type Stage, type StageInput } from "./stage.ts";

/** A play in two acts: 1.1.0 reaches everyone, 1.2.0 is stopped and taken back. */
export interface PlayInput extends StageInput {
  /** Percent of each wave, the last is 100. */
  readonly waves: readonly number[];
  readonly gate: GateDeclaration;
  readonly say: (line: string) => void;
}

/** What came of it. */
export interface Played {
  readonly connectMs: number;
  /** What the devices' process had taken when all were connected. */
  readonly connecting: FleetUsage;
  /** By the hub's own metrics. */
  readonly connected: { readonly atStart: number; readonly afterGood: number; readonly afterBad: number };
  readonly good: RolloutCost;
  readonly bad: RolloutCost;
  /** Devices by the version that the hub knows of. */
  readonly versions: { readonly afterGood: Versions; readonly afterBad: Versions };
  readonly harmed: { readonly byGood: number; readonly byBad: number };
  readonly struck: Readonly<Partial<Record<Fault, number>>>;
  /** Devices that were asked to run 1.2.0. */
  readonly exposed: number;
  readonly fleet: FleetUsage;
  /** What the process of hub, image store and controller had grown by at the end of the first act. */
  readonly hubBytes: number;
}

const GOOD = "1.1.0";
const BAD = "1.2.0";

/** Devices by version. */
export type Versions = Readonly<Record<string, number>>;

/** Play it, with the real controller at a look every five minutes. */
export async function play(input: PlayInput): Promise<Played> {
  const { say } = input;
  const residentBefore = process.memoryUsage.rss();
  await using stage = await setStage(input);
  const { hub, fleet } = stage;
  const atStart = await connectedByMetrics(hub);
  const connecting = await fleet.usage();
  say(`${atStart} devices are connected`);
  const good = await rollOut(stage, {
    declared: declare(input, stage, [GOOD]),
    isOver: isComplete,
    say,
  });
  const afterGood = { versions: versionsOf(hub), harmed: fleet.harmed() };
  const connectedAfterGood = await connectedByMetrics(hub);
  const hubBytes = process.memoryUsage.rss() - residentBefore;
  const both = declare(input, stage, [GOOD, BAD]);
  const bad = await rollOut(stage, {
    declared: both,
    say,
    isOver: (records) => records.includes("abort") && speakingOf(BAD, hub) <= (fleet.struck().bricks ?? 0),
  });
  return {
    ...{ connectMs: stage.connectMs, connecting, good, bad, hubBytes },
    connected: { atStart, afterGood: connectedAfterGood, afterBad: await connectedByMetrics(hub) },
    versions: { afterGood: afterGood.versions, afterBad: versionsOf(hub) },
    harmed: { byGood: afterGood.harmed, byBad: fleet.harmed() - afterGood.harmed },
    struck: fleet.struck(),
    exposed: stage.asked(BAD),
    fleet: await fleet.usage(),
  };
}

function isComplete(records: readonly string[]): boolean {
  // On a machine that is too slow for the clock, devices miss their deadlines.
  if (records.includes("abort")) throw new Error(`${GOOD} was stopped: try with a slower clock`);
  return records.at(-1) === "complete";
}

function declare({ waves, gate }: PlayInput, { store }: Stage, versions: readonly string[]): Declared {
  return declaredFrom(
    {
      products: { thermostat: { adopt: { version: "1.0.0", artifact: store.artifactOf("1.0.0") } } },
    },
    ...versions.map((version) =>
      aRelease(version, {
        artifact: store.artifactOf(version),
        gate,
        waves: waves.map((share) => ({ name: `${share}%`, cohort: percent(share) })),
      }),
    ),
  );
}

/** Devices whose last report is about an attempt at a version. */
function speakingOf(version: string, { twins }: LocalHub): number {
  return [...twins.all()].filter(({ reported }) =>
    firmwareIn(reported.value)?.rolloutId.includes(`--${version.replaceAll(".", "-")}--`),
  ).length;
}

/** What our own agent reports. */
function firmwareIn(reported: unknown): FirmwareReported | undefined {
  return (reported as { readonly firmware?: FirmwareReported }).firmware;
}

/** What devices run, as the hub knows it. */
function versionsOf({ twins }: LocalHub): Versions {
  const counts: Record<string, number> = {};
  for (const { reported } of twins.all()) {
    const version = firmwareIn(reported.value)?.currentFwVersion ?? "unknown";
    counts[version] = (counts[version] ?? 0) + 1;
  }
  return counts;
}
