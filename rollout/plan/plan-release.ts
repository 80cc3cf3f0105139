import { strataThatCanProve } from "../gate/proving-strata.ts";
import { sizeToProve } from "../gate/size-to-prove.ts";
import { gatesOf, thresholds } from "../gate/thresholds.ts";
import { attemptId, type AttemptId } from "../model/attempt.ts";
import { formatCohort } from "../model/cohort.ts";
import { findConfiguration } from "../model/configuration.ts";
import type { Digest } from "../model/digest.ts";
import { LABEL } from "../model/labels.ts";
import { ownValue } from "../model/own-value.ts";
import { askCounts, totalOf, type Asked } from "../model/question.ts";
import type { Intent } from "../model/record.ts";
import { digestOfRelease, type Release } from "../model/release.ts";
import type { DeclaredRelease } from "./declared.ts";
import { nextPriority } from "./documents.ts";
import type { PlanInput } from "./plan-input.ts";
import type { SizedRelease, PlannedWave } from "./product-plan.ts";
import { accessBytesOf, desiredBytesOf, plannedCalls, waveTraffic } from "./planned-traffic.ts";
import { countByStratum } from "./queries.ts";
import { waveBounds } from "./wave-bounds.ts";
import { releaseCondition } from "./target-condition.ts";
import { waveCondition } from "./wave-condition.ts";
import { narrowestWindows, windowsUpTo } from "./wave-windows.ts";

/** Work out what a release means for this fleet: its waves with their sizes, the strata that can prove its gate. */
export function planRelease(
  declared: DeclaredRelease,
  input: PlanInput,
  /** Products of the fleet, which share the hubs' budgets. */
  products = 1,
): Asked<SizedRelease> {
  const { intents } = input;
  const { release, file } = declared;
  const priority = nextPriority(intents.map((intent) => intent.priority));
  const last = release.waves.length - 1;
  const of = { release, priority, windows: {} };
  const windows = windowsUpTo(of, { from: 0, to: last }, input.answers);
  if (windows.kind !== "known") return windows;
  const exposable = { ...of, windows: windows.value ?? narrowestWindows(release) };
  const conditions = release.waves.map((_, index) => waveCondition(exposable, index));
  const counts = askCounts(input.answers, {
    all: countByStratum(releaseCondition(exposable)),
    ...Object.fromEntries(conditions.map((condition, index) => [`wave ${index}`, countByStratum(condition)])),
  });
  if (counts.kind !== "known") return counts;
  const byKey: Readonly<Record<string, Readonly<Record<string, number>>>> = counts.value;
  const devices = byKey["all"] ?? {};
  const digest = declared.digest ?? digestOfRelease(release);
  const { gate } = release;
  const strata = Object.keys(devices).sort();
  const proving = strataThatCanProve(devices, gate);
  const evidenceWaves = release.waves.filter(({ kind }) => kind === "evidence").length;
  const levels = thresholds({
    falseStop: gate.falseStop,
    missedBad: gate.missedBad,
    strata: Math.max(1, strata.length),
    evidenceWaves,
    gates: gatesOf(gate),
  });
  const attempt = nextAttempt(release, digest, input);
  const desiredBytes = desiredBytesOf({ release, attempt, digest, priority, imageBase: input.imageBase });
  const accessBytes = accessBytesOf(input);
  const waves = release.waves.map(({ name, kind, cohort, bakeMs }, index): PlannedWave => {
    const condition = waveCondition(exposable, index);
    const wave = byKey[`wave ${index}`] ?? {};
    const added = less(wave, byKey[`wave ${index - 1}`] ?? {});
    const bounds = waveBounds({
      gate,
      wave,
      added,
      proving: kind === "evidence" ? proving : [],
      cumulative: levels.cumulative,
    });
    const traffic = waveTraffic({
      conditions,
      wave: index,
      hubs: input.hubs,
      answers: input.answers,
      desiredBytes,
      accessBytes,
    });
    return {
      name,
      kind,
      cohort: formatCohort(cohort),
      condition,
      bakeMs,
      devices: wave,
      added,
      traffic,
      ...bounds,
    };
  });
  const calls = plannedCalls(release, input, products);
  return {
    kind: "known",
    value: {
      release,
      digest,
      file,
      attempt,
      priority,
      windows: exposable.windows,
      baseline: baselineText(intents),
      waves,
      devices,
      // Another attempt for the devices that failed is for them alone.
      unstamped:
        release.waves[last]?.cohort.kind === "percent"
          ? totalOf(devices) - totalOf(byKey[`wave ${last}`] ?? {})
          : 0,
      proving,
      thresholds: { ...levels, sizeToProve: sizeToProve(gate) },
      desiredBytes,
      ...(accessBytes === undefined ? {} : { accessBytes }),
      ...(calls === undefined ? {} : { ownCalls: calls }),
    },
  };
}

/** What devices fall back to: the newest release that was not taken back and reached everyone, or all that was adopted. */
export function baselinesBelow(intents: readonly Intent[]): readonly Intent[] {
  const newest = intents.findLast(
    (intent) =>
      // An attempt for some devices only is nothing the others could fall back to.
      (intent.state === "watching" || intent.state === "settled") && intent.only === undefined,
  );
  return newest === undefined ? intents.filter(({ state }) => state === "adopted") : [newest];
}

function baselineText(intents: readonly Intent[]): string | undefined {
  const versions = new Set(baselinesBelow(intents).map(({ version }) => version));
  return versions.size === 0 ? undefined : [...versions].join(" or ");
}

/**
 * A name is never used twice. One that stands on the hub, empty and made for this very release, is the one that was
 * created a moment ago and has not started yet.
 */
export function nextAttempt(
  release: Release,
  digest: Digest,
  { intents, hubs }: Pick<PlanInput, "intents" | "hubs">,
): AttemptId {
  const used = new Set<string>(intents.map(({ attempt }) => attempt));
  for (let attempt = 1; ; attempt++) {
    const id = attemptId(release.product, release.version, attempt);
    const free = hubs
      .flatMap(({ listing }) => findConfiguration(listing, id) ?? [])
      .every(({ condition, labels }) => condition === "" && labels[LABEL.release] === digest);
    if (!used.has(id) && free) return id;
  }
}

function less(
  wide: Readonly<Record<string, number>>,
  narrow: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(wide).map(([stratum, count]) => [
      stratum,
      Math.max(0, count - (ownValue(narrow, stratum) ?? 0)),
    ]),
  );
}
