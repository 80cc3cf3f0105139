import { describe, expect, it } from "vitest";
import { apply, type ApplyEvent } from "../../../rollout/reconcile/apply.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { percent } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type Behaviour, type World } from "../../support/world.ts";

const MINUTES = 60_000;
/** Waves by buckets alone: each release starts at a place of its own. */
const WINDOWS = [
  { name: "10%", cohort: percent(10), kind: "smoke" as const },
  { name: "everyone", cohort: percent(100), kind: "smoke" as const },
];
const wellBehaved: Behaviour = () => "ok";

/** Apply with the world moving on between two looks. */
async function applyIn(
  world: World,
  product: Declared,
  behave: Behaviour,
): Promise<{ outcome: string; events: ApplyEvent[] }> {
  const events: ApplyEvent[] = [];
  const clock = {
    ...world.ports.clock,
    sleep: (ms: number) => {
      world.advance(ms);
      world.settle(behave);
      return Promise.resolve();
    },
  };
  const { outcome } = await apply(
    product,
    { ...world.ports, clock },
    {
      actor: "test",
      queryLagMs: 5 * MINUTES,
      lookEveryMs: 5 * MINUTES,
      signal: new AbortController().signal,
      onEvent: (_, event) => events.push(event),
    },
  );
  return { outcome, events };
}

function kinds(world: World): string[] {
  return [...world.records.values()].map(({ kind, subject }) =>
    subject === null ? kind : `${kind} ${subject}`,
  );
}

describe("a good release", () => {
  it("goes from the canary to everyone, and completion widens nothing", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { outcome } = await applyIn(world, declared(aRelease("1.1.0")), wellBehaved);
    expect(outcome).toBe("done");
    expect(kinds(world)).toEqual([
      "create",
      "adopt fw--thermostat--1-0-0--1",
      "start fw--thermostat--1-1-0--1",
      "promote fw--thermostat--1-1-0--1",
      "promote fw--thermostat--1-1-0--1",
      "complete fw--thermostat--1-1-0--1",
    ]);
    expect(world.exposed("fw--thermostat--1-1-0--1").size).toBe(300);
    expect(world.exposed("fw--thermostat--1-0-0--1").size).toBe(0);
    const [before, after] = [...world.records.values()].slice(-2);
    expect(after?.intents.at(-1)?.condition).toBe(before?.intents.at(-1)?.condition);
  });

  it("promotes each evidence wave on proof in every stratum", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    await applyIn(world, declared(aRelease("1.1.0")), wellBehaved);
    const proofs = [...world.records.values()]
      .filter(({ verdict }) => verdict?.guarantee === "statistical")
      .map(({ verdict }) => verdict?.reasons ?? []);
    expect(proofs).toHaveLength(2);
    for (const reasons of proofs) {
      const proven = reasons.filter(({ code }) => code === "PROVEN");
      expect(proven.map(({ stratum }) => stratum).sort()).toEqual(["A", "B"]);
      for (const { evidence = 0, threshold = Infinity } of proven)
        expect(evidence).toBeGreaterThanOrEqual(threshold);
    }
  });
});

