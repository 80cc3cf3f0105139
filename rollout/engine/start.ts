import { findConfiguration, type Configuration } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import { errorsOf } from "../model/problem.ts";
import type { Intent, RolloutIntent } from "../model/record.ts";
import { releaseDocument } from "../plan/documents.ts";
import { adoptedIntent, toAdopt } from "../plan/adoption.ts";
import { partCondition } from "../plan/wave-condition.ts";
import type { PlannedRelease } from "../plan/product-plan.ts";
import { retriedIntents, wantedRelease } from "../plan/wanted-release.ts";
import { reachedHubs } from "./found.ts";
import { accessProblems, renewAccess } from "./image-access.ts";
import { pendingApprovals, startBar } from "./growth-bar.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import { planOf } from "./plan-of.ts";
import { targetedBy } from "./promote.ts";
import { held } from "./status.ts";
import type { Step } from "./step.ts";

/**
 * Take over what a fresh product's devices run, one baseline after another: EMPTY configurations, then the record. It
 * writes to no device.
 */
export function adoptBaseline(input: StepInput): Step | undefined {
  const { declared, observation, deciding } = input;
  const intents = observation.store?.head?.record.intents ?? [];
  const [adoptable] = toAdopt(declared, intents);
  if (adoptable === undefined) return undefined;
  const refusal = planned(input);
  if (refusal !== undefined) return refusal;
  const intent = adoptedIntent(declared.product, adoptable, intents);
  const document = releaseDocument({
    ...intent,
    product: declared.product,
    imageBase: deciding.imageBase,
    access: declared.fleet.products[declared.product]?.access,
    adopted: true,
    ...(adoptable.where === undefined ? {} : { covers: adoptable.where }),
  });
  const created = createdOn(input, document, `create the baseline ${intent.version}, for nobody`);
  if (created.kind !== "created") return created;
  const adopted: Intent = { ...intent, priority: created.priority, created: created.times };
  const whose = adoptable.where === undefined ? "the devices" : `devices with ${adoptable.where}`;
  const reason = `${intent.version} is what ${whose} run`;
  return nextRecord(input, { kind: "adopt", subject: intent.attempt, changed: [adopted], reason });
}

/** Start the wanted release: EMPTY configurations first, then the record that opens its first wave. */
export function startRelease(input: StepInput): Step | undefined {
  const { declared, observation, deciding } = input;
  const { product } = declared;
  const head = observation.store?.head;
  const intents = head?.record.intents ?? [];
  const wanted = wantedRelease({
    releases: declared.releases,
    intents,
    tombstones: observation.store?.tombstones ?? new Set(),
  });
  if (wanted === undefined || head === undefined || startBar(input) !== undefined) return undefined;
  const plan = planOf(input);
  if (plan.kind === "ask") return { kind: "ask", questions: plan.questions };
  if (plan.kind === "failed") return held(`the hub did not answer what the plan asks: ${plan.reason}`, false);
  const problems = errorsOf(plan.value.problems);
  if (problems.length > 0) return { kind: "blocked", problems };
  const { release: starting } = plan.value;
  if (starting === undefined) return undefined;
  const { attempt, release, digest, priority } = starting;
  const document = releaseDocument({
    ...release,
    product,
    attempt,
    digest,
    priority,
    imageBase: deciding.imageBase,
    access: declared.fleet.products[product]?.access,
    adopted: false,
    strata: Object.keys(starting.devices).length,
  });
  const created = createdOn(input, document, `create ${attempt}, for nobody`);
  if (created.kind !== "created") return created;
  // Nobody is told of an image that cannot be had.
  const access = renewAccess(input, true);
  if (access !== undefined) return access;
  const lacking = accessProblems(input);
  if (lacking.length > 0) return { kind: "blocked", problems: lacking };
  const exposable = { release, priority: created.priority, windows: firstWindows(starting) };
  const counts = targetedBy(input, exposable, { wave: 0, part: 1 });
  if (counts.kind === "ask") return counts;
  if (counts.kind === "failed")
    return held("the hub did not say how many devices the first wave aims at", false);
  const retried = retriedIntents(intents).find((intent) => intent.digest === digest);
  const started: RolloutIntent = {
    state: "running",
    attempt,
    version: release.version,
    digest,
    condition: partCondition(exposable, 0, 1),
    priority: created.priority,
    created: created.times,
    release,
    wave: 0,
    strata: Object.keys(starting.devices).sort(),
    proving: starting.proving,
    population: starting.devices,
    openedAt: observation.at,
    part: 1,
    partOpenedAt: observation.at,
    windows: exposable.windows,
    author: deciding.actor,
    approvals: pendingApprovals(input, attempt),
    overrides: [],
    targeted: counts.targeted,
    added: counts.added,
    ...(retried === undefined ? {} : { retryOf: retried.attempt }),
    ...(retried?.retry?.only === undefined ? {} : { only: retried.retry.only }),
  };
  const superseded = intents.flatMap((intent): Intent[] =>
    intent.state === "running" || intent.state === "held" ? [{ ...intent, state: "superseded" }] : [],
  );
  const [first] = release.waves;
  const part = first?.pace === undefined ? "" : `part 1 of ${first.pace.parts} of `;
  const again =
    retried === undefined ? "" : `; tries ${retried.attempt} again: ${retried.retry?.reason ?? ""}`;
  const { plan: saved, planKey } = deciding;
  const signed = planKey === undefined ? "" : `, signed by the key ${planKey}`;
  const byPlan = saved === undefined ? "" : ` (plan ${saved.slice(0, 12)}${signed})`;
  const reason = `opens ${part}"${first?.name ?? ""}"${again}${byPlan}`;
  const changed = [...superseded, ...(retried === undefined ? [] : [used(retried)]), started];
  return nextRecord(input, { kind: "start", subject: attempt, changed, reason });
}

