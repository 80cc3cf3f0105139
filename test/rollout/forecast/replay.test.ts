import { beforeAll, describe, expect, it } from "vitest";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { replay, type Replay } from "../../../rollout/forecast/replay/replay.ts";
import type { Gate } from "../../../rollout/model/gate.ts";
import type { StoreContents } from "../../../rollout/model/store-contents.ts";
import { aRelease, declared } from "../../support/declarations.ts";
import { aStoredRollout } from "../engine/a-stored-rollout.ts";

const HOUR = 3_600_000;
const OWN = declared(aRelease("1.1.0")).releases[0]!.release.gate;

let bad: StoreContents;
let good: StoreContents;
beforeAll(async () => {
  bad = readStored(await aStoredRollout("bad"));
  good = readStored(await aStoredRollout("good"));
});

function only(contents: StoreContents, gate: Gate): Replay {
  const found = replay(contents, gate);
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe("replay", () => {
  it("finds the recorded stop again under the rollout's own gate, at the same look", () => {
    const { recorded, replayed } = only(bad, OWN);
    expect(recorded).toMatchObject({ by: "gate", wave: "half" });
    expect(replayed).toMatchObject(recorded!);
    expect(replayed!.reasons[0]).toMatchObject({ code: "FAILURES", stratum: "B" });
  });

  it("finds no stop where the gate tolerates what happened", () => {
    const { recorded, replayed } = only(bad, { ...OWN, tolerate: 0.98, reject: 0.99, harmCap: 10_000 });
    expect(recorded).toBeDefined();
    expect(replayed).toBeUndefined();
  });

  it("stops sooner where the gate bears fewer failures, and counts the devices that spares", () => {
    const [[attempt, looks] = []] = [...bad.looks];
    const last = looks!.at(-1)!;
    const few = { A: { ok: 75, failed: 0, contacted: 0 }, B: { ok: 0, failed: 2, contacted: 4 } };
    const sooner = { ...last, at: last.at - 60_000, views: { all: few, wave: few } };
    const contents = { ...bad, looks: new Map([[attempt!, [...looks!.slice(0, -1), sooner, last]]]) };
    const { recorded, replayed } = only(contents, { ...OWN, harmCap: 2 });
    expect(recorded).toMatchObject({ at: last.at, contacted: 147, bad: 72 });
    expect(replayed).toMatchObject({ at: sooner.at, contacted: 81, bad: 2, reasons: [{ code: "HARM_CAP" }] });
  });

  it("lets each wave on at the recorded look under its own gate", () => {
    const { waves } = only(good, OWN);
    expect(waves).toHaveLength(3);
    for (const { promotedAt, promotesAt } of waves) expect(promotesAt).toBe(promotedAt);
  });

  it("tells how much sooner a shorter bake would have let a wave on", () => {
    const { waves } = only(good, { ...OWN, deadlineMs: HOUR, bakeMs: HOUR });
    for (const { promotedAt, promotesAt } of waves)
      expect(promotedAt - promotesAt!).toBeGreaterThanOrEqual(2 * HOUR);
  });

  it("tells why a longer bake would have kept a wave", () => {
    const { waves } = only(good, { ...OWN, bakeMs: 9 * HOUR });
    for (const { promotesAt, holds } of waves) {
      expect(promotesAt).toBeUndefined();
      expect(holds?.[0]?.code).toBe("BAKING");
    }
  });

  it("has nothing to judge where no look is stored", () => {
    const found = only({ ...bad, looks: new Map() }, OWN);
    expect(found.looks).toBe(0);
    expect(found.replayed).toBeUndefined();
  });
});
