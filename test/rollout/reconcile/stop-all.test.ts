import { describe, expect, it } from "vitest";
import { attemptId, parseAttemptId } from "../../../rollout/model/attempt.ts";
import { digestOf } from "../../../rollout/model/digest.ts";
import { slotOf } from "../../../rollout/model/labels.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { releaseDocument } from "../../../rollout/plan/documents.ts";
import { windowCondition } from "../../../rollout/plan/bucket-window.ts";
import { productCondition } from "../../../rollout/plan/target-condition.ts";
import { stopAll, type StoppedProduct } from "../../../rollout/reconcile/stop-all.ts";
import { anArtifact } from "../../support/declarations.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, headRecord, HOUR, inCanary, PRODUCT, rest, stateOf } from "./in-canary.ts";

/** A release of another product, whose records nobody has. */
async function another(world: World, product: string, condition: string): Promise<string> {
  const attempt = attemptId(product, "2.0.0", 1);
  const document = releaseDocument({
    product,
    version: "2.0.0",
    attempt,
    digest: digestOf(product),
    artifact: anArtifact("2.0.0"),
    priority: 1_010,
    imageBase: "https://images.test",
    adopted: false,
  });
  const created = await world.hub.create(document);
  await world.hub.replace({ ...document, condition }, created.etag);
  return attempt;
}

async function all(world: World, kind: "hold" | "abort"): Promise<readonly StoppedProduct[]> {
  return (await stopAll({ kind, actor: "operator", reason: "stop the line" }, world.ports)).products;
}

function kindOf(world: World, id: string): string | undefined {
  const attempt = parseAttemptId(id);
  return attempt && slotOf(world.configuration(id)?.labels ?? {}, attempt)?.kind;
}

const part = (product: string): string =>
  `${productCondition(product)} AND (${windowCondition({ start: 5, width: 10 })})`;
const everyone = (product: string): string =>
  `${productCondition(product)} AND (${windowCondition({ start: 0, width: 1_000_000 })})`;

describe("stop --all", () => {
  it("holds every product under way, the widest exposure first", async () => {
    const world = await inCanary();
    const pump = await another(world, "pump", part("pump"));
    const results = await all(world, "hold");
    expect(results.map(({ product }) => product)).toEqual(["thermostat", "pump"]);
    expect(kindOf(world, ATTEMPT)).toBe("hold");
    expect(kindOf(world, pump)).toBe("hold");
    await rest(world);
    expect(headRecord(world)).toMatchObject({ kind: "hold", actor: "operator", reason: "stop the line" });
    world.advance(40 * HOUR);
    await rest(world, PRODUCT);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("goes on past a product that cannot be stopped, and says which", async () => {
    const world = await inCanary();
    const pump = await another(world, "pump", part("pump"));
    world.fault = ({ when, call }) => {
      if (when === "before" && call === `replace ${ATTEMPT}`)
        throw new WavegateError("HUB_UNREACHABLE", "no answer", { hint: "" });
    };
    const results = await all(world, "abort");
    expect(results).toMatchObject([
      { product: "thermostat", kind: "failed", code: "HUB_UNREACHABLE" },
      { product: "pump", kind: "stopped" },
    ]);
    expect(kindOf(world, pump)).toBe("abort");
    expect(world.configuration(pump)?.condition).toBe("");
  });

  it("needs no store", async () => {
    const world = await inCanary();
    world.fault = ({ call }) => {
      if (["taken mark", "get record", "tombstone", "tombstones", "looks"].includes(call))
        throw new WavegateError("RECORD_STORE_FAILED", "down", { hint: "" });
    };
    expect(await all(world, "abort")).toMatchObject([{ product: "thermostat", kind: "stopped" }]);
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("leaves completed releases and products at rest alone", async () => {
    const world = await inCanary();
    for (let count = 0; count < 4; count++) {
      world.advance(4 * HOUR);
      await rest(world);
      world.settle(() => "ok");
      await rest(world);
    }
    expect(stateOf(world)).toBe("watching");
    expect(await all(world, "abort")).toEqual([]);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });

  it("takes nothing back that may be what a fleet runs for good, while the records are silent", async () => {
    const world = await inCanary();
    const pump = await another(world, "pump", everyone("pump"));
    const results = await all(world, "abort");
    const found = results.find(({ product }) => product === "pump");
    expect(found).toMatchObject({
      kind: "stopped",
      note: expect.stringContaining("held, not aborted") as string,
    });
    expect(kindOf(world, pump)).toBe("hold");
    expect(world.configuration(pump)?.condition).toBe(everyone("pump"));
  });
});
