import type { Look, Tally } from "../model/look.ts";
import { askTallies, type Asked, type KnownTally, type TallyQuery } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import { tallyQuery } from "../plan/queries.ts";
import { configurationOf, reachedHubs } from "./found.ts";
import type { StepInput } from "./observation.ts";

/** What was counted, and what did not answer. */
export interface TakenLook {
  readonly look: Look;
  /** In words; empty: the look is whole, and only then it belongs to the series. */
  readonly missing: readonly string[];
}

const WORDS: Readonly<Record<string, string>> = { all: "all contacts", wave: "contacts of this wave" };

/**
 * Count how an attempt went so far: all contacts, and, while a wave is open, those since it opened. Times of contact are
 * the devices' own and queries lag, so the wave's view reaches back by the lag: an overlap costs power, a gap validity.
 */
export function takeLook(
  { observation, deciding }: Pick<StepInput, "observation" | "deciding">,
  intent: RolloutIntent,
): Asked<TakenLook> {
  const { attempt, release, wave, openedAt } = intent;
  const contacts = { product: release.product, attempt };
  const queries: Record<string, TallyQuery> = { all: tallyQuery(contacts) };
  if (intent.state !== "watching")
    queries["wave"] = tallyQuery({ ...contacts, since: openedAt - deciding.queryLagMs });
  const tallies = askTallies(observation.answers, queries);
  if (tallies.kind !== "known") return tallies;
  const known: Readonly<Record<string, KnownTally>> = tallies.value;
  const view = (name: string): Record<string, Tally> =>
    Object.fromEntries(
      Object.entries(known[name]?.byStratum ?? {}).sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  // The metric came with the listing; one that was never evaluated is unknown, and unknown is nobody.
  const answered = reachedHubs(observation).reduce(
    (sum, hub) => sum + (configurationOf(hub, intent)?.metricResults["contacted"] ?? 0),
    0,
  );
  return {
    kind: "known",
    value: {
      look: { at: observation.at, wave, views: { all: view("all"), wave: view("wave") }, answered },
      missing: Object.entries(known).flatMap(([name, { missing }]) =>
        missing.map((what) => `${what} (${WORDS[name] ?? name})`),
      ),
    },
  };
}

/** Devices that made contact, over all strata of a view. */
export function contactsOf(view: Readonly<Record<string, Tally>>): number {
  return Object.values(view).reduce((sum, { ok, failed, contacted }) => sum + ok + failed + contacted, 0);
}
