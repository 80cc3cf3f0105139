import { html, raw } from "hono/html";
import type { NamedRecord } from "../engine/observation.ts";
import { canonicalJson } from "../model/digest.ts";
import { formatInstant } from "../model/instant.ts";
import { contentPolicy, inlined } from "./content-policy.ts";
import { HATCHINGS } from "./hatchings.ts";
import type { Html } from "./markup.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { productSection } from "./sections/product-section.ts";
import type { ProductStory } from "./story.ts";

/** A report's product: its story, and the records that its reader's browser checks. */
export interface ReportedProduct {
  readonly story: ProductStory;
  /** The newest first. */
  readonly chain: readonly NamedRecord[];
}

/** One self-contained HTML file about rollouts: it opens from disk, prints, and checks its own records. */
export async function reportDocument({
  products,
  script,
  at,
}: {
  readonly products: readonly ReportedProduct[];
  /** Text of `browser/verify-records.js`. */
  readonly script: string;
  /** Epoch ms by the rollout's clock. */
  readonly at: number;
}): Promise<string> {
  const names = products.map(({ story }) => story.product).join(", ");
  const policy = contentPolicy({ style: PAGE_STYLE, script });
  const whole: Html = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${`Rollouts of ${names}`}</title>
        ${inlined("style", PAGE_STYLE)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the rollouts</a>
        ${HATCHINGS}
        <header>
          <h1>${`Rollouts of ${names}`}</h1>
          <p class="soft">Made by wavegate report from the record store at ${formatInstant(at)} UTC.</p>
        </header>
        <main id="main">
          ${products.map(({ story, chain }) => [checkPart(story, chain), productSection(story, { canAct: false })])}
        </main>
        ${inlined("script", script)}
      </body>
    </html>`;
  return String(await whole);
}

/** The records, and where the script says what it found. */
function checkPart({ product, head }: ProductStory, chain: readonly NamedRecord[]): Html {
  const records = chain.map(({ digest, record }) => ({ digest, text: canonicalJson(record) }));
  return html`<section class="notice" aria-label="${`Check of the records of ${product}`}">
    <p class="verdict" role="status" data-check="${product}">
      The records of ${product} are not checked yet: that takes a browser that runs this file's script.
    </p>
    <p class="soft">
      Head <code data-head>${head ?? ""}</code>: what the hub names, by
      <code>wavegate verify ${product}</code>. The check shows that no record was changed since; whether they
      are the fleet's own only the hub can tell.
    </p>
    <script type="application/json" data-records>
      ${raw(inScript(records))}
    </script>
  </section>`;
}

/** JSON that can stand in a script element: no text in it ends the element or opens a comment. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
