import { glob, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { DEVICE_CALLS, GROUP_CALLS, ROLLOUT_CALLS } from "../../infra/components/hub-data-actions.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Methods of a service's client, by the name it goes by, that a folder's source calls. */
async function callsIn(folder: string, client = "registry"): Promise<string[]> {
  const calls = new Set<string>();
  for await (const file of glob(`${folder}/**/*.ts`, { cwd: root })) {
    const text = await readFile(`${root}${file}`, "utf8");
    for (const [, name] of text.matchAll(new RegExp(`\\b${client}\\s*\\.\\s*(\\w+)\\(`, "g")))
      if (name !== undefined) calls.add(name);
  }
  return [...calls].sort();
}

describe("the hub's data actions", () => {
  it("are listed for each call the rollout makes, and for no other", async () => {
    expect(await callsIn("rollout")).toEqual(Object.keys(ROLLOUT_CALLS).sort());
  });

  it("are listed for each call the device identities make, and for no other", async () => {
    expect(await callsIn("infra")).toEqual(Object.keys(DEVICE_CALLS).sort());
  });

  it("are listed for each call the enrollment groups make, and for no other", async () => {
    expect(await callsIn("infra", "groups")).toEqual(Object.keys(GROUP_CALLS).sort());
  });

  it("let the rollout write no device, and the device identities no configuration", () => {
    expect(
      Object.values(ROLLOUT_CALLS)
        .flat()
        .filter((action) => /\/(devices|twins)\/(write|delete)/.test(action)),
    ).toEqual([]);
    expect(
      Object.values(DEVICE_CALLS)
        .flat()
        .filter((action) => action.includes("/configurations/")),
    ).toEqual([]);
  });
});
