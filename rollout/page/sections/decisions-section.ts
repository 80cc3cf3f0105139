import { html } from "hono/html";
import { formatEvidence, formatThreshold, withThousands } from "../../gate/format-evidence.ts";
import { formatRate } from "../../gate/rate-of.ts";
import { formatInstant } from "../../model/instant.ts";
import type { Reason } from "../../model/verdict.ts";
import type { Decision } from "../decisions.ts";
import { folded, idOf, table, type Html } from "../markup.ts";
import type { ProductStory } from "../story.ts";

/** The chain of records, the newest first: when, what, by whom, why, and on which evidence. */
export function decisionsSection(id: string, { decisions }: ProductStory): Html {
  return html`<section id="${id}-decisions" data-part aria-labelledby="${id}-chain">
    <h3 id="${id}-chain">Decisions</h3>
    <p>
      ${withThousands(decisions.length)} records, each naming the one before by its digest; the newest first.
    </p>
    <ol class="chain">
      ${decisions.map((decision) => decisionItem(id, decision))}
    </ol>
  </section>`;
}

function decisionItem(id: string, decision: Decision): Html {
  const { digest, kind, at, actor, reason, version, verdict, stops } = decision;
  return html`<li data-record="${digest}">
    <p>
      <time>${formatInstant(at)}</time>
      <b><span data-field="kind">${kind}</span>${version === undefined ? "" : ` ${version}`}</b> by
      <span data-field="actor">${actor}</span> <code>${digest.slice(0, 12)}</code>
    </p>
    <p data-field="reason">${reason}</p>
    ${stops.map((stop) => html`<p>Takes in a stop: ${stop.kind} by ${stop.actor} at ${stop.at}: ${stop.reason}</p>`)}
    ${verdict === undefined ? "" : folded(idOf(id, digest.slice(0, 12)), `The gate's verdict: ${verdict.kind} (${verdict.guarantee})`, verdictPart(decision, verdict))}
  </li>`;
}

function verdictPart({ looks }: Decision, { reasons, metrics }: NonNullable<Decision["verdict"]>): Html {
  const judged = reasons.filter(({ evidence }) => evidence !== undefined);
  return html`<ul>
      ${reasons.map(({ text }) => html`<li>${text}</li>`)}${metrics.map((text) => html`<li>${text}</li>`)}
    </ul>
    ${judged.length === 0 ? "" : table("Evidence", [["stratum", "bad", "evidence", "acts at", "failure rate"], ...judged.map(reasonRow)])}
    ${looks === undefined ? "" : html`<p>Computed from ${withThousands(looks)} looks; <code>wavegate verify</code> judges it again.</p>`}`;
}

function reasonRow({
  stratum = "all",
  k = 0,
  n = 0,
  evidence = 0,
  threshold = 0,
  rate,
}: Reason): readonly string[] {
  return [
    stratum,
    `${withThousands(k)} of ${withThousands(n)}`,
    formatEvidence(evidence),
    formatThreshold(threshold),
    rate === undefined ? "-" : formatRate(rate),
  ];
}
