import { html } from "hono/html";
import { formatThreshold, withThousands } from "../../gate/format-evidence.ts";
import { formatDuration } from "../../model/duration.ts";
import { formatInstant } from "../../model/instant.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { evidenceChart, evidenceTable, sentenceOf as evidenceSentence } from "../charts/evidence-chart.ts";
import { exposureChart, exposureTable } from "../charts/exposure-chart.ts";
import { harmChart, harmTable, sentenceOf as harmSentence } from "../charts/harm-chart.ts";
import { longestOf, updateChart, updateTable } from "../charts/update-chart.ts";
import { folded, idOf, table, type Html } from "../markup.ts";
import type { RolloutStory, WaveStory } from "../rollout-story.ts";

/** Strata that are drawn; those beyond are in the tables. */
const MOST_DRAWN = 6;

/** One rollout: where it stands, its waves, its pictures, and the numbers behind them. */
export function rolloutSection(parent: string, rollout: RolloutStory): Html {
  const { attempt, version, state, headline, stop, looks } = rollout;
  const id = idOf(parent, attempt);
  return html`<section id="${id}" data-part class="rollout" aria-labelledby="${id}-name">
    <h3 id="${id}-name">${version} <span class="state ${toneOf(state)}">${state}</span></h3>
    <p class="lead">${headline}.</p>
    ${stop === undefined ? "" : html`<p>By <b>${stop.actor}</b>: ${stop.reason}</p>`}
    <p>${datesOf(rollout)} ${harmSentence(rollout)}</p>
    ${table("Waves", [
      ["wave", "kind", "state", "opened (UTC)", "took", "adds"],
      ...rollout.waves.map(waveRow),
    ])}
    ${looks === 0 ? html`<p>No look is stored for it: what was counted is only in the decisions below.</p>` : pictures(id, rollout)}
  </section>`;
}

function pictures(id: string, rollout: RolloutStory): Html {
  const { strata, times, bands, gate, thresholds } = rollout;
  const drawn = strata.slice(0, MOST_DRAWN);
  const longest = longestOf(times);
  const left = strata.length - drawn.length;
  const rates = `tolerates ${formatPercentage(gate.tolerate)}, rejects ${formatPercentage(gate.reject)}`;
  const acts = `stops at evidence ${formatThreshold(thresholds.cumulative)} over the rollout or ${formatThreshold(thresholds.wave)} in an evidence wave, promotes at ${formatThreshold(thresholds.promote)}`;
  return html`<div class="panels">${exposureChart(id, rollout)}${harmChart(id, rollout)}</div>
    <h4>The gate, by stratum</h4>
    <p>It ${rates}: ${acts}.${left > 0 ? ` ${left} more strata are in the tables.` : ""}</p>
    <ul>
      ${strata.map((stratum) => html`<li>${evidenceSentence(rollout, stratum)}</li>`)}
    </ul>
    <div class="panels">${drawn.map((stratum) => evidenceChart(id, rollout, stratum))}</div>
    ${
      times.length === 0
        ? ""
        : html`<h4>Time to update</h4>
            <p>
              A look counts devices and names none: each outcome lies between two looks, and the shaded range
              is what they leave open.
            </p>`
    }
    <div class="panels">${times.slice(0, MOST_DRAWN).map((one) => updateChart(id, one, longest))}</div>
    ${folded(
      `${id}-numbers`,
      `The numbers behind the pictures of ${rollout.version}`,
      html`${exposureTable(rollout)}${harmTable(rollout) ?? html`<p>No forecast: the records do not tell the devices of each stratum at the start.</p>`}${
        bands === undefined
          ? ""
          : html`<ul>
              ${bands.assumptions.map((text) => html`<li>${text}</li>`)}
            </ul>`
      }${times.length === 0 ? "" : updateTable(times)}${strata.map((stratum) => evidenceTable(rollout, stratum))}`,
    )}`;
}

const WAVE_STATES: Readonly<Record<WaveStory["state"], string>> = {
  passed: "✓ passed",
  open: "▶ open",
  ahead: "○ to come",
  stopped: "■ stopped here",
  never: "– never opened",
};

function waveRow(
  { name, kind, state, openedAt, promotedAt, added }: WaveStory,
  index: number,
): readonly string[] {
  const strata = Object.entries(added ?? {}).sort(([one], [other]) => one.localeCompare(other));
  const total = strata.reduce((sum, [, devices]) => sum + devices, 0);
  const split =
    strata.length > 1
      ? ` (${strata.map(([stratum, devices]) => `${stratum} ${withThousands(devices)}`).join(", ")})`
      : "";
  return [
    `${index + 1}. ${name}`,
    kind,
    WAVE_STATES[state],
    openedAt === undefined ? "-" : formatInstant(openedAt),
    openedAt === undefined || promotedAt === undefined ? "-" : formatDuration(promotedAt - openedAt),
    added === undefined ? "-" : `${withThousands(total)}${split}`,
  ];
}

function datesOf({ startedAt, endedAt, author }: RolloutStory): string {
  const start = `Started ${formatInstant(startedAt)} UTC by ${author}`;
  return endedAt === undefined
    ? `${start}.`
    : `${start}, ended after ${formatDuration(endedAt - startedAt)}.`;
}

/** Whether a state is good news, bad news or none yet: it adds a colour to the word. */
function toneOf(state: RolloutStory["state"]): "good" | "bad" | "open" {
  switch (state) {
    case "watching":
    case "settled":
      return "good";
    case "rolling back":
    case "rolled back":
    case "halted":
    case "held":
      return "bad";
    case "running":
    case "superseded":
      return "open";
  }
}
