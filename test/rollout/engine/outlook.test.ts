import { describe, expect, it } from "vitest";
import { outlookOf, type Outlook, type Position } from "../../../rollout/engine/outlook.ts";
import { parseFleet } from "../../../rollout/model/fleet.ts";
import { isoInstant } from "../../../rollout/model/instant.ts";
import { parseRelease } from "../../../rollout/model/release.ts";
import {
  defineFleet,
  percent,
  ring,
  type FleetDeclaration,
  type ReleaseDeclaration,
} from "../../../rollout/wavegate.ts";
import { aRelease } from "../../support/declarations.ts";

const HOUR = 3_600_000;
/** Thursday, midnight UTC. */
const START = Date.UTC(2026, 0, 1);
/** Hours after START, as an instant. */
const hour = (hours: number): string => isoInstant(START + hours * HOUR);

// Waves bake 3.5 hours, and silence shows after 3: with no lag that is what each waits.
function outlook(input: {
  readonly atHour: number;
  readonly release?: Partial<ReleaseDeclaration>;
  readonly freezes?: FleetDeclaration["freezes"];
  readonly position?: Partial<Position>;
  readonly lagMinutes?: number;
}): Outlook {
  const { release } = parseRelease(aRelease("1.1.0", input.release), "release.ts");
  const { fleet } = parseFleet(
    defineFleet({ products: { thermostat: {} }, freezes: input.freezes ?? [] }),
    "fleet.ts",
  );
  if (release === undefined || fleet === undefined) throw new Error("the builder is wrong");
  return outlookOf({
    at: START + input.atHour * HOUR,
    release,
    fleet,
    product: fleet.products["thermostat"],
    queryLagMs: (input.lagMinutes ?? 0) * 60_000,
    ...(input.position === undefined
      ? {}
      : {
          position: {
            state: "running",
            wave: 0,
            part: 1,
            openedAt: START,
            partOpenedAt: START,
            approvals: [],
            author: "cron",
            isPromoted: false,
            ...input.position,
          },
        }),
  });
}

/** Hours after START at which each wave opens and is judged; `-`: never, or long ago. */
function hoursOf({ waves, completesAt }: Outlook): string {
  const text = (at: number | undefined): string => (at === undefined ? "-" : String((at - START) / HOUR));
  const each = waves.map(
    ({ opensAt, opensFullyAt, judgedAt }) =>
      `${text(opensAt)}${opensFullyAt === undefined ? "" : `..${text(opensFullyAt)}`}>${text(judgedAt)}`,
  );
  return `${each.join(" ")} = ${text(completesAt)}`;
}

const CANARY = { name: "canary", cohort: ring("canary"), kind: "smoke" } as const;
const HALF = { name: "half", cohort: percent(50) } as const;
const ALL = { name: "everyone", cohort: percent(100) } as const;

