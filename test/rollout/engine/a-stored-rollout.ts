import { apply } from "../../../rollout/reconcile/apply.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import type { StoredFiles } from "../../../rollout/model/store-contents.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type Behaviour } from "../../support/world.ts";

const MINUTES = 60_000;

/** What a store holds after a whole rollout of 1.1.0: one that settled, or one that the gate took back. */
export async function aStoredRollout(kind: "good" | "bad"): Promise<StoredFiles> {
  const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
  const behave: Behaviour = ({ version, stratum }) =>
    kind === "bad" && version === "1.1.0" && stratum === "B" ? "failed" : "ok";
  const clock = {
    ...world.ports.clock,
    sleep: (ms: number) => {
      world.advance(ms);
      world.settle(behave);
      return Promise.resolve();
    },
  };
  const ports = { ...world.ports, clock };
  const product = declared(aRelease("1.1.0"));
  const options = { actor: "test", queryLagMs: 5 * MINUTES };
  await apply(product, ports, {
    ...options,
    lookEveryMs: 5 * MINUTES,
    signal: new AbortController().signal,
    onEvent: () => undefined,
  });
  world.advance(2 * 24 * 60 * MINUTES);
  await reconcile(product, ports, options);
  return world.ports.records.contents("thermostat");
}
