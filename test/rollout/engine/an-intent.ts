import type { StepInput } from "../../../rollout/engine/observation.ts";
import { attemptId } from "../../../rollout/model/attempt.ts";
import { digestOf } from "../../../rollout/model/digest.ts";
import { isoInstant } from "../../../rollout/model/instant.ts";
import type { Look } from "../../../rollout/model/look.ts";
import type { Answer } from "../../../rollout/model/question.ts";
import type { RolloutIntent, RolloutRecord } from "../../../rollout/model/record.ts";
import { digestOfRelease, parseRelease } from "../../../rollout/model/release.ts";
import { aRelease, declared } from "../../support/declarations.ts";

const { release } = parseRelease(aRelease("1.1.0"), "release.ts");
if (release === undefined) throw new Error("the builder's release is wrong");

/** The release that intents of these tests roll out. */
export const RELEASE = release;

/** An intent of a running release with two strata; change what matters. */
export function anIntent(
  changes: Partial<Omit<RolloutIntent, "attempt">> & { readonly attempt?: number } = {},
): RolloutIntent {
  const { attempt = 1, ...rest } = changes;
  return {
    state: "running",
    attempt: attemptId("thermostat", "1.1.0", attempt),
    version: "1.1.0",
    digest: digestOfRelease(RELEASE),
    condition: "x",
    priority: 1_010,
    created: {},
    release: RELEASE,
    wave: 0,
    strata: ["A", "B"],
    proving: ["A", "B"],
    openedAt: 0,
    targeted: { A: 100, B: 100 },
    added: { A: 100, B: 100 },
    part: 1,
    partOpenedAt: 0,
    windows: {},
    author: "author",
    approvals: [],
    overrides: [],
    ...rest,
  };
}

/** What a decision about one judged release is made of. */
export function anObservation(input: {
  readonly intent: RolloutIntent;
  readonly stored?: readonly Look[];
  readonly at: number;
  readonly answers: ReadonlyMap<string, Answer>;
}): StepInput {
  const { intent, stored = [], at, answers } = input;
  const record: RolloutRecord = {
    schemaVersion: 1,
    product: "thermostat",
    parent: null,
    kind: "start",
    at: isoInstant(0),
    actor: "test",
    reason: "test",
    subject: intent.attempt,
    intents: [intent],
    stops: [],
  };
  return {
    declared: declared(),
    observation: {
      at,
      hubs: [{ name: "memory", listing: { configurations: [] } }],
      store: {
        head: { digest: digestOf(record), record },
        stopIds: new Set(),
        conditions: new Map(),
        approvals: [],
        refs: new Map(),
        tombstones: new Set(),
        looks: new Map([[intent.attempt, stored]]),
      },
      answers,
    },
    deciding: { actor: "test", imageBase: "https://images.test", queryLagMs: 0, nonce: "n" },
  };
}
