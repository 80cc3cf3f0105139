import { glob, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  dataActionsOf,
  DEVICE_CALLS,
  ENROLL_CALLS,
  GROUP_CALLS,
  IDENTITIES_CALLS,
  ROLLOUT_CALLS,
} from "../../infra/components/hub-data-actions.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Adapters that only `enroll` uses, which signs in as the identities. */
const ENROLL_FILES = ["rollout/adapters/device-twins.ts", "rollout/adapters/identity-jobs.ts"];

/** What a person runs by a sign-in of their own: the rollout's identity calls no device. */
const PERSONS_FILES = ["rollout/adapters/device-log.ts"];

/** Methods of a service's client, by the name it goes by, that some source files call. */
async function callsIn(
  pattern: string | string[],
  { except = [] as string[], client = "registry" } = {},
): Promise<string[]> {
  const calls = new Set<string>();
  for await (const file of glob(pattern, { cwd: root })) {
    if (except.includes(file)) continue;
    const text = await readFile(`${root}${file}`, "utf8");
    for (const [, name] of text.matchAll(new RegExp(`\\b${client}\\s*\\.\\s*(\\w+)\\(`, "g")))
      if (name !== undefined) calls.add(name);
  }
  return [...calls].sort();
}

describe("the hub's data actions", () => {
  it("are listed for each call the rollout makes, and for no other", async () => {
    expect(await callsIn("rollout/**/*.ts", { except: [...ENROLL_FILES, ...PERSONS_FILES] })).toEqual(
      Object.keys(ROLLOUT_CALLS).sort(),
    );
  });

  it("are listed for each call the device identities make, and for no other", async () => {
    expect(await callsIn("infra/**/*.ts")).toEqual(Object.keys(DEVICE_CALLS).sort());
  });

  it("are listed for each call the enrollment groups make, and for no other", async () => {
    expect(await callsIn("infra/**/*.ts", { client: "groups" })).toEqual(Object.keys(GROUP_CALLS).sort());
  });

  it("are listed for each call that enrolling makes, and for no other", async () => {
    // Counting devices and looking for open waves is the rollout's adapter, by the sign-in of the identities.
    const own = await callsIn(ENROLL_FILES);
    expect([...new Set([...own, "getConfigurations", "createQuery"])].sort()).toEqual(
      Object.keys(ENROLL_CALLS).sort(),
    );
  });

  it("let the rollout write no device, and the identities no configuration", () => {
    expect(
      Object.values(ROLLOUT_CALLS)
        .flat()
        .filter((action) => /\/(devices|twins)\/(write|delete)/.test(action)),
    ).toEqual([]);
    expect(
      dataActionsOf(...IDENTITIES_CALLS).filter((action) => /\/configurations\/(write|delete)/.test(action)),
    ).toEqual([]);
  });
});
