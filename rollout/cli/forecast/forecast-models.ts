import { ownValue } from "../../model/own-value.ts";
import { forecastLookMs } from "../../forecast/model-timing.ts";
import { assumedLaws, type FleetLaws } from "../../forecast/laws.ts";
import type { RolloutModel, RolloutTiming } from "../../forecast/rollout-model.ts";
import { wavesByShare } from "../../forecast/waves-by-share.ts";
import { formatDuration } from "../../model/duration.ts";
import { EVALUATION_MS, hubLimits, type HubSize } from "../../model/hub-limits.ts";
import { formatPercentage } from "../../model/percentage.ts";
import type { Release } from "../../model/release.ts";
import { deviceTraffic, type TrafficSizes } from "../../plan/device-traffic.ts";
import type { PlannedRelease } from "../../plan/product-plan.ts";

/** A model, and what was taken for granted to make it. */
export interface AssumedModel {
  readonly model: RolloutModel;
  readonly assumptions: readonly string[];
}

/** What a forecast knows beside the release and the fleet's counts. */
export interface ForecastSurroundings {
  /** Fitted from the product's rollouts; undefined: there is none to fit from, and they are assumed. */
  readonly laws: FleetLaws | undefined;
  readonly queryLagMs: number;
  readonly lookEveryMs?: number | undefined;
  /** Chosen by a person; default: by the gate's deadline. */
  readonly lookMs?: number | undefined;
  readonly activeWithinMs: number;
  /** Sizes of the hubs; empty: not known, and no throttle is counted. */
  readonly hubs: readonly HubSize[];
}

/** The model of a release as the plan counted it on the hubs. */
export function modelOfPlan(planned: PlannedRelease, surroundings: ForecastSurroundings): AssumedModel {
  const strata = Object.keys(planned.devices)
    .filter((stratum) => (ownValue(planned.devices, stratum) ?? 0) > 0)
    .sort();
  return assumed({
    release: planned.release,
    strata,
    devices: strata.map((stratum) => ownValue(planned.devices, stratum) ?? 0),
    added: planned.waves.map(({ added }) => strata.map((stratum) => ownValue(added, stratum) ?? 0)),
    surroundings: { ...surroundings, desiredBytes: planned.desiredBytes, accessBytes: planned.accessBytes },
    counted: "devices by stratum and wave as the hub counts them now",
  });
}

/** The model of a release over a fleet that is only said to be so large. */
export function modelOfShares(
  release: Release,
  fleet: Readonly<Record<string, number>>,
  { taggedDevices, ...surroundings }: ForecastSurroundings & { readonly taggedDevices: number },
): AssumedModel {
  const strata = Object.keys(fleet).sort();
  const devices = strata.map((stratum) => ownValue(fleet, stratum) ?? 0);
  const { added, guessed } = wavesByShare({ release, devices, taggedDevices });
  const taken =
    guessed.length === 0
      ? ""
      : `; ${guessed.map((name) => `"${name}"`).join(", ")} taken to have ${taggedDevices} devices (--tagged)`;
  const counted = `a fleet of the size given, waves dealt out evenly over it${taken}`;
  return assumed({ release, strata, devices, added, surroundings, counted });
}

function assumed({
  release,
  strata,
  devices,
  added,
  surroundings,
  counted,
}: Pick<RolloutModel, "strata" | "devices" | "added"> & {
  readonly release: Release;
  readonly surroundings: ForecastSurroundings & TrafficSizes;
  readonly counted: string;
}): AssumedModel {
  const { laws = assumedLaws(release.gate), queryLagMs, lookEveryMs, activeWithinMs, hubs } = surroundings;
  const lookMs = surroundings.lookMs ?? forecastLookMs({ deadlineMs: release.gate.deadlineMs, lookEveryMs });
  const contactsPerHour = throttleOf(surroundings);
  const timing: RolloutTiming = {
    lookMs,
    queryLagMs,
    evaluationMs: EVALUATION_MS,
    activeWithinMs,
    contactsPerHour,
  };
  const own =
    lookEveryMs !== undefined && lookEveryMs !== lookMs
      ? ` (the controller: ${formatDuration(lookEveryMs)})`
      : "";
  return {
    model: { release, strata, devices, added, laws, timing },
    assumptions: [
      counted,
      `contacts and delays ${laws.source}: ${laws.contact.map(({ name, share }) => `${formatPercentage(share)} ${name}`).join(", ")}`,
      `a look every ${formatDuration(lookMs)}${own}; queries lag ${formatDuration(queryLagMs)}, hubs evaluate within ${formatDuration(EVALUATION_MS)}`,
      hubs.length === 0
        ? "no throttle of the hub is counted: its size is not known"
        : `at most ${Math.round(contactsPerHour)} contacts an hour, by the hubs' twin throttles`,
      "approvals are given at once, and no window or freeze is closed",
      "devices fail independently of each other unless said otherwise; nobody leaves or joins",
    ],
  };
}

function throttleOf({ hubs, ...sizes }: ForecastSurroundings & TrafficSizes): number {
  if (hubs.length === 0) return Infinity;
  return hubs.reduce((sum, { tier, units }) => {
    const limits = hubLimits(tier, units);
    return sum + (limits.twinWritesPerSecond / deviceTraffic(limits, sizes).writes) * 3_600;
  }, 0);
}
