import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Command, Context, Result } from "../../../rollout/cli/command.ts";
import { apply } from "../../../rollout/cli/commands/apply.ts";
import { override } from "../../../rollout/cli/commands/override.ts";
import { plan } from "../../../rollout/cli/commands/plan.ts";
import { reconcile } from "../../../rollout/cli/commands/reconcile.ts";
import { planText } from "../../../rollout/cli/plans/plan-signature.ts";
import type { Session } from "../../../rollout/cli/session.ts";
import { canonicalJson } from "../../../rollout/model/digest.ts";
import { parseManifest, renderManifest } from "../../../rollout/model/manifest.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { isSignedBy, keyIdOf, publicKeyText } from "../../../rollout/model/signing-key.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease } from "../../support/declarations.ts";
import { startDeployment } from "../../support/deployment.ts";
import { lightFleet } from "../../support/light-fleet.ts";
import type { World } from "../../support/world.ts";
import { aWorld, headRecord, PRODUCT } from "../reconcile/in-canary.ts";
import { seenEvidence, STRICT, stuck } from "../reconcile/stuck-wave.ts";

const HOUR = 3_600_000;

interface Pair {
  readonly id: string;
  readonly publicKey: string;
  readonly privateKey: KeyObject;
  readonly file: string;
}

let folder: string;
let mine: Pair;
let theirs: Pair;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-signed-plan-"));
  mine = await newPair("mine");
  theirs = await newPair("theirs");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function newPair(name: string): Promise<Pair> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const file = join(folder, `${name}.private.pem`);
  await writeFile(file, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  return { id: keyIdOf(publicKey), publicKey: publicKeyText(publicKey), privateKey, file };
}

/** A command line on a world whose settings pin some keys; none: they pin nobody. */
function consoleOn(world: World, pinned: readonly Pair[], product: Declared = PRODUCT) {
  const progress: string[] = [];
  const run = (
    command: Command,
    options: Readonly<Record<string, unknown>>,
    ...args: readonly string[]
  ): Promise<Result> => {
    const { records, images, clock } = world.ports;
    const session = {
      settings: {
        ...{ queryLag: 0, lookEvery: HOUR, hub: { name: "memory", tier: "S1", units: 1 }, otherHubs: [] },
        ...(pinned.length === 0 ? {} : { plans: { keys: pinned.map(({ publicKey }) => publicKey) } }),
      },
      ...{ hubs: [world.hub], records, images, clock, actor: "ci" },
      declarations: () => Promise.resolve({ products: [product], problems: [] }),
    } as unknown as Session; // The rest of a session is for other commands.
    const context = {
      ...{ session: () => Promise.resolve(session), json: false, folder, isTerminal: false },
      progress: (line: string) => progress.push(line),
      signal: new AbortController().signal,
    } as unknown as Context;
    return command.run(context, { args, options });
  };
  return { run, progress };
}

async function refusal(work: Promise<Result>): Promise<{ code: string; message: string; hint: string }> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof WavegateError) return error;
  throw new Error("it was not refused", { cause: error });
}

const FILE = "release.plan.json";