describe("a bad release", () => {
  it("is stopped by the gate, and its devices go back to the adopted baseline", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { outcome } = await applyIn(world, declared(aRelease("1.1.0")), ({ version, stratum }) =>
      version === "1.1.0" && stratum === "B" ? "failed" : "ok",
    );
    expect(outcome).toBe("aborted");
    expect(kinds(world).slice(-2)).toEqual([
      "abort fw--thermostat--1-1-0--1",
      "rolled back fw--thermostat--1-1-0--1",
    ]);
    expect(world.exposed("fw--thermostat--1-1-0--1").size).toBe(0);
    const baseline = world.exposed("fw--thermostat--1-0-0--1");
    expect(baseline.size).toBeGreaterThan(0);
    expect(
      [...world.devices.all()].every(
        ({ reported }) =>
          (reported.value["firmware"] as { currentFwVersion: string }).currentFwVersion === "1.0.0",
      ),
    ).toBe(true);
  });

  it("after another bad one, with other devices, leaves nobody behind", async () => {
    const world = createWorld({
      devices: aFleet(),
      version: "1.0.0",
      images: imagesOf("1.0.0", "1.1.0", "1.2.0", "1.3.0"),
    });
    const releases = ["1.1.0", "1.2.0", "1.3.0"].map((version) => aRelease(version, { waves: WINDOWS }));
    const behave: Behaviour = ({ version }) =>
      version === "1.0.0" ? "ok" : version === "1.2.0" ? "silent" : "failed";
    for (const count of [1, 2, 3]) {
      const { outcome } = await applyIn(world, declared(...releases.slice(0, count)), behave);
      expect(outcome).toBe("aborted");
    }
    const asked = [...world.devices.all()].map(
      ({ desired }) => (desired.value["firmware"] as { fwVersion: string } | undefined)?.fwVersion,
    );
    // Whoever was asked to run one of the three is asked to run the baseline; nobody is left with no request at all.
    expect(new Set(asked)).toEqual(new Set([undefined, "1.0.0"]));
    const touched = [...world.devices.all()].filter(
      ({ reported }) => (reported.value["firmware"] as { rolloutId: string }).rolloutId !== "",
    );
    expect(touched.length).toBeGreaterThan(60);
    for (const { reported } of touched) {
      expect(reported.value["firmware"]).toMatchObject({
        rolloutId: "fw--thermostat--1-0-0--1",
        currentFwVersion: "1.0.0",
      });
    }
  });

  it("does not start again, whoever applies", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const product = declared(aRelease("1.1.0"));
    await applyIn(world, product, ({ version }) => (version === "1.1.0" ? "failed" : "ok"));
    const records = world.records.size;
    const { outcome } = await applyIn(world, product, wellBehaved);
    expect(outcome).toBe("done");
    expect(world.records.size).toBe(records);
  });

  it("that only falls silent is stopped after the deadline", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { outcome } = await applyIn(world, declared(aRelease("1.1.0")), ({ version, stratum }) =>
      version === "1.1.0" && stratum === "B" ? "silent" : "ok",
    );
    expect(outcome).toBe("aborted");
    expect([...world.records.values()].find(({ kind }) => kind === "abort")?.reason).toMatch(/silent/);
  });

  it("above a watched one is taken back without taking the watched one back", async () => {
    const world = createWorld({
      devices: aFleet(),
      version: "1.0.0",
      images: imagesOf("1.0.0", "1.1.0", "1.2.0"),
    });
    await applyIn(world, declared(aRelease("1.1.0")), wellBehaved);
    const { outcome } = await applyIn(
      world,
      declared(aRelease("1.1.0"), aRelease("1.2.0")),
      ({ version, stratum }) => (version === "1.2.0" && stratum === "B" ? "failed" : "ok"),
    );
    expect(outcome).toBe("aborted");
    const head = [...world.records.values()].at(-1);
    expect(head?.intents.map(({ version, state }) => `${version} ${state}`)).toEqual([
      "1.0.0 adopted",
      "1.1.0 watching",
      "1.2.0 rolled back",
    ]);
    await applyIn(world, declared(aRelease("1.1.0"), aRelease("1.2.0")), wellBehaved);
    expect([...world.records.values()].at(-1)?.intents[1]?.state).toBe("watching");
  });
});

describe("a run with nothing to do", () => {
  it("looks once and writes nothing", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0") });
    const product = declared();
    await applyIn(world, product, wellBehaved);
    const calls: string[] = [];
    world.fault = ({ when, call }) => {
      if (when === "before") calls.push(call);
    };
    const { steps, status } = await reconcile(product, world.ports, { actor: "test", queryLagMs: 0 });
    expect(steps).toEqual([]);
    expect(status?.phase).toBe("idle");
    expect(calls.filter((call) => /create|replace|put/.test(call))).toEqual([]);
    expect(calls.filter((call) => call === "list")).toHaveLength(1);
  });
});
