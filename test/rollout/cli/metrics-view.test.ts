import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renderPlan } from "../../../rollout/cli/views/plan.ts";
import { rolloutLines } from "../../../rollout/cli/views/rollout-lines.ts";
import { renderStatus, statusForJson } from "../../../rollout/cli/views/status.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { overviewOf } from "../../../rollout/reconcile/overview.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import type { MetricDeclaration } from "../../../rollout/wavegate.ts";
import { metricStage, withMetrics, type Stage } from "../reconcile/metric-stage.ts";

const HEAT: MetricDeclaration = {
  name: "heat",
  source: "lab",
  query: "heat#/heat",
  judge: { kind: "limit", above: 80, failures: 2 },
  freshness: "15 minutes",
};
const CRASHES: MetricDeclaration = {
  name: "crashes",
  source: "lab",
  query: { bad: "c#/bad", total: "c#/total" },
  judge: { kind: "binomial", tolerate: "2%", reject: "10%" },
  freshness: "1 hour",
  mode: "shadow",
};
const PRODUCT = withMetrics(HEAT, CRASHES);

let at: Stage;
beforeEach(async () => {
  at = await metricStage();
});
afterEach(() => at[Symbol.asyncDispose]());

async function observed(product: Declared): Promise<Awaited<ReturnType<typeof observeProduct>>> {
  return observeProduct(product, { ...at.world.ports, metrics: at.metrics, settings: { queryLag: 0 } });
}

describe("a release with metrics", () => {
  it("is planned with what each of them does, and with its hold-out", async () => {
    const { plan } = await observed(PRODUCT);
    if (plan.kind !== "known") throw new Error("the plan was not made");
    const text = renderPlan(plan.value);
    expect(text).toContain(
      [
        "  metric heat of lab: stops above 80, 2 times in a row (no error rate), data at most 15 minutes old",
        "  metric crashes of lab, in shadow: tolerate 2%, abort at 80, promote at 20 that fewer than 10% are bad, data at most 1 hour old",
        "  hold-out: 10% of the buckets, reached by the last wave alone",
      ].join("\n"),
    );
  });

  it("shows in its status what each says, and what its source said of trouble", async () => {
    at.service.say = ({ path }) =>
      path.startsWith("/heat") ? { body: '{"heat":61.25}' } : { body: '{"bad":30,"total":60}' };
    await at.bake(PRODUCT);
    const look = async (): Promise<Parameters<typeof renderStatus>[0]> => {
      const seen = { ...(await observed(PRODUCT)), declared: PRODUCT };
      const settings = { queryLag: 0 };
      return { ...(await overviewOf(seen, { ...at.world.ports, settings })), hub: "memory" };
    };
    const text = renderStatus(await look());
    expect(text).toContain("metric heat: 61.25, the limit is at most 80");
    expect(text).toMatch(
      /metric crashes: 30 of 60 bad: evidence [\d.e,]+ against at most 2%, abort at 80 \(shadow: it would stop the release\)/,
    );
    expect(JSON.stringify(statusForJson(await look()))).toContain('"state":"measured"');
    at.service.say = () => ({ status: 401 });
    const broken = renderStatus(await look());
    expect(broken).toContain("metric heat: source lab is broken, it refuses us; no-data policy: hold");
    expect(broken).toMatch(/metric heat: 127\.0\.0\.1:\d+ answered with 401: is the token right\?/);
  });

  it("tells in the lines of a run what holds, and not what passes", async () => {
    at.service.say = ({ path }) =>
      path.startsWith("/heat") ? { body: '{"heat":95}' } : { body: '{"bad":0,"total":60}' };
    await at.rest(PRODUCT);
    at.world.settle(() => "ok");
    const lines: string[] = [];
    const view = rolloutLines((line) => lines.push(line));
    await reconcile(
      PRODUCT,
      { ...at.world.ports, metrics: at.metrics },
      {
        actor: "test",
        queryLagMs: 0,
        onEvent: (event) => {
          view.onEvent("thermostat", event);
        },
      },
    );
    const text = lines.join("\n");
    expect(text).toContain("metric heat: 95, the limit is at most 80, 1 of 2 times in a row");
    expect(text).not.toContain("metric crashes");
  });
});