describe("a fleet whose settings pin who approves plans", () => {
  it("starts what a pinned key has signed, and names plan and key in the record", async () => {
    const world = aWorld();
    const { run } = consoleOn(world, [theirs, mine]);
    expect((await run(plan, { out: FILE, key: mine.file })).human).toContain(
      `Saved, signed by the key ${mine.id}. Carry out exactly this with: wavegate apply ${FILE}`,
    );
    await run(apply, { wait: false }, FILE);
    const record = [...world.records.values()].find(({ kind }) => kind === "start");
    expect(record?.reason).toMatch(new RegExp(`\\(plan [0-9a-f]{12}, signed by the key ${mine.id}\\)$`));
    expect((await refusal(run(apply, { wait: false }, FILE))).code).toBe("PLAN_STALE");
  });

  it("starts nothing without a plan, by one that nobody signed, or by one that another key signed", async () => {
    const world = aWorld();
    const { run } = consoleOn(world, [mine]);
    expect(await refusal(run(apply, { wait: false }))).toMatchObject({
      code: "PLAN_UNSIGNED",
      message:
        "there is no plan to carry out: the settings pin who approves plans (plans.keys); nothing was changed",
    });
    expect((await refusal(run(apply, { wait: false }, "thermostat"))).code).toBe("PLAN_UNSIGNED");
    await run(plan, { out: FILE });
    const unsigned = await refusal(run(apply, { wait: false }, FILE));
    expect(unsigned).toMatchObject({ code: "PLAN_UNSIGNED" });
    expect(unsigned.message).toContain(`${join(folder, FILE)} is not signed`);
    expect(unsigned.hint).toContain("wavegate plan --out release.plan.json --key FILE");
    await run(plan, { out: FILE, key: theirs.file });
    expect(await refusal(run(apply, { wait: false }, FILE))).toMatchObject({
      code: "PLAN_SIGNATURE",
      message: `${join(folder, FILE)}: it is signed by the key ${theirs.id}, which the settings do not pin (plans.keys); nothing was changed`,
    });
    expect(world.records.size).toBe(0);
  });

  it.each<[string, (text: string) => string, by?: "theirs"]>([
    ["a count", (text) => text.replace(/"devices":\{"A":\d+/, '"devices":{"A":1')],
    ["what is told of a change", (text) => text.replace("for nobody yet", "for nobody at all")],
    ["the key's name", (text) => text.replaceAll(theirs.id, mine.id), "theirs"],
    [
      "the signature",
      (text) =>
        text.replace(
          /"signature":"([^"])/,
          (_, first: string) => `"signature":"${first === "A" ? "B" : "A"}`,
        ),
    ],
  ])("refuses a plan in which %s was edited", async (_, edit, by) => {
    const world = aWorld();
    const { run } = consoleOn(world, [mine]);
    await run(plan, { out: FILE, key: (by === "theirs" ? theirs : mine).file });
    const text = await readFile(join(folder, FILE), "utf8");
    expect(edit(text)).not.toBe(text);
    await writeFile(join(folder, FILE), edit(text));
    const { code, message } = await refusal(run(apply, { wait: false }, FILE));
    expect({ code, isNamed: message.includes(`the key ${mine.id} over this plan`) }).toEqual({
      code: "PLAN_SIGNATURE",
      isNamed: true,
    });
    expect(world.records.size).toBe(0);
  });

  it("takes a plan however its file is laid out: what is signed is its content", async () => {
    const world = aWorld();
    const { run } = consoleOn(world, [mine]);
    await run(plan, { out: FILE, key: mine.file });
    const value: unknown = JSON.parse(await readFile(join(folder, FILE), "utf8"));
    await writeFile(join(folder, FILE), JSON.stringify(value, undefined, 2));
    await run(apply, { wait: false }, FILE);
    expect([...world.records.values()].map(({ kind }) => kind)).toContain("start");
  });

  it("takes no signature of a release for one of a plan, nor the reverse, made by the same key", async () => {
    const world = aWorld();
    const { run } = consoleOn(world, [mine]);
    await run(plan, { out: FILE });
    const content = JSON.parse(await readFile(join(folder, FILE), "utf8")) as object;
    // What a release's signer signs: canonical JSON, as it is.
    const signature = sign(null, Buffer.from(canonicalJson(content)), mine.privateKey).toString("base64");
    await writeFile(
      join(folder, FILE),
      canonicalJson({ ...content, signature: { keyId: mine.id, signature } }),
    );
    expect((await refusal(run(apply, { wait: false }, FILE))).code).toBe("PLAN_SIGNATURE");
    const manifest = {
      ...{ product: "thermostat", version: "1.1.0", sha256: "0".repeat(64), size: 1, keyId: mine.id },
    };
    const ofPlan = sign(null, Buffer.from(planText(manifest)), mine.privateKey).toString("base64");
    expect(
      isSignedBy({ manifest: renderManifest(manifest), signature: ofPlan }, createPublicKey(mine.privateKey)),
    ).toBe(false);
    expect(parseManifest(planText(manifest))).toBe("it is not JSON");
  });

  it("is carried on by reconcile, which starts nothing and says so", async () => {
    const world = aWorld();
    const { run, progress } = consoleOn(world, [mine]);
    const { human } = await run(reconcile, {});
    expect(progress).toContain(
      "the settings pin who approves plans (plans.keys): this run starts nothing, as with --no-start; wavegate apply FILE does",
    );
    expect(human).toContain("1.1.0 waits: this run starts nothing");
    expect(headRecord(world).kind).toBe("adopt");
  });

  it("records an override file with the signed plan that names it, and not before", async () => {
    const world = await stuck();
    const override = {
      ...{ product: "thermostat", version: "1.1.0", wave: "canary", reason: "in a drawer" },
      ...{ evidence: await seenEvidence(world), until: world.now() + 2 * HOUR },
    };
    const product: Declared = { ...STRICT, overrides: [{ override, file: "overrides/canary.ts" }] };
    const without = consoleOn(world, [mine], STRICT);
    await without.run(plan, { out: "without.plan.json", key: mine.file });
    const { run } = consoleOn(world, [mine], product);
    await run(reconcile, {});
    expect(headRecord(world).kind).toBe("start");
    const stale = await refusal(run(apply, { wait: false }, "without.plan.json"));
    expect(stale).toMatchObject({ code: "PLAN_STALE" });
    expect(stale.message).toContain('the override file for thermostat 1.1.0 "canary" (new)');
    await run(plan, { out: FILE, key: mine.file });
    await run(apply, { wait: false }, FILE);
    expect([...world.records.values()].slice(-2).map(({ kind }) => kind)).toEqual(["override", "promote"]);
  });

  it("leaves what an override's own look would start to a signed plan", async () => {
    const world = await stuck();
    const [first] = STRICT.releases;
    if (first === undefined) throw new Error("nothing is declared");
    const next = { release: { ...first.release, version: "1.2.0" }, file: "releases/thermostat-1.2.0.ts" };
    const product: Declared = { ...STRICT, releases: [first, next] };
    const evidence = await seenEvidence(world);
    const decision = { wave: "canary", evidence, reason: "in a drawer" };
    await consoleOn(world, [mine], product).run(override, decision, "thermostat");
    expect(headRecord(world)).toMatchObject({ kind: "promote", subject: "fw--thermostat--1-1-0--1" });
    // Without pinned keys the same look would have started it.
    await consoleOn(world, [], product).run(reconcile, {});
    expect(headRecord(world)).toMatchObject({ kind: "start", subject: "fw--thermostat--1-2-0--1" });
  });
});

