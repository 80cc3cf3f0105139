import semver from "semver";
import { findConfiguration } from "../model/configuration.ts";
import type { Problem } from "../model/problem.ts";
import { askAll, askCounts, totalOf, type Answers, type Asked } from "../model/question.ts";
import { artifactOf, isAborted, isRolledOut, type Intent } from "../model/record.ts";
import { floorAfter } from "./floor.ts";
import { imageProblem } from "./image-problem.ts";
import type { PlanInput } from "./plan-input.ts";
import { baselinesBelow } from "./plan-release.ts";
import type { SizedRelease, PlannedWayBack } from "./product-plan.ts";
import { countByStratum } from "./queries.ts";
import { MAX_CONDITION, productCondition } from "./target-condition.ts";

/** What becomes of the devices of a release that is taken back: rehearsed before it is given to any. */
export interface WayBack {
  readonly wayBack: PlannedWayBack;
  readonly problems: readonly Problem[];
}

/**
 * Rehearse the way back: a baseline exists, stands on every hub, catches every device that the last wave reaches, its
 * bits are there, and no floor keeps devices from it. Where an abort only halts, none of it blocks: a stop can halt then,
 * not undo.
 */
export function rehearseWayBack(planned: SizedRelease, input: PlanInput): Asked<WayBack> {
  const { intents, answers } = input;
  const below = baselinesBelow(intents);
  const images = askAll(
    below.flatMap((intent) => {
      const image = artifactOf(intent);
      return image === undefined ? [] : [imageProblem(image, `baseline ${intent.version}`, answers)];
    }),
  );
  const uncaught = uncaughtDevices(planned, intents, answers);
  const asked = askAll<unknown>([images, uncaught]);
  if (images.kind !== "known" || uncaught.kind !== "known") return asked as Asked<never>; // One of them is not known.
  const floor = floorAfter(planned.release.artifact, intents);
  const halts = planned.release.gate.onAbort === "halt";
  const problems = [
    ...existenceProblems(planned, below, input),
    ...coverProblems(planned, below, uncaught.value),
    ...images.value.flat(),
    ...floorProblems(below, floor),
  ];
  return {
    kind: "known",
    value: {
      wayBack: {
        baselines: below.map(({ version, attempt }) => ({ version, attempt })),
        ...(uncaught.value === undefined ? {} : { uncaught: uncaught.value }),
        ...(floor === undefined ? {} : { floor }),
        onAbort: planned.release.gate.onAbort,
      },
      problems: [
        ...problems.map((one) => (halts ? softened(one) : one)),
        ...partialBaselines(planned, below),
        ...unsignedBaselines(planned, below),
      ],
    },
  };
}

function softened(problem: Problem): Problem {
  return { ...problem, severity: "warning", summary: `${problem.summary} (a stop can halt, not undo)` };
}

/** Devices of the last wave that nothing below would catch; undefined where no query could say it. */
function uncaughtDevices(
  { release, waves, baseline }: SizedRelease,
  intents: readonly Intent[],
  answers: Answers,
): Asked<number | undefined> {
  const condition = waves.at(-1)?.condition;
  // Without any baseline it is nobody, and told as such.
  if (condition === undefined || baseline === undefined) return { kind: "known", value: undefined };
  const catching = catchingConditions(release.product, intents);
  if (catching === "everyone") return { kind: "known", value: 0 };
  const caught = `(${condition}) AND (${catching.map((one) => `(${one})`).join(" OR ")})`;
  if (caught.length > MAX_CONDITION) return { kind: "known", value: undefined };
  const counts = askCounts(answers, { all: countByStratum(condition), caught: countByStratum(caught) });
  if (counts.kind !== "known") return counts;
  return { kind: "known", value: totalOf(counts.value.all) - totalOf(counts.value.caught) };
}

/**
 * What takes devices over when everything above it is empty. An adopted baseline is widened by the stop itself to
 * whatever of its own devices was exposed.
 */
function catchingConditions(product: string, intents: readonly Intent[]): "everyone" | readonly string[] {
  const conditions: string[] = [];
  for (const intent of intents) {
    if (intent.state === "adopted") {
      if (intent.where === undefined) return "everyone";
      conditions.push(`${productCondition(product)} AND (${intent.where})`);
    } else if (isRolledOut(intent) && !isAborted(intent) && intent.condition !== "")
      conditions.push(intent.condition);
  }
  return conditions;
}

