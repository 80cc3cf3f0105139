import { askExposure, type Exposure } from "../engine/exposure.ts";
import { repeatFailers } from "../engine/failed-devices.ts";
import type { Judgement } from "../engine/judge.ts";
import type { Observation, RefView } from "../engine/observation.ts";
import { outlookOf, type Outlook } from "../engine/outlook.ts";
import type { Status } from "../engine/step.ts";
import type { Digest } from "../model/digest.ts";
import { accessLatencyMs } from "../model/fleet.ts";
import { totalOf, type Answer } from "../model/question.ts";
import { isJudged, type Intent, type RolloutIntent } from "../model/record.ts";
import { reportedField } from "../model/twin-contract.ts";
import type { Declared } from "../plan/declared.ts";
import type { OverrideStanding, PlannedRelease } from "../plan/product-plan.ts";
import { countByTag } from "../plan/queries.ts";
import { productCondition } from "../plan/target-condition.ts";
import { answer } from "./answer.ts";
import type { ReconcilePorts } from "./reconcile.ts";

/** Where one product stands, and how it goes on. */
export interface Overview {
  readonly product: string;
  /** Epoch ms of the look. */
  readonly at: number;
  /** Devices by the version they report. */
  readonly versions: Readonly<Record<string, number>>;
  readonly intents: readonly Intent[];
  readonly judgements: readonly Judgement[];
  /** What happens next, and when. */
  readonly next: Status;
  /** How the release under way, else the one that would start, goes on at the earliest. */
  readonly outlook?: Outlook;
  /** Devices that the release under way has reached, and those to come; absent where the hub did not answer. */
  readonly exposure?: Exposure;
  /** Override files, and what becomes of them; empty: there are none. */
  readonly overrides: readonly OverrideStanding[];
  /** Devices that failed more than one attempt. */
  readonly repeatFailers: readonly string[];
  /** Digest of the head record; absent where nothing is recorded, or the store did not answer. */
  readonly head?: Digest;
  /** In the order of the settings. */
  readonly hubs: readonly HubStanding[];
}

/** One hub of the fleet: whether it answered, and where its ref stands against the head record. */
export interface HubStanding {
  readonly name: string;
  /** `silent`: the hub did not answer; `unread`: the record store did not. */
  readonly state: RefView["place"] | "silent" | "unread";
}

/** What was seen of a product. */
export interface SeenProduct {
  readonly declared: Declared;
  readonly observation: Observation;
  readonly judgements: readonly Judgement[];
  readonly overrides: readonly OverrideStanding[];
  /** What the next run would wait for; absent when it would act. */
  readonly next: Status | undefined;
  /** The release that would start, where a plan was made. */
  readonly planned?: PlannedRelease | undefined;
}

/** What the status of a product says when the next run would act. */
export const DUE: Status = {
  phase: "judged",
  attempt: undefined,
  text: "the next run has something to do: wavegate reconcile",
  needsPerson: false,
};

/** Count what an overview shows beyond what was seen, and put it together. Reads only. `asked` is told of each count. */
export async function overviewOf(
  seen: SeenProduct,
  ports: Pick<ReconcilePorts, "hubs" | "images"> & { readonly settings: { readonly queryLag: number } },
  options: {
    /** Exposure that is still good; it is counted where there is none. */
    readonly exposure?: Exposure | undefined;
    readonly asked?: () => void;
  } = {},
): Promise<Overview> {
  const { declared, observation, judgements } = seen;
  const { product } = declared;
  const intents = observation.store?.head?.record.intents ?? [];
  const ask = async (id: string): Promise<Answer> => {
    options.asked?.();
    const { hubs, images } = ports;
    return answer({ kind: "count", id, query: id }, { hubs, images, seen: observation.hubs });
  };
  const versions = versionsIn(
    intents,
    await ask(countByTag(productCondition(product), reportedField("currentFwVersion"))),
  );
  const underWay = intents.findLast((intent) => isJudged(intent));
  const exposure =
    options.exposure ??
    (underWay === undefined ? plannedExposure(seen.planned) : await exposureOf(underWay, observation, ask));
  const outlook = outlookIn(seen, underWay, ports.settings.queryLag);
  return {
    product,
    at: observation.at,
    versions,
    intents,
    judgements,
    next: seen.next ?? DUE,
    overrides: seen.overrides,
    repeatFailers: repeatFailers(intents),
    hubs: standingsOf(observation),
    ...(observation.store?.head === undefined ? {} : { head: observation.store.head.digest }),
    ...(outlook === undefined ? {} : { outlook }),
    ...(exposure === undefined ? {} : { exposure }),
  };
}

/** Devices by those of the versions they report that the records know. What was not counted is not shown as nobody. */
function versionsIn(intents: readonly Intent[], counted: Answer): Readonly<Record<string, number>> {
  const byVersion = counted.kind === "count" ? counted.byStratum : {};
  const known = new Set(intents.map(({ version }) => version));
  return Object.fromEntries(
    [...known].flatMap((version) => {
      const devices = byVersion[version] ?? 0;
      return devices > 0 ? [[version, devices]] : [];
    }),
  );
}

function standingsOf({ hubs, store }: Observation): readonly HubStanding[] {
  return hubs.map(({ name, listing }) => {
    if (listing === undefined) return { name, state: "silent" };
    return { name, state: store === undefined ? "unread" : (store.refs.get(name)?.place ?? "absent") };
  });
}

/** What the plan has counted already. */
function plannedExposure(planned: PlannedRelease | undefined): Exposure | undefined {
  if (planned === undefined) return undefined;
  const waves = planned.waves.map(({ name, added }) => ({ name, adds: totalOf(added), exposed: 0 }));
  return { exposed: 0, unexposed: totalOf(planned.waves.at(-1)?.devices ?? {}), waves };
}

async function exposureOf(
  intent: RolloutIntent,
  observation: Observation,
  ask: (id: string) => Promise<Answer>,
): Promise<Exposure | undefined> {
  const answers = new Map(observation.answers);
  const asked = askExposure(answers, intent);
  if (asked.kind === "ask")
    for (const { id } of asked.questions) if (!answers.has(id)) answers.set(id, await ask(id));
  const counted = askExposure(answers, intent);
  return counted.kind === "known" ? counted.value : undefined;
}

function outlookIn(
  { declared, observation, judgements, planned }: SeenProduct,
  underWay: RolloutIntent | undefined,
  queryLagMs: number,
): Outlook | undefined {
  const release = underWay?.release ?? planned?.release;
  if (release === undefined) return undefined;
  const { fleet, product } = declared;
  const judgement = judgements.find(({ intent }) => intent.attempt === underWay?.attempt);
  const judged = judgement?.kind === "judged" ? judgement : undefined;
  return outlookOf({
    at: observation.at,
    release,
    fleet,
    product: fleet.products[product],
    queryLagMs: queryLagMs + accessLatencyMs(fleet.products[product]),
    position:
      underWay === undefined
        ? undefined
        : { ...underWay, bakedSince: judged?.bakedSince, isPromoted: judged?.verdict.kind === "promote" },
  });
}