describe("outlookOf", () => {
  it.each<readonly [story: string, input: Parameters<typeof outlook>[0], expected: string]>([
    ["starts now, and adds a bake a wave", { atHour: 0 }, "0>3.5 3.5>7 7>10.5 = 10.5"],
    [
      "bakes no shorter than silence takes to show through the lag",
      { atHour: 0, lagMinutes: 60 },
      "0>4 4>8 8>12 = 12",
    ],
    [
      "counts from contact: an open wave without it can have it now, at the earliest",
      { atHour: 2, position: {} },
      "0>5.5 5.5>9 9>12.5 = 12.5",
    ],
    [
      "counts what has baked",
      { atHour: 2, position: { bakedSince: START + HOUR } },
      "0>4.5 4.5>8 8>11.5 = 11.5",
    ],
    [
      "waits for nothing but proof once it has baked",
      { atHour: 9, position: { bakedSince: START + HOUR } },
      "0>9 9>12.5 12.5>16 = 16",
    ],
    [
      "goes on at once when the gate promotes, bake or not",
      { atHour: 2, position: { isPromoted: true } },
      "0>2 2>5.5 5.5>9 = 9",
    ],
    [
      "lets a timed wave bake from its opening, whoever made contact",
      {
        atHour: 2,
        position: {},
        release: { waves: [{ name: "day", cohort: percent(10), kind: "timed", bake: "24 hours" }, ALL] },
      },
      "0>24 24>27.5 = 27.5",
    ],
    [
      "does not pass a wave's start time",
      { atHour: 0, release: { waves: [CANARY, { ...HALF, startAt: hour(48) }, ALL] } },
      "0>3.5 48>51.5 51.5>55 = 55",
    ],
    [
      "does not pass the release's",
      { atHour: 0, release: { startAt: hour(10) } },
      "10>13.5 13.5>17 17>20.5 = 20.5",
    ],
    [
      "opens inside windows only, and judges outside them too",
      {
        atHour: 0,
        release: { windows: [{ cron: "0 8 * * *", for: "2 hours" }] },
      },
      "8>11.5 32>35.5 56>59.5 = 59.5",
    ],
    [
      "steps over a freeze",
      { atHour: 0, freezes: [{ from: hour(3), until: hour(30), reason: "year's end" }] },
      "0>3.5 30>33.5 33.5>37 = 37",
    ],
    [
      "opens the parts of a wave one after another and bakes from the last",
      { atHour: 0, release: { waves: [CANARY, { ...ALL, pace: { parts: 4, every: "2 hours" } }] } },
      "0>3.5 3.5..9.5>13 = 13",
    ],
    [
      "counts the parts that are open",
      {
        atHour: 12,
        release: { waves: [CANARY, { ...ALL, pace: { parts: 4, every: "2 hours" } }] },
        position: { wave: 1, part: 3, openedAt: START + 5 * HOUR, partOpenedAt: START + 11 * HOUR },
      },
      "->- 5..13>16.5 = 16.5",
    ],
    [
      "keeps parts out of a freeze",
      {
        atHour: 12,
        freezes: [{ from: hour(12), until: hour(40), reason: "year's end" }],
        release: { waves: [CANARY, { ...ALL, pace: { parts: 4, every: "2 hours" } }] },
        position: { wave: 1, part: 2, openedAt: START + 5 * HOUR, partOpenedAt: START + 11 * HOUR },
      },
      "->- 5..42>45.5 = 45.5",
    ],
    [
      "never opens a wave after the release has expired",
      { atHour: 1, position: {}, release: { expiresAt: hour(6) } },
      "0>4.5 4.5>8 ->- = -",
    ],
    [
      "is over for a completed release but for its watch",
      { atHour: 50, position: { state: "watching", wave: 2, completedAt: START + 40 * HOUR } },
      "->- ->- ->- = 40",
    ],
  ])("%s", (_, input, expected) => {
    expect(hoursOf(outlook(input))).toBe(expected);
  });

  it("is settled a watch after its completion", () => {
    const { completesAt = 0, settlesAt = 0 } = outlook({ atHour: 0 });
    expect(settlesAt - completesAt).toBe(24 * HOUR);
  });

  it("says what could make it later, of what is still to come", () => {
    const release = { waves: [CANARY, { ...HALF, approvals: 2 }, ALL] };
    expect(outlook({ atHour: 0, release }).later).toEqual([
      '"half" awaits 2 approvals',
      "a wave bakes once 90% of its active devices made contact",
      'the gate must be proven in "half", "everyone"',
      "a device that is silent counts as failed after 3 hours; failures slow or stop it",
    ]);
    const approvals = [
      { wave: "half", actor: "alice", at: START },
      { wave: "half", actor: "cron", at: START },
    ];
    // Whoever started it does not count where two are wanted.
    expect(outlook({ atHour: 0, release, position: { approvals } }).later).toContain(
      '"half" awaits 1 approval',
    );
    expect(outlook({ atHour: 0, release, position: { wave: 2, bakedSince: START } }).later).toEqual([
      'the gate must be proven in "everyone"',
      "a device that is silent counts as failed after 3 hours; failures slow or stop it",
    ]);
    expect(outlook({ atHour: 0, position: { state: "held" } }).later[0]).toContain("it is held");
    expect(outlook({ atHour: 1, position: {}, release: { expiresAt: hour(6) } }).later[0]).toContain(
      "1.1.0 expired at 2026-01-01 06:00Z",
    );
    expect(outlook({ atHour: 50, position: { state: "watching", wave: 2 } }).later).toEqual([]);
  });
});
