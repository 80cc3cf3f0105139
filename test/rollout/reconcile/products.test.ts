import { beforeEach, describe, expect, it } from "vitest";
import { refId } from "../../../rollout/model/attempt.ts";
import { headOf } from "../../../rollout/model/labels.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import { checkDeclarations, type CheckedDeclarations } from "../../../rollout/plan/check-declarations.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent, ring, type ReleaseDeclaration } from "../../../rollout/wavegate.ts";
import { aFleet, anArtifact, aRelease, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { HOUR, look, rest } from "./in-canary.ts";

// Two products of one fleet file on one hub, the name of one the beginning of the other's.

const NAMES = ["press", "press-pro"] as const;
type Name = (typeof NAMES)[number];

function release(product: string, more: Partial<ReleaseDeclaration> = {}): ReleaseDeclaration {
  return aRelease("1.1.0", {
    product,
    artifact: anArtifact(`${product} 1.1.0`),
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
    ...more,
  });
}

function check(...releases: readonly ReleaseDeclaration[]): CheckedDeclarations {
  const adopt = (name: Name): unknown => ({ version: "1.0.0", artifact: anArtifact(`${name} 1.0.0`) });
  const products = Object.fromEntries(NAMES.map((name) => [name, { adopt: adopt(name) }]));
  return checkDeclarations({
    fleet: { value: { products }, file: "fleet.ts" },
    releases: releases.map((value, index) => ({ value, file: `releases/${value.product}-${index}.ts` })),
  });
}

function of(name: Name, checked = check(...NAMES.map((product) => release(product)))): Declared {
  const found = checked.products.find(({ product }) => product === name);
  if (found === undefined) throw new Error(JSON.stringify(checked.problems));
  return found;
}

let world: World;
const owners = new Map<string, Name>();

beforeEach(() => {
  const names = NAMES.flatMap((name) => [`${name} 1.0.0`, `${name} 1.1.0`]);
  world = createWorld({ devices: aFleet(48), version: "1.0.0", images: imagesOf(...names) });
  // Two by two, so that both products have both strata.
  aFleet(48).forEach(({ deviceId }, index) => {
    const product = NAMES[Math.floor(index / 2) % 2] ?? "press";
    owners.set(deviceId, product);
    world.devices.mergeTwin(deviceId, { tags: { product } });
  });
});

function attempt(name: Name, version = "1-1-0"): string {
  return `fw--${name}--${version}--1`;
}

function headRecord(name: Name): RolloutRecord {
  const head = headOf(world.configuration(refId(name))?.labels ?? {});
  const record = head === undefined ? undefined : world.records.get(head);
  if (record === undefined) throw new Error(`${name} has no record`);
  return record;
}

function stateOf(name: Name): string | undefined {
  return headRecord(name).intents.find((intent) => intent.attempt === attempt(name))?.state;
}

/** The owners of the devices that a configuration names. */
function ownersOf(id: string): Set<Name | undefined> {
  return new Set([...world.exposed(id)].map((deviceId) => owners.get(deviceId)));
}

async function both(times: number): Promise<void> {
  for (let done = 0; done < times; done++) {
    // One look each in turn: two pipelines on one hub.
    for (let looks = 0; looks < 6; looks++) for (const name of NAMES) await look(world, of(name));
    world.settle(() => "ok");
    for (const name of NAMES) await rest(world, of(name));
    world.advance(4 * HOUR);
  }
}

describe("two products of one fleet file", () => {
  it("roll out side by side, each to its own devices alone", async () => {
    await both(1);
    for (const name of NAMES) {
      expect(ownersOf(attempt(name))).toEqual(new Set([name]));
      expect(headRecord(name).intents.map((intent) => intent.attempt)).toEqual([
        attempt(name, "1-0-0"),
        attempt(name),
      ]);
    }
    await both(2);
    for (const name of NAMES) {
      expect(stateOf(name)).toBe("watching");
      expect(world.exposed(attempt(name)).size).toBe(24);
      expect(ownersOf(attempt(name))).toEqual(new Set([name]));
    }
    for (const record of world.records.values()) {
      const own = record.intents.every(({ attempt: id }) => id.startsWith(`fw--${record.product}--`));
      expect(own).toBe(true);
    }
  });

  it.each([
    ["press", "press-pro"],
    ["press-pro", "press"],
  ] as const)("do not share a stop: %s is taken back, %s goes on", async (stopped, other) => {
    await both(1);
    const before = world.exposed(attempt(other));
    await stopRelease({ kind: "abort", product: stopped, actor: "operator", reason: "stop" }, world.ports);
    expect(world.exposed(attempt(stopped)).size).toBe(0);
    expect(ownersOf(attempt(stopped, "1-0-0"))).toEqual(new Set([stopped]));
    expect(world.exposed(attempt(other))).toEqual(before);
    expect(world.exposed(attempt(other, "1-0-0")).size).toBe(0);
    await both(2);
    expect(stateOf(stopped)).toBe("rolled back");
    expect(stateOf(other)).toBe("watching");
    expect(headRecord(other).stops).toEqual([]);
  });

  it("are held apart: a hold with the record store down finds its own product's release", async () => {
    await both(1);
    const records = { ...world.ports.records, getRecord: () => Promise.resolve(undefined) };
    const { stop } = await stopRelease(
      { kind: "hold", product: "press", actor: "operator", reason: "wait" },
      { ...world.ports, records },
    );
    expect(stop.attempt).toBe(attempt("press"));
    await both(1);
    expect(NAMES.map(stateOf)).toEqual(["held", "running"]);
  });

  it("have plans, digests and problems of their own", async () => {
    const checked = check(
      // Its query would be refused: it is not asked.
      release("press", { where: "tags.site = 'lab" }),
      release("press-pro", { artifact: anArtifact("never stored") }),
    );
    const ports = { ...world.ports, settings: { queryLag: 0 } };
    const plans = await Promise.all(
      NAMES.map(async (name) => {
        const { plan } = await observeProduct(of(name, checked), ports);
        if (plan.kind !== "known") throw new Error(plan.kind);
        return plan.value;
      }),
    );
    expect(plans.map(({ problems }) => problems.map(({ code, path }) => `${code} ${path}`))).toEqual([
      ["CONDITION_INVALID releases/press-0.ts: where, character 13"],
      ["ARTIFACT_MISSING releases/press-pro-1.ts: artifact"],
    ]);
    expect(plans.map(({ release: planned }) => planned?.attempt)).toEqual([undefined, attempt("press-pro")]);
    const [one, two] = plans;
    expect(one?.digest).not.toBe(two?.digest);
    for (const plan of plans) {
      const quoted = JSON.stringify(plan);
      const other = plan.product === "press" ? "'press-pro'" : "'press'";
      expect(quoted).not.toContain(other);
    }
  });

  it("do not take each other's releases for their own, whatever their versions", async () => {
    await both(1);
    const alone = of("press", check(release("press")));
    const { steps, problems } = await rest(world, alone);
    expect(steps).toEqual([]);
    expect(problems).toBeUndefined();
    const removed = of("press", check(release("press-pro")));
    expect((await rest(world, removed)).problems?.map(({ code, path }) => `${code} ${path}`)).toEqual([
      "RELEASE_REMOVED press 1.1.0",
    ]);
  });
});
