import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { verifyStore } from "../../../rollout/engine/verify/verify-store.ts";
import { evidenceDigest } from "../../../rollout/model/evidence.ts";
import { digestOfOverride, type OverrideFile } from "../../../rollout/model/override-declaration.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { isRolledOut, type Override } from "../../../rollout/model/record.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import type { ProductPlan } from "../../../rollout/plan/product-plan.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { planIn } from "../../../rollout/cli/plans/saved-plan.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, Crash, crashAt, headRecord, HOUR, look, rest, stateOf } from "./in-canary.ts";
import { failOne, loseOne, seenEvidence, STRICT, stuck } from "./stuck-wave.ts";

const FILE = "rollout/overrides/canary.ts";

/** The product with one override file, for the canaries as they are, two hours long. */
async function withFile(world: World, more: Partial<OverrideFile> = {}): Promise<Declared> {
  const override: OverrideFile = {
    product: "thermostat",
    version: "1.1.0",
    wave: "canary",
    evidence: (await seenEvidence(world)).slice(0, 12),
    reason: "that one is in a drawer",
    until: world.now() + 2 * HOUR,
    ...more,
  };
  return { ...STRICT, overrides: [{ override, file: FILE }] };
}

function recorded(world: World): readonly Override[] {
  return headRecord(world).intents.flatMap((intent) => (isRolledOut(intent) ? intent.overrides : []));
}

function kinds(world: World): readonly string[] {
  return [...world.records.values()].map(({ kind }) => kind);
}

/** What becomes of the file, as status and plan tell it. */
async function told(world: World, product: Declared): Promise<string> {
  const { overrides } = await observeProduct(product, { ...world.ports, settings: { queryLag: 0 } });
  return overrides.map(({ text }) => text).join("\n");
}

async function planned(world: World, product: Declared): Promise<ProductPlan> {
  return planIn(
    await observeProduct(product, { ...world.ports, settings: { queryLag: 0 } }),
    product.product,
  );
}

describe("an override file", () => {
  it("is recorded by whoever reconciles, with its reason, its name and its end, and lets the wave on", async () => {
    const world = await stuck();
    const product = await withFile(world);
    const { at } = (await observeProduct(product, { ...world.ports, settings: { queryLag: 0 } })).observation;
    expect(await told(world, product)).toMatch(/^due: apply records it; the gate holds: 5 of 6/);
    await rest(world, product);
    expect(kinds(world).slice(-2)).toEqual(["override", "promote"]);
    const [made] = recorded(world);
    const evidence = evidenceOf(world);
    expect(made).toEqual({
      wave: "canary",
      evidence,
      actor: "test",
      reason: "that one is in a drawer",
      at,
      until: at + 2 * HOUR,
      file: { name: "canary.ts", digest: digestOfOverride(product.overrides![0]!.override) },
    });
    const record = [...world.records.values()].at(-2);
    expect(record).toMatchObject({ reason: "that one is in a drawer (canary.ts)", actor: "test" });
    expect(headRecord(world).verdict).toMatchObject({ kind: "promote", guarantee: "overridden" });
    expect(await told(world, product)).toBe("recorded at 2026-01-02T06:00Z by test");
    const { problems } = verifyStore(readStored(await world.ports.records.contents("thermostat")));
    expect(problems).toEqual([]);
  });

  it("is recorded once: the next wave holds, and a later run adds nothing", async () => {
    const world = await stuck();
    const product = await withFile(world);
    await rest(world, product);
    loseOne(world);
    world.settle(() => "ok");
    world.advance(30 * HOUR);
    await rest(world, product);
    await rest(world, product);
    expect(recorded(world)).toHaveLength(1);
    expect(kinds(world).filter((kind) => kind === "override")).toHaveLength(1);
    expect(await told(world, product)).toContain("; it is expired");
  });

  it("grants nothing in a run that starts nothing, and nothing to a checkout that lacks the release", async () => {
    const world = await stuck();
    const product = await withFile(world);
    await reconcile(product, world.ports, { actor: "cron", queryLagMs: 0, startsNothing: true });
    expect(kinds(world)).not.toContain("override");
    await rest(world, { ...product, releases: [] });
    expect(kinds(world)).not.toContain("override");
  });

  it.each<[string, (world: World) => unknown, RegExp]>([
    [
      "its counts are others",
      failOne,
      /^void: the counts of "canary" are [0-9a-f]{12} now, the override is for/,
    ],
    [
      "it is expired",
      (world) => {
        world.advance(2 * HOUR);
      },
      /^void: it is expired$/,
    ],
    [
      "the release was stopped",
      (world) =>
        stopRelease({ kind: "abort", product: "thermostat", actor: "bob", reason: "no" }, world.ports).then(
          () => rest(world, STRICT),
        ),
      /^void: thermostat 1.1.0 is rolling back$/,
    ],
  ])("says nothing when %s, and status says why", async (_, happens, text) => {
    const world = await stuck();
    const product = await withFile(world);
    await happens(world);
    expect(await told(world, product)).toMatch(text);
    await rest(world, product);
    expect(kinds(world)).not.toContain("override");
    expect(kinds(world)).not.toContain("promote");
  });

  it.each<[string, Partial<OverrideFile>, RegExp]>([
    ["its wave is to come", { wave: "half" }, /^waits: the open wave is "canary", not "half"$/],
    ["its release has not started", { version: "1.2.0" }, /^waits: thermostat 1.2.0 has not started$/],
    ["it names too few digits", { evidence: "" }, /^void: the counts of "canary" are/],
  ])("waits or is void when %s", async (_, more, text) => {
    const world = await stuck();
    const product = await withFile(world, more);
    await rest(world, product);
    expect(await told(world, product)).toMatch(text);
    expect(recorded(world)).toEqual([]);
  });

  it("is said to wait while the records cannot be read, and grants nothing then", async () => {
    const world = await stuck();
    const product = await withFile(world);
    world.fault = ({ when, call }) => {
      if (when === "before" && call === "get record")
        throw new WavegateError("RECORD_STORE_FAILED", "no answer", { hint: "" });
    };
    expect(await told(world, product)).toBe("waits: the records cannot be read");
    await rest(world, product);
    expect(kinds(world)).not.toContain("override");
  });

  it("never stands over an abort", async () => {
    const world = await stuck();
    for (const deviceId of [...world.exposed(ATTEMPT)].slice(0, 3))
      world.devices.mergeReported(deviceId, { firmware: { outcome: "failed" } });
    const product = await withFile(world);
    await rest(world, product);
    expect(kinds(world)).not.toContain("override");
    expect(stateOf(world)).toBe("rolling back");
  });

  it("that was recorded stands when the file is removed, until its own end", async () => {
    for (const [hours, exposed] of [
      [1, true],
      [2, false],
    ] as const) {
      const world = await stuck();
      // Held meanwhile: recorded, and nothing can be promoted yet.
      await stopRelease({ kind: "hold", product: "thermostat", actor: "bob", reason: "wait" }, world.ports);
      await rest(world, await withFile(world));
      expect(recorded(world)).toHaveLength(1);
      expect(stateOf(world)).toBe("held");
      world.advance(hours * HOUR);
      await resume(STRICT, world.ports, { actor: "bob", queryLagMs: 0, reason: "go" });
      await rest(world, STRICT);
      expect(world.exposed(ATTEMPT).size > 5).toBe(exposed);
      expect(recorded(world)).toHaveLength(1);
    }
  });

  it("that was edited after it was recorded is another one", async () => {
    const world = await stuck();
    await stopRelease({ kind: "hold", product: "thermostat", actor: "bob", reason: "wait" }, world.ports);
    await rest(world, await withFile(world));
    const longer = await withFile(world, { until: world.now() + 3 * HOUR });
    await rest(world, longer);
    expect(await told(world, longer)).toBe('waits: the gate of "canary" is overridden already');
    world.advance(2 * HOUR);
    await rest(world, longer);
    expect(recorded(world).map(({ until }) => until - world.now())).toEqual([0, HOUR]);
  });
});

