import { html } from "hono/html";
import { withThousands } from "../../gate/format-evidence.ts";
import { formatDuration } from "../../model/duration.ts";
import { formatInstant } from "../../model/instant.ts";
import { folded, idOf, table, type Html } from "../markup.ts";
import type { Live, LiveHub, ProductStory } from "../story.ts";
import { actionsOf } from "./actions.ts";
import { decisionsSection } from "./decisions-section.ts";
import { rolloutSection } from "./rollout-section.ts";

/** Rollouts beyond the newest are closed until somebody wants them; one that is under way never is. */
const OPEN_ROLLOUTS = 2;

/** How a product is shown. */
export interface ProductView {
  /** True where a person may act from the page: it then has buttons. */
  readonly canAct: boolean;
}

/** Everything about one product: what is next, its rollouts, its decisions. */
export function productSection(story: ProductStory, view: ProductView): Html {
  const { product, live, rollouts } = story;
  const id = idOf("p", product);
  return html`<article id="${id}" aria-labelledby="${id}-name">
    <h2 id="${id}-name">${product}</h2>
    ${live === undefined ? "" : liveSection(id, story, live)} ${view.canAct ? actionsOf(id, story) : ""}
    ${rollouts.length === 0 ? html`<p>No release was rolled out yet.</p>` : ""}
    ${rollouts.map((rollout, index) =>
      index < OPEN_ROLLOUTS || rollout.endedAt === undefined
        ? rolloutSection(id, rollout)
        : folded(idOf(id, rollout.attempt, "folded"), rollout.headline, rolloutSection(id, rollout)),
    )}
    ${decisionsSection(id, story)}
  </article>`;
}

function liveSection(id: string, { rollouts }: ProductStory, live: Live): Html {
  const { at, versions, next, hubs, dueSince } = live;
  const runs = Object.entries(versions).map(
    ([version, devices]) => `${version} on ${withThousands(devices)}`,
  );
  const due =
    dueSince !== undefined && at > dueSince
      ? html`<p class="warn">
          Due for ${formatDuration(at - dueSince)}: is a reconcile or an apply running?
        </p>`
      : "";
  return html`<section id="${id}-next" data-part class="next">
    <h3>What happens next</h3>
    <p class="lead">
      ${next.needsPerson ? html`<strong>A person is needed:</strong> ` : ""}${next.text}${next.notBefore === undefined ? "" : ` (not before ${formatInstant(next.notBefore)} UTC)`}
    </p>
    ${due}
    <p>The fleet runs ${runs.join(", ") || "no version that a device reports"}.${exposureText(live)}</p>
    ${outlookPart(id, rollouts.length > 0, live)}
    ${
      hubs.length > 1 || hubs.some(({ state }) => state !== "head")
        ? html`<ul class="hubs">
            ${hubs.map((hub) => html`<li>${hub.name}: ${HUB_STATES[hub.state]}</li>`)}
          </ul>`
        : ""
    }
  </section>`;
}

const HUB_STATES: Readonly<Record<LiveHub["state"], string>> = {
  silent: "does not answer: nothing widens until it does",
  head: "stands at the newest record",
  behind: "stands at an older record: the next run moves it",
  elsewhere: "stands at a record of another line: a person is needed",
  broken: "names a record that the store does not have whole",
  absent: "has no ref yet",
  unread: "answers; the record store does not",
};

function exposureText({ exposure }: Live): string {
  if (exposure === undefined) return "";
  return ` ${withThousands(exposure.exposed)} devices are exposed to the release under way, ${withThousands(exposure.unexposed)} are to come.`;
}

function outlookPart(id: string, hasRollouts: boolean, { outlook }: Live): Html | "" {
  const ahead = outlook?.waves.filter(({ state }) => state !== "passed") ?? [];
  if (outlook === undefined || ahead.length === 0) return "";
  const when = (ms: number | undefined): string => (ms === undefined ? "-" : formatInstant(ms));
  const end =
    outlook.completesAt === undefined
      ? `${outlook.version} never completes as things stand.`
      : `${outlook.version} is complete at the earliest ${formatInstant(outlook.completesAt)} UTC.`;
  return folded(
    `${id}-outlook`,
    hasRollouts ? `The waves to come. ${end}` : end,
    html`${table("The waves to come, at the earliest (UTC)", [
        ["wave", "opens", "judged from"],
        ...ahead.map(({ name, opensAt, judgedAt }) => [
          name,
          opensAt === undefined ? "never" : when(opensAt),
          when(judgedAt),
        ]),
      ])}
      <p>Later if:</p>
      <ul>
        ${outlook.later.map((reason) => html`<li>${reason}</li>`)}
      </ul>`,
  );
}
