import { html } from "hono/html";
import type { Html } from "../markup.ts";
import type { RolloutStory } from "../rollout-story.ts";
import type { ProductStory } from "../story.ts";

/** What a person may do from the page; each is the command of the same name. */
export const ACTIONS = ["approve", "hold", "resume", "abort"] as const;
export type Action = (typeof ACTIONS)[number];

/** What each does, for the dialog that asks for the reason. */
const MEANING: Readonly<Record<Action, string>> = {
  approve:
    "Approves the next wave that wants it. It opens nothing by itself: the next run does, when the gate promotes.",
  hold: "Nobody else gets the release until somebody resumes it. Devices that were told already go on.",
  resume: "The release goes on at the wave it stands in; nothing that the gate has seen is reset.",
  abort:
    "Stops the release and takes its devices back, now. It is never lifted: only a retry starts it again.",
};

/** What a person may do with a product as it stands. */
function dueActions({ rollouts, live }: ProductStory): readonly Action[] {
  const newest = (...states: readonly RolloutStory["state"][]): boolean =>
    rollouts.some(({ state }) => states.includes(state));
  const isUnapproved =
    rollouts.some(({ isUnapproved: wants }) => wants) ||
    (live?.next.phase === "waiting" && live.next.attempt === undefined);
  return ACTIONS.filter((action) => {
    switch (action) {
      case "approve":
        return isUnapproved;
      case "hold":
        return newest("running", "watching");
      case "resume":
        return newest("held");
      case "abort":
        return newest("running", "held", "watching");
    }
  });
}

/** Buttons, and the dialog that each opens. */
export function actionsOf(id: string, story: ProductStory): Html {
  const due = dueActions(story);
  return html`<section id="${id}-actions" data-part class="actions" aria-label="Act on ${story.product}">
    ${due.map((action) => html`<button type="button" id="${id}-${action}" data-opens="${id}-${action}-dialog">${action}</button> `)}
    ${due.map(
      (action) =>
        html`<dialog id="${id}-${action}-dialog" aria-labelledby="${id}-${action}-title">
          <form method="dialog" data-action="${action}" data-product="${story.product}">
            <h4 id="${id}-${action}-title">${action} ${story.product}</h4>
            <p>${MEANING[action]}</p>
            <label for="${id}-${action}-reason"
              >Reason, for the record${action === "approve" ? " (may stay empty)" : ""}</label
            >
            <input
              id="${id}-${action}-reason"
              name="reason"
              maxlength="200"
              autocomplete="off"
              ${action === "approve" ? "" : html` required`}
            />
            <p class="buttons">
              <button type="submit" value="do">${action}</button>
              <button type="button" data-closes>Cancel</button>
            </p>
          </form>
        </dialog>`,
    )}
  </section>`;
}
