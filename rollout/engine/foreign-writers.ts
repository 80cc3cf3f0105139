import { askAll } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import { foreignProblems } from "../plan/foreign-configurations.ts";
import { listingsOf } from "./found.ts";
import type { StepInput } from "./observation.ts";
import { held } from "./status.ts";
import type { Step } from "./step.ts";

/**
 * Somebody else's configuration writes to devices of a release under way: what they answer is no evidence about the
 * release, so nothing of the product grows. Stopping, settling and taking back come before this. A listing without such
 * a configuration asks nothing.
 */
export function foreignWriters({ declared, observation }: StepInput): Step | undefined {
  const running = (observation.store?.head?.record.intents ?? []).filter(
    (intent): intent is RolloutIntent => intent.state === "running",
  );
  const listings = listingsOf(observation);
  const asked = askAll(
    running.map(({ release }) =>
      foreignProblems({ product: declared.product, where: release.where }, listings, observation.answers),
    ),
  );
  if (asked.kind === "ask") return asked;
  if (asked.kind === "failed")
    return held(`whether others write to the same devices is not known: ${asked.reason}`, false);
  const problems = asked.value.flat();
  return problems.length > 0 ? { kind: "blocked", problems } : undefined;
}
