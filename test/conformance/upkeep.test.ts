import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openHub } from "../local/hub/hub-fixture.ts";
import { createPace } from "./pace.ts";
import { judge } from "./judge.ts";
import { removeAll } from "./removal.ts";
import { aConfiguration } from "./a-configuration.ts";

const FOLDER = new URL(".", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".ts"));
const sourceOf = (name: string): string => readFileSync(new URL(name, FOLDER), "utf8");

describe("the conformance suite", () => {
  it("knows the local hub in one file alone, so that no case can lean on it", () => {
    const importing = (folder: string): string[] =>
      FILES.filter((name) => sourceOf(name).includes(`from "${folder}`)).toSorted();
    expect(importing("../../local/")).toEqual(["hub-under-test.ts"]);
    expect(importing("../local/")).toEqual(["hub-under-test.ts", "upkeep.test.ts"]);
  });

  it("touches no private field of an SDK", () => {
    expect(FILES.filter((name) => /(?:\.|\[["'])_[a-z]/iu.test(sourceOf(name)))).toEqual([]);
  });

  it("has an area in each of its files", () => {
    const cases = FILES.filter((name) => name.endsWith(".test.ts") && name !== "upkeep.test.ts");
    for (const name of cases) expect(sourceOf(name)).toContain("describeArea(");
    expect(cases.length).toBeGreaterThanOrEqual(16);
  });
});

describe("what the cases made", () => {
  it("is removed, also where a case removed some of it, and nothing else", async () => {
    await using fixture = await openHub();
    const { registry } = fixture;
    for (const deviceId of ["mine", "other"]) await registry.create({ deviceId });
    for (const id of ["mine", "other"]) await registry.addConfiguration(aConfiguration(id));
    await removeAll(registry, {
      devices: new Set(["gone", "mine"]),
      configurations: new Set(["gone", "mine"]),
    });
    expect((await registry.list()).responseBody.map(({ deviceId }) => deviceId)).toEqual(["other"]);
    expect((await registry.getConfigurations()).responseBody.map(({ id }) => id)).toEqual(["other"]);
  });

  it("is named when it cannot be removed", async () => {
    await using fixture = await openHub();
    await fixture.registry.create({ deviceId: "mine" });
    const fault = { kind: "status", status: 503, match: { api: "rest" } } as const;
    using down = fixture.hub.faults.add(fault);
    const made = { devices: new Set(["mine"]), configurations: new Set(["also"]) };
    await expect(removeAll(fixture.registry, made)).rejects.toThrow("configuration also, device mine");
    expect(down.hits()).toBe(2);
  });
});

describe("a case", () => {
  const failing = (): Promise<void> => Promise.reject(new Error("expected 1 to be 2\nmore"));
  const judged = async (name: string, isLive: boolean): Promise<string[]> => {
    const reasons: string[] = [];
    await judge({ name, isLive, run: failing, skip: (reason) => reasons.push(reason) });
    return reasons;
  };

  it("that no source settles corrects the table when Azure differs", async () => {
    expect(await judged("is so [G]", true)).toEqual(["Azure differs: is so [G]: expected 1 to be 2 | more"]);
  });

  it("fails otherwise: on the local hub, and where a source settles it", async () => {
    await expect(judged("is so [G]", false)).rejects.toThrow("expected 1 to be 2");
    await expect(judged("is so [facts 1.1]", true)).rejects.toThrow("expected 1 to be 2");
  });
});

describe("the pace of calls", () => {
  it("lets no minute have more calls of a kind than a small hub takes", async () => {
    let now = 0;
    const pass = (ms: number): Promise<void> => {
      now += ms;
      return Promise.resolve();
    };
    const pace = createPace({ now: () => now, pass, callMs: 100, isShared: false });
    const times: number[] = [];
    const call = (): Promise<void> => {
      times.push(now);
      return Promise.resolve();
    };
    for (let count = 0; count < 60; count++) await pace({ of: "queries" }, call);
    for (const [index, time] of times.entries())
      if (index >= 18) expect(time - times[index - 18]!).toBeGreaterThanOrEqual(60_000 - 100);
    expect(now).toBeLessThan(4 * 60_000);
  });

  it("makes a throttled call again where others spend from the same limits, and gives up in the end", async () => {
    const waits: number[] = [];
    const pass = (ms: number): Promise<void> => {
      waits.push(ms);
      return Promise.resolve();
    };
    const answers = [429, 429, 200];
    const call = (): Promise<number> => Promise.resolve(answers.shift() ?? 429);
    const isThrottled = (status: number): boolean => status === 429;
    const shared = createPace({ now: () => 0, pass, callMs: 0, isShared: true });
    expect(await shared({ isThrottled }, call)).toBe(200);
    expect(waits).toHaveLength(2);
    expect(await shared({ isThrottled }, call)).toBe(429);
    const own = createPace({ now: () => 0, pass, callMs: 0, isShared: false });
    answers.push(429, 200);
    expect(await own({ isThrottled }, call)).toBe(429);
  });
});