/** Leave to try again is good for one attempt. */
function used(intent: RolloutIntent): RolloutIntent {
  const { retry, ...kept } = intent;
  return retry === undefined ? intent : kept;
}

/**
 * The empty configurations of a release on every hub, once all of them stand; else the step that creates those that are
 * lacking. Identity is checked by label, not by name: what stands there must be what an earlier run of ours created.
 */
function createdOn(
  { observation }: StepInput,
  document: ReturnType<typeof releaseDocument>,
  why: string,
):
  | Step
  | {
      readonly kind: "created";
      readonly priority: number;
      readonly times: Readonly<Record<string, string>>;
    } {
  const hubs = reachedHubs(observation);
  const found = new Map<string, Configuration>();
  for (const { name, listing } of hubs) {
    const there = findConfiguration(listing, document.id);
    if (there === undefined) continue;
    if (there.labels[LABEL.release] !== document.labels[LABEL.release] || there.condition !== "")
      return notOurs(name, document.id);
    found.set(name, there);
  }
  const lacking = hubs.filter(({ name }) => !found.has(name));
  if (lacking.length > 0)
    return { kind: "create", creates: lacking.map(({ name }) => ({ hub: name, document })), why };
  return {
    kind: "created",
    priority: Math.max(...[...found.values()].map(({ priority }) => priority)),
    times: Object.fromEntries([...found].map(([name, { createdTimeUtc }]) => [name, createdTimeUtc])),
  };
}

/** Windows that the first wave freezes: those of later waves are computed when they open. */
function firstWindows({ release, windows }: PlannedRelease): RolloutIntent["windows"] {
  const name = release.waves[0]?.name ?? "";
  const own = windows[name];
  return own === undefined ? {} : { [name]: own };
}

/** Ask what a plan asks, and stop at what it finds. */
function planned(input: StepInput): Step | undefined {
  const plan = planOf(input);
  if (plan.kind === "ask") return { kind: "ask", questions: plan.questions };
  if (plan.kind === "failed") return held(`the hub did not answer what the plan asks: ${plan.reason}`, false);
  const problems = errorsOf(plan.value.problems);
  return problems.length > 0 ? { kind: "blocked", problems } : undefined;
}

function notOurs(hub: string, id: string): Step {
  return {
    kind: "blocked",
    problems: [
      {
        severity: "error",
        code: "FOREIGN_CONFIGURATION",
        path: `configuration ${id} on ${hub}`,
        summary: "it has a name that wavegate needs, and is another one",
        hint: `find out whose it is; then: az iot hub configuration delete -c ${id}`,
      },
    ],
  };
}
