import { refId } from "../model/attempt.ts";
import { ACCESS_LIFE_MS } from "../model/access-life.ts";
import { digestOf, type Digest } from "../model/digest.ts";
import { errorsOf, type Problem } from "../model/problem.ts";
import { askAll, type Asked } from "../model/question.ts";
import type { AdoptedIntent, Intent } from "../model/record.ts";
import { activeProblems } from "./active-problems.ts";
import { adoptedIntent, adoptionProblems, toAdopt } from "./adoption.ts";
import { basisOf } from "./basis.ts";
import { planChanges } from "./changes.ts";
import { quotaProblems } from "./configuration-quota.ts";
import type { Declared } from "./declared.ts";
import { mixedAccess } from "./mixed-access.ts";
import type { PlanInput } from "./plan-input.ts";
import { planRelease } from "./plan-release.ts";
import type { PlannedRelease, ProductPlan } from "./product-plan.ts";
import { releaseProblems } from "./release-problems.ts";
import { nextToRetire, retirable } from "./retirement.ts";
import { riskProblems } from "./risks/risk-problems.ts";
import { waveCondition } from "./wave-condition.ts";
import { narrowestWindows } from "./wave-windows.ts";
import { wantedRelease } from "./wanted-release.ts";
import { rehearseWayBack, type WayBack } from "./way-back.ts";

/** What a product's plan is made from. */
export interface ProductInput extends PlanInput {
  /** Digests of aborted releases. */
  readonly tombstones: ReadonlySet<string>;
  /** Ids of the stops in the head's chain. */
  readonly stopIds: ReadonlySet<string>;
  /** How long the image store's keys are good for, ms; default 24 hours. */
  readonly accessLifeMs?: number | undefined;
  /** Configurations that plans of other products, made together with this one, create. */
  readonly others?: number | undefined;
  /** Epoch ms: override files that are expired by then are no part of the plan. */
  readonly at: number;
}

/** Work out what the declarations mean for one product, now; asks for the counts it needs. */
export function planProduct(declared: Declared, input: ProductInput): Asked<ProductPlan> {
  // A condition that is none cannot be asked about: what it means for the fleet is told once it is corrected.
  const isAskable = !errorsOf(declared.problems).some(({ code }) => code === "CONDITION_INVALID");
  const pending = isAskable ? toAdopt(declared, input.intents) : [];
  // What follows is planned as if the baselines were there already.
  const adopting = pending.reduce<readonly AdoptedIntent[]>(
    (before, one) => [...before, adoptedIntent(declared.product, one, [...input.intents, ...before])],
    [],
  );
  const isOnDemand = declared.fleet.products[declared.product]?.access === "on-demand";
  const access = isOnDemand ? { lifeMs: input.accessLifeMs ?? ACCESS_LIFE_MS } : undefined;
  const after = { ...input, access, intents: [...input.intents, ...adopting] };
  const started = isAskable ? plannedStart(declared, after) : NOTHING;
  const asked = askAll<unknown>([
    pending.length > 0 ? adoptionProblems(declared, input.answers) : NO_PROBLEMS,
    started,
    // Nothing is retired while something starts.
    started.kind === "known" && started.value === undefined && pending.length === 0 && isAskable
      ? nextToRetire(input.intents, input.tombstones, input.answers)
      : NOTHING,
  ]);
  if (asked.kind !== "known") return asked;
  // In the order they were asked.
  const [adoption, start, retiring] = asked.value as [
    readonly Problem[],
    Started | undefined,
    Intent | undefined,
  ];
  const planned = start?.release;
  const retirables = retirable(input.intents, input.tombstones).map(({ intent }) => intent.attempt);
  const basis = basisOf(
    declared,
    input,
    planned === undefined
      ? undefined
      : {
          digest: planned.digest,
          attempt: planned.attempt,
          priority: planned.priority,
          conditions: conditionsDigest(planned),
        },
  );
  const changes = planChanges({
    declared,
    intents: input.intents,
    hubs: input.hubs,
    stopIds: input.stopIds,
    adopting,
    starting: planned,
    retiring: retiring?.attempt,
    retirable: retirables,
  });
  const gone = input.intents.flatMap(({ state, attempt }) => (state === "retired" ? [attempt] : []));
  return {
    kind: "known",
    value: {
      schemaVersion: 1,
      product: declared.product,
      digest: digestOf(basis),
      basis,
      changes,
      ...(planned === undefined ? {} : { release: planned }),
      problems: [
        ...declared.problems,
        ...activeProblems(declared, input.intents),
        ...adoption,
        ...(isOnDemand ? mixedAccess(declared.product, input.hubs) : []),
        ...(start?.problems ?? []),
        ...quotaProblems({
          hubs: input.hubs,
          creates: [
            refId(declared.product),
            ...adopting.map(({ attempt }) => attempt),
            ...(planned === undefined ? [] : [planned.attempt]),
          ],
          frees: [...gone, ...retirables],
          keysOf: isOnDemand ? declared.product : undefined,
          others: input.others,
        }),
      ],
    },
  };
}

interface Started {
  readonly release: PlannedRelease;
  readonly problems: readonly Problem[];
}

const NO_PROBLEMS: Asked<readonly Problem[]> = { kind: "known", value: [] };
const NOTHING: Asked<undefined> = { kind: "known", value: undefined };

/** The release that would start, what speaks against it and what became of its devices if it were taken back. */
function plannedStart(declared: Declared, input: ProductInput): Asked<Started | undefined> {
  const { releases, fleet } = declared;
  const wanted = wantedRelease({ releases, intents: input.intents, tombstones: input.tombstones });
  if (wanted === undefined) return NOTHING;
  const sized = planRelease(wanted, input, Object.keys(fleet.products).length);
  if (sized.kind !== "known") return sized;
  const way = rehearseWayBack(sized.value, input);
  const risks =
    input.risks === undefined
      ? NO_PROBLEMS
      : riskProblems({ planned: sized.value, facts: input.risks }, input.answers);
  const asked = askAll<unknown>([releaseProblems(sized.value, input), way, risks]);
  if (asked.kind !== "known") return asked;
  // In the order they were asked.
  const [problems, { wayBack, problems: back }, advice] = asked.value as [
    readonly Problem[],
    WayBack,
    readonly Problem[],
  ];
  return {
    kind: "known",
    value: { release: { ...sized.value, wayBack }, problems: [...problems, ...back, ...advice] },
  };
}

/** Counts are no part of a plan's identity, and so no windows that are made from them. */
function conditionsDigest({ release, priority }: PlannedRelease): Digest {
  const of = { release, priority, windows: narrowestWindows(release) };
  return digestOf(release.waves.map((_, index) => waveCondition(of, index)));
}