describe("an override file in bad weather", () => {
  it.each(["put record", "replace wg--thermostat"])("survives a crash at %s", async (call) => {
    for (const when of ["before", "after"] as const) {
      const world = await stuck();
      const product = await withFile(world);
      crashAt(world, when, call);
      await expect(look(world, product)).rejects.toThrow(Crash);
      world.fault = () => undefined;
      await rest(world, product);
      expect(recorded(world)).toHaveLength(1);
      expect(headRecord(world).kind).toBe("promote");
    }
  });

  test.prop({ turns: fc.array(fc.nat(2), { maxLength: 60 }) }, { numRuns: 25 })(
    "is recorded once by controllers whose calls alternate in any way",
    async ({ turns }) => {
      const world = await stuck();
      const product = await withFile(world);
      const waiting: (() => void)[] = [];
      world.fault = () => new Promise<void>((go) => waiting.push(go));
      const runs = Promise.allSettled([look(world, product), look(world, product), look(world, STRICT)]);
      let over = false;
      void runs.then(() => (over = true));
      const isOver = (): boolean => over;
      for (let turn = 0; !isOver(); turn++) {
        const [go] = waiting.splice((turns[turn] ?? 0) % Math.max(1, waiting.length), 1);
        go?.();
        await new Promise(setImmediate);
      }
      world.fault = () => undefined;
      await rest(world, product);
      expect(recorded(world)).toHaveLength(1);
      expect(kindsOfChain(world).filter((kind) => kind === "override" || kind === "promote")).toEqual([
        "override",
        "promote",
      ]);
    },
  );
});

describe("a plan with an override file", () => {
  it("names it as what is due, and has another digest: until it is recorded, or expired", async () => {
    const world = await stuck();
    const without = (await planned(world, STRICT)).digest;
    const product = await withFile(world);
    const { digest, changes, basis } = await planned(world, product);
    expect(digest).not.toBe(without);
    expect(Object.keys(basis.overrides ?? {})).toEqual(['1.1.0 "canary"']);
    expect(changes[0]).toMatchObject({ kind: "override", due: true, version: "1.1.0" });
    expect(changes[0]?.reason).toMatch(
      /^lets wave "canary" on although its gate holds, on evidence [0-9a-f]{12}/,
    );
    await rest(world, product);
    expect((await planned(world, product)).digest).toBe((await planned(world, STRICT)).digest);
    const other = await stuck();
    const expired = await withFile(other);
    other.advance(2 * HOUR);
    expect((await planned(other, expired)).digest).toBe((await planned(other, STRICT)).digest);
  });
});

/** The counts that the override's own record holds. */
function evidenceOf(world: World): string {
  const record = [...world.records.values()].find(({ kind }) => kind === "override");
  if (record?.judged === undefined) throw new Error("no override was recorded");
  return evidenceDigest(record.judged);
}

/** Kinds of the records from the first to the head: what was written and never taken is not among them. */
function kindsOfChain(world: World): readonly string[] {
  const found: string[] = [];
  for (let record: ReturnType<typeof headRecord> | undefined = headRecord(world); record !== undefined;) {
    found.unshift(record.kind);
    record = record.parent === null ? undefined : world.records.get(record.parent);
  }
  return found;
}
