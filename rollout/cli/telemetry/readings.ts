import type { Instrument, Reading } from "../../adapters/telemetry/telemetry.ts";
import { countsFrom } from "../../engine/assess-evidence.ts";
import type { Judgement } from "../../engine/judge.ts";
import type { Status } from "../../engine/step.ts";
import { abortEvidence } from "../../gate/abort-evidence.ts";
import { evidenceOf } from "../../gate/evidence-of.ts";
import { promoteEvidence } from "../../gate/proof.ts";
import { isRolledOut, type Intent, type RolloutIntent } from "../../model/record.ts";
import type { View } from "../../model/verdict.ts";
import type { Overview } from "../../reconcile/overview.ts";
import { INSTRUMENTS } from "./instruments.ts";

/** What a status tells, in numbers. */
export function readingsOfOverview(overview: Overview): readonly Reading[] {
  const { product, versions, intents, judgements, next, at } = overview;
  const running = Object.entries(versions).map(([version, devices]) =>
    reading(INSTRUMENTS.running, devices, { "wavegate.product": product, "wavegate.release": version }),
  );
  return [
    ...readingsOfLook(product, at),
    ...readingsOfStatus(product, next),
    ...readingsOfIntents(product, intents),
    ...running,
    ...judgements.flatMap(readingsOfJudgement),
  ];
}

/** That a product was looked at. */
export function readingsOfLook(product: string, at: number): readonly Reading[] {
  return [reading(INSTRUMENTS.lookTime, at / 1_000, { "wavegate.product": product })];
}

/** Whether a person is needed. */
export function readingsOfStatus(product: string, { needsPerson }: Status): readonly Reading[] {
  return [reading(INSTRUMENTS.personNeeded, needsPerson ? 1 : 0, { "wavegate.product": product })];
}

const STATES = [
  "adopted",
  "running",
  "held",
  "watching",
  "settled",
  "superseded",
  "rolling back",
  "rolled back",
  "halted",
] as const satisfies readonly Intent["state"][];

/** Where each release stands: of a version that was tried several times its latest attempt. */
export function readingsOfIntents(product: string, intents: readonly Intent[]): readonly Reading[] {
  const latest = new Map(intents.map((intent) => [intent.version, intent]));
  return [...latest.values()].flatMap((intent) => {
    const attributes = { "wavegate.product": product, "wavegate.release": intent.version };
    const states = STATES.map((state) =>
      reading(INSTRUMENTS.state, intent.state === state ? 1 : 0, { ...attributes, "wavegate.state": state }),
    );
    if (!isRolledOut(intent)) return states;
    return [
      ...states,
      reading(INSTRUMENTS.wave, intent.wave + 1, attributes),
      reading(INSTRUMENTS.waves, intent.release.waves.length, attributes),
      ...Object.entries(intent.targeted).map(([stratum, devices]) =>
        reading(INSTRUMENTS.exposed, devices, { ...attributes, "wavegate.stratum": stratum }),
      ),
    ];
  });
}

/** What was counted of a release, and what the gate makes of it; nothing where something did not answer: it is no zero. */
export function readingsOfJudgement(judgement: Judgement): readonly Reading[] {
  if (judgement.kind !== "judged") return [];
  const { intent, evidence } = judgement;
  const attributes = { "wavegate.product": intent.release.product, "wavegate.release": intent.version };
  const counts = Object.entries(evidence.counts.cumulative).flatMap(([stratum, found]) => {
    const here = { ...attributes, "wavegate.stratum": stratum };
    return [
      reading(INSTRUMENTS.contacted, found.most, here),
      reading(INSTRUMENTS.ok, found.ok, here),
      reading(INSTRUMENTS.failed, found.failed, here),
      reading(INSTRUMENTS.silent, found.silent, here),
      reading(INSTRUMENTS.unresolved, found.unresolved, here),
    ];
  });
  return [...counts, ...gateReadings(judgement, intent)];
}

function gateReadings(
  { evidence }: Extract<Judgement, { kind: "judged" }>,
  { release, version }: RolloutIntent,
): readonly Reading[] {
  const attributes = { "wavegate.product": release.product, "wavegate.release": version };
  const { gate } = release;
  const { strata, thresholds, proving } = evidence;
  const isProof = evidence.judgedAs === "open" && release.waves[evidence.wave]?.kind === "evidence";
  const views: readonly View[] = isProof ? ["cumulative", "wave"] : ["cumulative"];
  const against = { ...attributes, "wavegate.verdict": "abort" };
  const pro = { ...attributes, "wavegate.verdict": "promote", "wavegate.view": "wave" };
  return [
    ...abortEvidence({ gate, counts: countsFrom(evidence.counts), strata, thresholds }, views).map(
      ({ stratum, view, logE }) =>
        reading(INSTRUMENTS.evidence, evidenceOf(logE), {
          ...against,
          "wavegate.view": view,
          "wavegate.stratum": stratum,
        }),
    ),
    ...views.map((view) =>
      reading(INSTRUMENTS.threshold, thresholds[view], { ...against, "wavegate.view": view }),
    ),
    ...(isProof ? proving : []).map((stratum) => {
      const { logE } = promoteEvidence(gate, ownOf(evidence.counts.wave, stratum));
      return reading(INSTRUMENTS.evidence, evidenceOf(logE), { ...pro, "wavegate.stratum": stratum });
    }),
    ...(isProof ? [reading(INSTRUMENTS.threshold, thresholds.promote, pro)] : []),
  ];
}

/** A stratum's name comes from a device's tags: one called "constructor" must not find an object's own. */
function ownOf<T>(byStratum: Readonly<Record<string, T>>, stratum: string): T | undefined {
  return Object.hasOwn(byStratum, stratum) ? byStratum[stratum] : undefined;
}

function reading(instrument: Instrument, value: number, attributes: Reading["attributes"]): Reading {
  return { instrument, value, attributes };
}
