import { BUCKET_COUNT } from "../model/bucket.ts";
import { bucketPath, shownAt, valueAt, type DeviceView } from "../model/device-view.ts";
import { ownValue } from "../model/own-value.ts";
import { askCounts, totalOf, type Answers, type Asked } from "../model/question.ts";
import type { RolloutState } from "../model/record.ts";
import { OTHER } from "../model/stratum-counts.ts";
import { reportedField, TAG } from "../model/twin-contract.ts";
import type { Wave } from "../model/wave.ts";
import { releaseStart, windowCondition } from "./bucket-window.ts";
import { countByStratum } from "./queries.ts";
import { quoted } from "./quoted-text.ts";
import { reachOfWave, type Exposable } from "./reach.ts";
import { quarantineCondition, requiresCondition, taggedCondition } from "./target-condition.ts";
import { waveCondition } from "./wave-condition.ts";
import { narrowestWindows, windowsUpTo } from "./wave-windows.ts";

/** A release that a device is looked up in. */
export interface Subject extends Exposable {
  readonly state: RolloutState | "planned";
  /** The condition on the hub; empty: nobody is exposed. */
  readonly condition: string;
}

/** What one release means for one device. */
export interface ExplainedRelease {
  readonly version: string;
  readonly state: Subject["state"];
  /** The first wave that holds the device; absent: none does. */
  readonly wave?: { readonly name: string; readonly number: number; readonly of: number };
  /** True when the release's condition, as it is on the hub, holds the device now. */
  readonly isExposed: boolean;
  /** Why, in words: what brings the device into its wave, or everything that keeps it out of all. */
  readonly because: readonly string[];
}

/**
 * Say in which wave of a release a device is, and why. Whether a condition holds is asked of the hub, always: a second
 * reading of conditions here would agree with our mistakes.
 */
export function explainRelease(
  device: DeviceView,
  subject: Subject,
  answers: Answers,
): Asked<ExplainedRelease> {
  const { release, state } = subject;
  const { waves, version } = release;
  const windows = windowsUpTo(subject, { from: 0, to: waves.length - 1 }, answers);
  if (windows.kind !== "known") return windows;
  const of = { ...subject, windows: windows.value ?? { ...narrowestWindows(release), ...subject.windows } };
  const asked = ask(device, answers, {
    ...Object.fromEntries(waves.map((_, index) => [String(index), waveCondition(of, index)])),
    ...(subject.condition === "" ? {} : { now: subject.condition }),
  });
  if (asked.kind !== "known") return asked;
  const isExposed = asked.value["now"] === true;
  const index = waves.findIndex((_, wave) => asked.value[String(wave)] === true);
  const wave = waves[index];
  if (wave !== undefined) {
    const place = { name: wave.name, number: index + 1, of: waves.length };
    const because = [broughtInBy(device, of, { index, wave })];
    return { kind: "known", value: { version, state, wave: place, isExposed, because } };
  }
  const kept = keptOut(device, subject, answers);
  return kept.kind === "known"
    ? { kind: "known", value: { version, state, isExposed, because: kept.value } }
    : kept;
}

/** Waves nest, so what brings a device into the first that holds it is that wave's own cohort. */
function broughtInBy(
  device: DeviceView,
  of: Exposable,
  { index, wave }: { readonly index: number; readonly wave: Wave },
): string {
  const { cohort } = wave;
  const reach = reachOfWave(of, index);
  const bucket = `its bucket ${shownAt(device, bucketPath(device))} (${bucketPath(device)})`;
  switch (cohort.kind) {
    case "ring":
      return `its ring is ${cohort.ring} (${TAG.ring})`;
    case "named":
      return "the wave names it";
    case "where":
      return `it is under the wave's condition: ${cohort.where}`;
    case "percent":
    case "devices":
      return `${bucket} is in the window ${windowText(of, reach.whole)}`;
    case "at least": {
      const value = valueAt(device, TAG.stratum);
      const stratum = typeof value === "string" || typeof value === "number" ? String(value) : OTHER;
      return `${bucket} is in the window of stratum ${stratum}: ${windowText(of, ownValue(reach.strata, stratum) ?? reach.whole)}`;
    }
  }
}

function windowText({ release }: Exposable, width: number): string {
  const start = releaseStart(release);
  if (width >= BUCKET_COUNT) return `of all buckets, [0, ${BUCKET_COUNT})`;
  const end = start + width;
  return end <= BUCKET_COUNT
    ? `[${start}, ${end})`
    : `[${start}, ${BUCKET_COUNT}) and on in [0, ${end - BUCKET_COUNT})`;
}

/** Everything that keeps a device out of a release, each asked by itself. */
function keptOut(device: DeviceView, subject: Subject, answers: Answers): Asked<readonly string[]> {
  const { release, priority } = subject;
  const { product, where, requires, version } = release;
  const current = reportedField("currentFwVersion");
  const hurdles: readonly { readonly condition: string; readonly otherwise: string }[] = [
    {
      condition: taggedCondition(product),
      otherwise: `it is of another product: ${TAG.product} is ${shownAt(device, TAG.product)}`,
    },
    {
      condition: `NOT IS_DEFINED(${TAG.hold})`,
      otherwise: `it is held: ${TAG.hold} is ${shownAt(device, TAG.hold)}`,
    },
    {
      condition: quarantineCondition(priority),
      otherwise: `it is quarantined: ${TAG.quarantine} is ${shownAt(device, TAG.quarantine)}, and the release has priority ${priority}`,
    },
    ...(where === undefined
      ? []
      : [{ condition: `(${where})`, otherwise: `it is not under the release's condition: ${where}` }]),
    ...(requires === undefined
      ? []
      : [
          {
            condition: requiresCondition(requires, version),
            otherwise: `the release requires ${requires}, and it runs another version: ${current} is ${shownAt(device, current)}`,
          },
        ]),
    {
      condition: windowCondition({ start: 0, width: BUCKET_COUNT }),
      otherwise: `it has no numeric bucket: ${bucketPath(device)} is ${shownAt(device, bucketPath(device))}`,
    },
  ];
  const asked = ask(
    device,
    answers,
    Object.fromEntries(hurdles.map(({ condition }, index) => [String(index), condition])),
  );
  if (asked.kind !== "known") return asked;
  const found = hurdles.filter((_, index) => asked.value[String(index)] !== true);
  const because = found.map(({ otherwise }) => otherwise);
  const contradiction = "the hub's answers do not agree with each other: its queries lag, ask again later";
  return { kind: "known", value: because.length === 0 ? [contradiction] : because };
}

/** Whether each condition holds for the device, by the hub's own word. */
function ask(
  { deviceId }: DeviceView,
  answers: Answers,
  conditions: Readonly<Record<string, string>>,
): Asked<Readonly<Record<string, boolean>>> {
  const queries = Object.entries(conditions).map(([key, condition]): [string, string] => [
    key,
    countByStratum(`deviceId = ${quoted(deviceId)} AND (${condition})`),
  ]);
  const counts = askCounts(answers, Object.fromEntries(queries));
  if (counts.kind !== "known") return counts;
  const holds = Object.entries(counts.value).map(([key, byStratum]): [string, boolean] => [
    key,
    totalOf(byStratum) > 0,
  ]);
  return { kind: "known", value: Object.fromEntries(holds) };
}
