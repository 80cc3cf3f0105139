import type { Look, Tally } from "../model/look.ts";
import { askCounts, type Asked } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import { countByStratum, outcomeCondition, TALLIED } from "../plan/queries.ts";
import { configurationOf, reachedHubs } from "./found.ts";
import type { StepInput } from "./observation.ts";

/**
 * Count how an attempt went so far: all contacts, and, while a wave is open, those since it opened. Times of contact are
 * the devices' own and queries lag, so the wave's view reaches back by the lag: an overlap costs power, a gap validity.
 */
export function takeLook(
  { observation, deciding }: Pick<StepInput, "observation" | "deciding">,
  intent: RolloutIntent,
): Asked<Look> {
  const { attempt, release, wave, openedAt } = intent;
  const isOpen = intent.state !== "watching";
  const since = openedAt - deciding.queryLagMs;
  const queries: Record<string, string> = {};
  for (const outcome of TALLIED) {
    const asked = { product: release.product, attempt, outcome };
    queries[`all ${outcome}`] = countByStratum(outcomeCondition(asked));
    if (isOpen) queries[`wave ${outcome}`] = countByStratum(outcomeCondition({ ...asked, since }));
  }
  const counts = askCounts(observation.answers, queries);
  if (counts.kind !== "known") return counts;
  const view = (name: string): Record<string, Tally> => {
    const of = (outcome: string): Readonly<Record<string, number>> =>
      counts.value[`${name} ${outcome}`] ?? {};
    const strata = new Set(TALLIED.flatMap((outcome) => Object.keys(of(outcome))));
    return Object.fromEntries(
      [...strata].sort().map((stratum) => [
        stratum,
        {
          ok: of("ok")[stratum] ?? 0,
          failed: of("failed")[stratum] ?? 0,
          contacted: of("contacted")[stratum] ?? 0,
        },
      ]),
    );
  };
  // The metric came with the listing; one that was never evaluated is unknown, and unknown is nobody.
  const answered = reachedHubs(observation).reduce(
    (sum, hub) => sum + (configurationOf(hub, intent)?.metricResults["contacted"] ?? 0),
    0,
  );
  return {
    kind: "known",
    value: { at: observation.at, wave, views: { all: view("all"), wave: view("wave") }, answered },
  };
}

/** Devices that made contact, over all strata of a view. */
export function contactsOf(view: Readonly<Record<string, Tally>>): number {
  return Object.values(view).reduce((sum, { ok, failed, contacted }) => sum + ok + failed + contacted, 0);
}
