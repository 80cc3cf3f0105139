import { html } from "hono/html";
import { inlined } from "./content-policy.ts";
import { HATCHINGS } from "./hatchings.ts";
import type { Html } from "./markup.ts";
import { PAGE_STYLE } from "./page-style.ts";

/** The dashboard's page before anything is known: its script fills it, and holds nothing that a token protects. */
export async function dashboardDocument({
  script,
  canAct,
}: {
  /** Text of `browser/dashboard.js`. */
  readonly script: string;
  readonly canAct: boolean;
}): Promise<string> {
  const whole: Html = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>wavegate</title>
        ${inlined("style", PAGE_STYLE)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the rollouts</a>
        ${HATCHINGS}
        <header>
          <h1>Rollouts</h1>
          <p id="link" class="soft">Connecting.</p>
          <p class="soft">
            ${
              canAct
                ? "Who has this link may act, under the name of whoever started the dashboard."
                : "Read only: wavegate dashboard --allow-actions gives it buttons."
            }
          </p>
          <div id="news" role="log" aria-label="What happened"></div>
        </header>
        <main id="main"></main>
        <noscript
          ><p class="warn">
            This page needs its script. wavegate report writes the same to a file.
          </p></noscript
        >
        ${inlined("script", script)}
      </body>
    </html>`;
  return String(await whole);
}