describe("a saved plan in a fleet that pins no key", () => {
  it("is applied signed or not, with a warning that nobody checks who signed it", async () => {
    const world = aWorld();
    const { run, progress } = consoleOn(world, []);
    await run(plan, { out: FILE, key: mine.file });
    await run(apply, { wait: false }, FILE);
    expect(progress).toContain(
      `warning: nobody checks who signed ${join(folder, FILE)}: the settings pin no key (plans.keys)`,
    );
    expect([...world.records.values()].find(({ kind }) => kind === "start")?.reason).not.toContain("signed");
  });

  it("is signed only where it is saved", async () => {
    const { run } = consoleOn(aWorld(), []);
    expect(await refusal(run(plan, { key: mine.file }))).toMatchObject({
      code: "BAD_OPTION",
      hint: "add --out release.plan.json",
    });
  });

  it("stands although an override that it was made with has expired since", async () => {
    const world = await stuck();
    const override = {
      ...{ product: "thermostat", version: "1.1.0", wave: "canary", reason: "in a drawer" },
      ...{ evidence: await seenEvidence(world), until: world.now() + HOUR },
    };
    const product: Declared = { ...STRICT, overrides: [{ override, file: "overrides/canary.ts" }] };
    const { run } = consoleOn(world, [], product);
    await run(plan, { out: FILE });
    world.advance(HOUR);
    await run(apply, { wait: false }, FILE);
    expect(headRecord(world).kind).toBe("start");
  });
});

describe("a signed plan, by real processes against the local hub", () => {
  it("is the only way to start a release there", { timeout: 60_000 }, async () => {
    await using deployment = await startDeployment({ name: "test-signed-plan", devices: 0, scale: 1 });
    lightFleet().add(deployment.hub, aFleet(24), "1.0.0");
    const waves = [
      { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
      { name: "everyone", cohort: percent(100), kind: "smoke" as const },
    ];
    const artifact = deployment.artifacts.get("1.1.0");
    if (artifact === undefined) throw new Error("there is no 1.1.0");
    await deployment.release("good.ts", { ...aRelease("1.1.0", { waves }), artifact });
    const settings = JSON.parse(await readFile(deployment.settings, "utf8")) as object;
    const pinned = join(dirname(deployment.settings), "pinned.json");
    const plans = { keys: [mine.publicKey] };
    await writeFile(pinned, JSON.stringify({ ...settings, plans }), { mode: 0o600 });
    const file = join(folder, FILE);
    const run = async (...args: readonly string[]) => {
      const { code, lines } = await deployment.wavegate(args, pinned);
      return { code, text: lines.join("\n") };
    };
    expect(await run("apply", "--no-wait")).toMatchObject({
      code: 1,
      text: expect.stringContaining("PLAN_UNSIGNED: there is no plan to carry out") as string,
    });
    expect((await run("plan", "--out", file, "--key", mine.file)).text).toContain(
      `Saved, signed by the key ${mine.id}.`,
    );
    const { code, text } = await run("apply", file, "--no-wait");
    expect(code, text).toBe(0);
    expect((await run("history")).text).toMatch(
      new RegExp(`opens "canary" \\(plan [0-9a-f]{12}, signed by the key ${mine.id}\\)`),
    );
  });
});