function existenceProblems(
  { release }: SizedRelease,
  below: readonly Intent[],
  { hubs }: PlanInput,
): readonly Problem[] {
  if (below.length === 0)
    return [
      {
        severity: "error",
        code: "NO_BASELINE",
        path: `product ${release.product}`,
        summary: "no earlier release and no adopted baseline: devices could be stopped, but not taken back",
        hint: `declare what they run today in fleet.ts: products.${release.product}.adopt`,
      },
    ];
  return below.flatMap(({ attempt, version, created }) =>
    hubs.flatMap(({ name, listing }): Problem[] => {
      const wanted = created[name];
      // One that is only planned yet will be created before the release.
      if (wanted === undefined || findConfiguration(listing, attempt)?.createdTimeUtc === wanted) return [];
      return [
        {
          severity: "error",
          code: "NO_BASELINE",
          path: `baseline ${version}`,
          summary: `its configuration ${attempt} is gone from ${name}, or is another one: it takes nobody back`,
          hint: `complete another release first; what happened: wavegate history ${release.product}`,
        },
      ];
    }),
  );
}

function coverProblems(
  { devices, file }: SizedRelease,
  below: readonly Intent[],
  uncaught: number | undefined,
): readonly Problem[] {
  const total = totalOf(devices);
  // While baselines are only to be adopted, the check of what is adopted tells more (plan/adoption.ts).
  const isPending = below.some(({ created }) => Object.keys(created).length === 0);
  if (below.length === 0 || isPending || total === 0 || uncaught === 0) return [];
  const versions = [...new Set(below.map(({ version }) => version))].join(" or ");
  if (uncaught === undefined)
    return [
      {
        severity: "warning",
        code: "NO_BASELINE",
        path: `${file}: waves`,
        summary: `whether ${versions} would catch every device takes a longer query than IoT Hub answers`,
        hint: "shorten the conditions of the release and of its baselines",
      },
    ];
  return [
    {
      severity: "error",
      code: "NO_BASELINE",
      path: `${file}: waves`,
      summary: `${uncaught} of its ${total} devices are under no baseline (${versions}): nothing would take them back`,
      hint: "narrow the release with `where` to devices that have one, or complete a release for all of them first",
    },
  ];
}

function floorProblems(below: readonly Intent[], floor: string | undefined): readonly Problem[] {
  if (floor === undefined) return [];
  return below
    .filter(({ version }) => semver.lt(version, floor))
    .map(({ version }) => ({
      severity: "error",
      code: "FLOOR_BLOCKS_ROLLBACK",
      path: `baseline ${version}`,
      summary: `devices that took the release refuse everything below ${floor}: they would not go back to ${version}`,
      hint: `raise the floor with a later release, once one from ${floor} up has reached everyone`,
    }));
}

/** Devices with pinned keys take nothing unsigned, on their way back neither. */
function unsignedBaselines({ release }: SizedRelease, baselines: readonly Intent[]): Problem[] {
  if (release.artifact.manifest === "") return [];
  return baselines.flatMap((below): Problem[] => {
    if (artifactOf(below)?.manifest !== "") return [];
    const summary = `it is not signed, as ${release.version} is: devices with pinned keys would not go back to it`;
    const hint = `sign what the devices run first: wavegate release add <image> --product ${release.product} --release ${below.version} --key <file> writes the artifact for fleet.ts`;
    return [
      { severity: "warning", code: "SIGNATURE_MISSING", path: `baseline ${below.version}`, summary, hint },
    ];
  });
}

/** Devices that go on from a release with `requires` leave its condition: taken back, they fall through it. */
function partialBaselines({ release }: SizedRelease, baselines: readonly Intent[]): Problem[] {
  return baselines.flatMap((below): Problem[] => {
    const required = isRolledOut(below) ? below.release.requires : undefined;
    if (required === undefined) return [];
    const summary = `${below.version} takes devices that run ${required}, not those of ${release.version}: taken back, they return to what is below it first`;
    const hint = `see that the devices may go back to ${required}; they climb to ${below.version} again from there`;
    return [{ severity: "warning", code: "NO_BASELINE", path: `baseline ${below.version}`, summary, hint }];
  });
}
