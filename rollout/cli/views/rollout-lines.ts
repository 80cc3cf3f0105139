import type { ApplyEvent } from "../../reconcile/apply.ts";
import type { RolloutIntent } from "../../model/record.ts";
import { stepText } from "./step-text.ts";
import { renderCounts, renderEvidence, renderMetrics } from "./judgement.ts";
import { formatInstant } from "../../model/instant.ts";

/** A view of a rollout under way. */
export interface RolloutView {
  onEvent(product: string, event: ApplyEvent): void;
  /** Leave the terminal tidy. */
  end(): Promise<void>;
}

/** The view for pipes and logs: one plain line an event, and none that says the same again. */
export function rolloutLines(write: (line: string) => void): RolloutView {
  const last = new Map<string, string>();
  const changed = (key: string, text: string): boolean => {
    if (last.get(key) === text) return false;
    last.set(key, text);
    return true;
  };
  return {
    onEvent: (product, event) => {
      const line = (text: string): void => {
        write(`${formatInstant(event.at)}  ${product}  ${text}`);
      };
      switch (event.kind) {
        case "judged": {
          const { judgement } = event;
          const key = judgement.intent.attempt;
          if (judgement.kind !== "judged")
            line(`${judgement.intent.version}: not judged: ${judgement.reason}`);
          else if (judgement.intent.state !== "watching" || judgement.verdict.kind === "abort") {
            const why = [...renderEvidence(judgement.verdict), ...renderMetrics(judgement, "unsettled")];
            const text = `${nameOf(judgement.intent)}: ${renderCounts(judgement)}; ${why.join("; ")}`;
            if (changed(key, withoutDurations(text))) line(text);
          }
          return;
        }
        case "step": {
          const text = stepText(event.step);
          if (text !== undefined) line(text);
          return;
        }
        case "status":
          // An open wave has told its counts and its reason already.
          if (event.status.verdict !== undefined && !event.status.needsPerson) return;
          if (changed(`status ${product}`, withoutDurations(event.status.text))) line(event.status.text);
          return;
        case "lost race":
          line(`somebody else was first; looking again`);
          return;
        case "trouble":
          line(`${event.message}; looking again`);
          return;
      }
    },
    end: () => Promise.resolve(),
  };
}

/** A wait that only grows shorter is no news. */
function withoutDurations(text: string): string {
  return text.replaceAll(/another [\d.]+ (second|minute|hour|day)s?/g, "");
}

function nameOf({ version, release, wave }: RolloutIntent): string {
  return `${version} "${release.waves[wave]?.name ?? ""}"`;
}
