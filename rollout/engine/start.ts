import { findConfiguration } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import { errorsOf } from "../model/problem.ts";
import type { Intent, RolloutIntent } from "../model/record.ts";
import { releaseDocument } from "../plan/documents.ts";
import { adoptedIntent, planProduct, toAdopt } from "../plan/plan-product.ts";
import { partCondition } from "../plan/part-condition.ts";
import { retriedIntents, wantedRelease } from "../plan/wanted-release.ts";
import { pendingApprovals, startBar } from "./growth-bar.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import { targetedBy } from "./promote.ts";
import type { Step } from "./step.ts";

/** Take over what a fresh product's devices run: an EMPTY configuration, then the record. It writes to no device. */
export function adoptBaseline(input: StepInput): Step | undefined {
  const { declared, observation, deciding } = input;
  const intents = observation.store?.head?.record.intents ?? [];
  const adoptable = toAdopt(declared, intents);
  if (adoptable === undefined) return undefined;
  const refusal = planned(input);
  if (refusal !== undefined) return refusal;
  const intent = adoptedIntent(declared.product, adoptable);
  const found = findConfiguration(observation.listing, intent.attempt);
  if (found === undefined) {
    const document = releaseDocument({
      ...intent,
      product: declared.product,
      imageBase: deciding.imageBase,
      adopted: true,
    });
    return { kind: "create", document, why: `create the baseline ${intent.version}, for nobody` };
  }
  // Identity is checked by label, not by name: what stands there must be what an earlier run of ours created.
  if (found.labels[LABEL.release] !== intent.digest || found.condition !== "") return notOurs(found.id);
  const adopted: Intent = {
    ...intent,
    priority: found.priority,
    created: { [observation.hub]: found.createdTimeUtc },
  };
  const reason = `${intent.version} is what the devices run`;
  return nextRecord(input, { kind: "adopt", subject: intent.attempt, changed: [adopted], reason });
}

/** Start the wanted release: an EMPTY configuration first, then the record that opens its first wave. */
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
  const plan = planProduct(declared, {
    intents,
    listing: observation.listing,
    answers: observation.answers,
    tombstones: observation.store?.tombstones ?? new Set(),
  });
  if (plan.kind === "ask") return { kind: "ask", questions: plan.questions };
  if (plan.kind === "failed") return waitFor(`the hub did not answer what the plan asks: ${plan.reason}`);
  const problems = errorsOf(plan.value.problems);
  if (problems.length > 0) return { kind: "blocked", problems };
  const { release: starting } = plan.value;
  if (starting === undefined) return undefined;
  const { attempt, release, digest, priority } = starting;
  const found = findConfiguration(observation.listing, attempt);
  if (found === undefined) {
    const document = releaseDocument({
      ...release,
      product,
      attempt,
      digest,
      priority,
      imageBase: deciding.imageBase,
      adopted: false,
    });
    return { kind: "create", document, why: `create ${attempt}, for nobody` };
  }
  const counts = targetedBy(input, { release }, { wave: 0, part: 1 });
  if (counts.kind === "ask") return counts;
  if (counts.kind === "failed") return waitFor("the hub did not say how many devices the first wave aims at");
  const retried = retriedIntents(intents).find((intent) => intent.digest === digest);
  const started: RolloutIntent = {
    state: "running",
    attempt,
    version: release.version,
    digest,
    condition: partCondition(release, { wave: 0, part: 1 }),
    priority: found.priority,
    created: { [observation.hub]: found.createdTimeUtc },
    release,
    wave: 0,
    strata: Object.keys(starting.devices).sort(),
    proving: starting.proving,
    openedAt: observation.at,
    part: 1,
    partOpenedAt: observation.at,
    windows: {},
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
  const reason = `opens ${part}"${first?.name ?? ""}"${again}`;
  const changed = [...superseded, ...(retried === undefined ? [] : [used(retried)]), started];
  return nextRecord(input, { kind: "start", subject: attempt, changed, reason });
}

/** Leave to try again is good for one attempt. */
function used(intent: RolloutIntent): RolloutIntent {
  const { retry, ...kept } = intent;
  return retry === undefined ? intent : kept;
}

/** Ask what a plan asks, and stop at what it finds. */
function planned({ declared, observation }: StepInput): Step | undefined {
  const { listing, answers, store } = observation;
  const plan = planProduct(declared, {
    intents: [],
    listing,
    answers,
    tombstones: store?.tombstones ?? new Set(),
  });
  if (plan.kind === "ask") return { kind: "ask", questions: plan.questions };
  if (plan.kind === "failed") return waitFor(`the hub did not answer what the plan asks: ${plan.reason}`);
  const problems = errorsOf(plan.value.problems);
  return problems.length > 0 ? { kind: "blocked", problems } : undefined;
}

function waitFor(text: string): Step {
  return { kind: "wait", status: { phase: "held", attempt: undefined, text, needsPerson: false } };
}

function notOurs(id: string): Step {
  return {
    kind: "blocked",
    problems: [
      {
        severity: "error",
        code: "FOREIGN_CONFIGURATION",
        path: `configuration ${id}`,
        summary: "it has the name of the baseline to adopt, and is another one",
        hint: `find out whose it is; then: az iot hub configuration delete -c ${id}`,
      },
    ],
  };
}
