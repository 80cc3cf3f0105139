import { attemptId } from "../../../rollout/model/attempt.ts";
import type { Look } from "../../../rollout/model/look.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import { makeStop, type Stop } from "../../../rollout/model/stop.ts";

export const ATTEMPT = attemptId("thermostat", "1.1.0", 1);

/** A decision that differs from others by its reason. */
export function aRecord(reason: string): RolloutRecord {
  return {
    schemaVersion: 1,
    product: "thermostat",
    parent: null,
    kind: "create",
    at: "2026-01-01T00:00:00.000Z",
    actor: "test",
    reason,
    subject: null,
    intents: [],
    stops: [],
  };
}

/** A look that differs from others by its instant. */
export function aLook(at: number): Look {
  return { at, wave: 0, views: { all: { A: { ok: 1, failed: 0, contacted: 2 } }, wave: {} }, answered: 3 };
}

/** An abort of a release, by its digest or by whatever stood in the label. */
export function anAbort(release: string): Stop {
  return makeStop({
    kind: "abort",
    attempt: ATTEMPT,
    release,
    actor: "gate",
    at: "2026-01-01T00:00:00.000Z",
    reason: "bad",
    nonce: "n",
  });
}
