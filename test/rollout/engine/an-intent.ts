import { attemptId } from "../../../rollout/model/attempt.ts";
import type { RolloutIntent } from "../../../rollout/model/record.ts";
import { digestOfRelease, parseRelease } from "../../../rollout/model/release.ts";
import { aRelease } from "../../support/declarations.ts";

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
