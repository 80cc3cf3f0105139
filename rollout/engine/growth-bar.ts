import type { Approval, RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import type { Wave } from "../model/wave.ts";
import { nextAttempt } from "../plan/plan-release.ts";
import { retriedIntents } from "../plan/wanted-release.ts";
import { reachedHubs } from "./found.ts";
import type { StepInput } from "./observation.ts";
import { mayGrow } from "./schedule.ts";
import { wantedOf } from "./wanted.ts";

/** Why exposure does not grow although the gate has nothing against it. */
export interface GrowthBar {
  readonly why: string;
  /** Epoch ms from which the calendar opens; absent when it is no matter of time. */
  readonly until?: number;
  /** True when only a person can open it. */
  readonly needsPerson: boolean;
  /** True when it never opens in this run: somebody has to run another one. */
  readonly isForOthers?: true;
}

/** What bars a wave, or a further part of it, from opening: the calendar, and people who have not approved it. */
export function growthBar(
  { declared, observation }: StepInput,
  subject: { readonly release: Release; readonly wave: number } & Pick<RolloutIntent, "approvals" | "author">,
): GrowthBar | undefined {
  const { release, wave } = subject;
  const growth = mayGrow({
    at: observation.at,
    release,
    wave: release.waves[wave],
    fleet: declared.fleet,
    product: declared.fleet.products[declared.product],
  });
  const missing = missingApprovals(subject);
  if (growth.open && missing === undefined) return undefined;
  const calendar = growth.open ? [] : [growth.why];
  const why = [...calendar, ...(missing === undefined ? [] : [missing])].join("; ");
  const until = growth.open ? undefined : growth.until;
  // An expired release never grows by itself: somebody has to declare another one.
  const needsPerson = missing !== undefined || (!growth.open && growth.until === undefined);
  return { why, needsPerson, ...(until === undefined ? {} : { until }) };
}

/** The approvals of a wave that count: one a person; with two or more wanted, whoever started the release has no say. */
export function countingApprovals(input: {
  readonly wanted: number;
  readonly wave: string;
  readonly approvals: readonly Approval[];
  readonly author: string;
}): readonly string[] {
  const { wanted, wave, approvals, author } = input;
  const actors = approvals.filter((approval) => approval.wave === wave).map(({ actor }) => actor);
  return [...new Set(actors)].filter((actor) => wanted < 2 || actor !== author);
}

/** Waves still to open that want more approvals than count. */
export function unapprovedWaves({
  release,
  approvals,
  author,
  open,
}: Pick<RolloutIntent, "release" | "approvals" | "author"> & {
  /** Index of the widest wave that is open; -1 before the start. */
  readonly open: number;
}): readonly Wave[] {
  return release.waves.slice(open + 1).filter(({ name: wave, approvals: wanted }) => {
    return countingApprovals({ wanted, wave, approvals, author }).length < wanted;
  });
}

/**
 * What bars the wanted release from starting. Before that nothing is created and nobody is exposed: it waits in its file,
 * and the approvals of its first wave are records of their own.
 */
export function startBar(input: StepInput): (GrowthBar & { readonly version: string }) | undefined {
  const { declared, observation, deciding } = input;
  const wanted = wantedOf(input);
  if (wanted === undefined) return undefined;
  const { release, digest } = wanted;
  const intents = observation.store?.head?.record.intents ?? [];
  // A retry was decided by a person already.
  if (!retriedIntents(intents).some((intent) => intent.digest === digest)) {
    const { version } = release;
    if (deciding.startsNothing === true) return { ...notApplied(declared.product), version };
    if (deciding.starts !== undefined && deciding.starts !== digest) return { ...NOT_PLANNED, version };
  }
  const attempt = nextAttempt(release, digest, {
    intents,
    hubs: reachedHubs(observation),
  });
  const approvals = pendingApprovals(input, attempt);
  const bar = growthBar(input, { release, wave: 0, approvals, author: deciding.actor });
  return bar === undefined ? undefined : { ...bar, version: release.version };
}

/** What a saved plan does not start was not reviewed with it. */
const NOT_PLANNED: GrowthBar = {
  why: "the plan that is carried out does not start it: plan again",
  needsPerson: false,
  isForOthers: true,
};

/** A run that only carries on: what it would start, somebody has to apply. */
function notApplied(product: string): GrowthBar {
  return { why: `this run starts nothing: wavegate apply ${product}`, needsPerson: false };
}

/** Approvals that were given before an attempt started. */
export function pendingApprovals({ observation }: StepInput, attempt: string): readonly Approval[] {
  return (observation.store?.approvals ?? [])
    .filter((pending) => pending.attempt === attempt)
    .map(({ approval }) => approval);
}

function missingApprovals({
  release,
  wave,
  approvals,
  author,
}: { readonly release: Release; readonly wave: number } & Pick<RolloutIntent, "approvals" | "author">):
  string | undefined {
  const opening = release.waves[wave];
  if (opening === undefined || opening.approvals === 0) return undefined;
  const given = countingApprovals({ wanted: opening.approvals, wave: opening.name, approvals, author });
  const missing = opening.approvals - given.length;
  if (missing <= 0) return undefined;
  const by = given.length === 0 ? "" : ` beside ${given.join(", ")}`;
  const who = `${missing} ${missing === 1 ? "person" : "people"}${by}`;
  const whom = opening.approvals < 2 || author === "" ? "" : `, not ${author} who started it`;
  return `wave "${opening.name}" awaits the approval of ${who}${whom}: wavegate approve ${release.product} --wave "${opening.name}"`;
}
