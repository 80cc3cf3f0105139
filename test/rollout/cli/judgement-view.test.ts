import { describe, expect, it } from "vitest";
import { judgementForJson } from "../../../rollout/cli/views/judgement.ts";
import { renderStatus } from "../../../rollout/cli/views/status.ts";
import { judge, type Judgement } from "../../../rollout/engine/judge.ts";
import type { StepInput } from "../../../rollout/engine/observation.ts";
import { statusOf } from "../../../rollout/engine/status.ts";
import { evidenceDigest } from "../../../rollout/model/evidence.ts";
import type { Answer } from "../../../rollout/model/question.ts";
import { anIntent, anObservation } from "../engine/an-intent.ts";

const intent = anIntent();

function observed(answer: Answer): { input: StepInput; judgement: Judgement } {
  const at = 3_600_000;
  const asked = judge(anObservation({ intent, at, answers: new Map() })).questions;
  const input = anObservation({ intent, at, answers: new Map(asked.map(({ id }) => [id, answer])) });
  const [judgement] = judge(input).judgements;
  if (judgement === undefined) throw new Error("nothing was judged");
  return { input, judgement };
}

const BY_STRATUM = { A: { ok: 3, failed: 0, contacted: 1 } };

describe("a judgement for programs", () => {
  it("names its evidence as an override does, and leaves the series of looks out", () => {
    const { judgement } = observed({ kind: "tally", byStratum: BY_STRATUM });
    if (judgement.kind !== "judged") throw new Error("judged otherwise");
    const shown = judgementForJson(judgement);
    expect(shown).toMatchObject({ evidenceDigest: evidenceDigest(judgement.evidence) });
    expect(shown).not.toHaveProperty("series");
  });
});

describe("the status of a release of which a hub did not answer", () => {
  it("says which, for people and for programs, and that nothing is promoted", () => {
    const { input, judgement } = observed({ kind: "tally", byStratum: BY_STRATUM, missing: ["west"] });
    const next = statusOf(input, [judgement]);
    expect(next.text).toBe(
      'wave "canary": the hub did not answer every count (no answer of west (all contacts), west (contacts of this wave)); nothing is promoted',
    );
    const product = {
      product: "thermostat",
      at: 0,
      versions: {},
      intents: [intent],
      judgements: [judgement],
      next,
      repeatFailers: [],
      overrides: [],
      hubs: [],
      hub: "west",
    };
    expect(renderStatus(product)).toMatch(/not judged: no answer of west/);
    expect(judgementForJson(judgement)).toMatchObject({
      kind: "partial",
      missing: ["west (all contacts)", "west (contacts of this wave)"],
    });
  });
});
