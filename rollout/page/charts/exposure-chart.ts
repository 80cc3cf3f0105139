import { withThousands } from "../../gate/format-evidence.ts";
import { formatInstant } from "../../model/instant.ts";
import { idOf, table, type Html } from "../markup.ts";
import type { RolloutStory } from "../rollout-story.ts";
import { PANEL_RANGE, panel } from "./panel.ts";
import { countScale, timeScale } from "./scale.ts";

/** Exposure over time: devices aimed at by each wave, and those that were in contact, ok and failed at the looks. */
export function exposureChart(id: string, rollout: RolloutStory): Html {
  const { exposure, progress, waves } = rollout;
  const [from, until] = spanOf(rollout);
  const most = Math.max(
    ...exposure.map(({ devices }) => devices),
    ...progress.map(({ contacted }) => contacted),
    1,
  );
  const aimed = exposure.map(({ at, devices }) => [at, devices] as const);
  const last = aimed.at(-1);
  return panel({
    id: idOf(id, "exposure"),
    title: "Exposure over time",
    description: descriptionOf(rollout),
    x: timeScale([from, until], PANEL_RANGE.x),
    y: countScale(most, PANEL_RANGE.y),
    yLabel: "devices; waves by number",
    marks: waves.flatMap(({ openedAt }, index) =>
      openedAt === undefined ? [] : [{ at: openedAt, label: String(index + 1) }],
    ),
    bands: [
      {
        ink: "reach",
        name: "aimed at",
        isStepped: true,
        points: [...aimed, ...(last === undefined ? [] : [[until, last[1]] as const])].map(
          ([at, devices]) => [at, 0, devices],
        ),
      },
    ],
    lines: [
      { ink: "contact", name: "in contact", points: progress.map(({ at, contacted }) => [at, contacted]) },
      { ink: "ok", name: "ok", points: progress.map(({ at, ok }) => [at, ok]) },
      {
        ink: "bad",
        name: "failed",
        points: progress.map(({ at, failed }) => [at, failed]),
        hasDots: progress.some(({ failed }) => failed > 0),
      },
    ],
  });
}

/** The same as a table. */
export function exposureTable({ exposure, progress }: RolloutStory): Html {
  const counts = exposure.map(({ at, devices, wave }) => {
    const seen = progress.findLast((point) => point.at <= at);
    return [
      formatInstant(at),
      wave === undefined ? "taken back" : wave + 1,
      withThousands(devices),
      ...(seen === undefined ? ["-", "-", "-"] : [seen.contacted, seen.ok, seen.failed].map(withThousands)),
    ];
  });
  return table("Exposure, and what the look before each change had counted", [
    ["from (UTC)", "wave", "aimed at", "in contact", "ok", "failed"],
    ...counts,
  ]);
}

/** From the start to the last that is known of a rollout, epoch ms. */
export function spanOf({
  startedAt,
  exposure,
  progress,
  endedAt,
  state,
}: RolloutStory): readonly [number, number] {
  const known = Math.max(exposure.at(-1)?.at ?? 0, progress.at(-1)?.at ?? 0);
  // A watch of days would leave the waves no room: what came after the end is in the table.
  const end = endedAt !== undefined && state !== "rolling back" ? endedAt : known;
  const length = Math.max(60_000, end - startedAt);
  return [startedAt, startedAt + length * 1.08];
}

function descriptionOf({ waves, exposure, progress }: RolloutStory): string {
  const opened = waves.filter(({ openedAt }) => openedAt !== undefined).length;
  const widest = Math.max(0, ...exposure.map(({ devices }) => devices));
  const last = progress.at(-1);
  const counted =
    last === undefined
      ? "no look is stored"
      : `at the last look ${last.contacted} had been in contact, ${last.ok} were ok and ${last.failed} failed`;
  return `${opened} of ${waves.length} waves opened; at most ${widest} devices were aimed at; ${counted}.`;
}
