import { expect } from "vitest";
import { httpJson } from "../../../rollout/adapters/metrics/http-json.ts";
import { metricSources } from "../../../rollout/adapters/metrics/metric-sources.ts";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { verifyStore, type Verification } from "../../../rollout/engine/verify/verify-store.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import type { Verdict } from "../../../rollout/model/verdict.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import type { MetricPort } from "../../../rollout/reconcile/ports.ts";
import { reconcile, type ReconcileResult } from "../../../rollout/reconcile/reconcile.ts";
import { percent, ring, type MetricDeclaration } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { startNumberService, type NumberService } from "../../support/number-service.ts";
import { createWorld, type World } from "../../support/world.ts";
import { HOUR } from "./in-canary.ts";

/** A world whose metrics come over HTTP, from a service on loopback. */
export interface Stage extends AsyncDisposable {
  readonly world: World;
  readonly service: NumberService;
  metrics: MetricPort;
  /** What the gate said at the last look. */
  verdict: Verdict | undefined;
  /** One run of a controller. */
  look(product: Declared): Promise<ReconcileResult>;
  /** Until nothing is left to do at this instant. */
  rest(product: Declared): Promise<ReconcileResult>;
  /** Until the open wave has made contact and baked, every device of it being ok. */
  bake(product: Declared): Promise<void>;
  /** The record of the gate's abort. */
  abort(): RolloutRecord | undefined;
  /** What `verify` finds in the records. */
  verified(): Promise<Verification>;
}

/** Set one up: the service says that the heat is 60. */
export async function metricStage(): Promise<Stage> {
  const service = await startNumberService(() => ({ body: JSON.stringify({ heat: 60 }) }));
  const world = createWorld({ devices: aFleet(60), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
  const stage: Stage = {
    world,
    service,
    metrics: metricSources({ lab: { ask: httpJson({ url: service.url }), timeoutMs: 2_000 } }),
    verdict: undefined,
    look: async (product) => {
      stage.verdict = undefined;
      const result = await reconcile(
        product,
        { ...world.ports, metrics: stage.metrics },
        {
          actor: "test",
          queryLagMs: 0,
          onEvent: (event) => {
            if (event.kind === "judged" && event.judgement.kind !== "unanswered")
              stage.verdict = event.judgement.verdict;
          },
        },
      );
      expect(result.problems).toBeUndefined();
      return result;
    },
    rest: async (product) => {
      for (;;) {
        const result = await stage.look(product);
        if (result.steps.length === 0) return result;
      }
    },
    bake: async (product) => {
      await stage.rest(product);
      world.settle(() => "ok");
      await stage.rest(product);
      world.advance(4 * HOUR);
    },
    abort: () => [...world.records.values()].find(({ kind }) => kind === "abort"),
    verified: async () => verifyStore(readStored(await world.ports.records.contents("thermostat"))),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
  return stage;
}

/** The release 1.1.0 in three smoke waves, with metrics and a hold-out of a tenth. */
export function withMetrics(...metrics: readonly MetricDeclaration[]): Declared {
  const { gate } = aRelease("1.1.0");
  const waves = [
    { name: "canary", cohort: ring("canary"), kind: "smoke" },
    { name: "half", cohort: percent(50), kind: "smoke" },
    { name: "everyone", cohort: percent(100), kind: "smoke" },
  ] as const;
  return declared(aRelease("1.1.0", { waves, gate: { ...gate, metrics }, holdOut: "10%" }));
}
