import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { configurationSchema } from "../../infra/configuration/schema.ts";
import { accessRules } from "../../infra/policy/access-rules.ts";
import { hubRules } from "../../infra/policy/hub-rules.ts";
import { storageRules } from "../../infra/policy/storage-rules.ts";
import { paceOf, type HubSize, type PacedCalls } from "../../infra/devices/hub-pace.ts";
import { deviceTraffic } from "../../rollout/plan/device-traffic.ts";
import { hubLimits } from "../../rollout/model/hub-limits.ts";
import { BAD_CONFIGURATIONS } from "./bad-configurations.ts";
import { POLICY_MUTANTS } from "./policy-mutants.ts";
import { PROPERTIES } from "./program-properties.ts";

const doc = await readFile(new URL("../../docs/azure.md", import.meta.url), "utf8");
const prose = doc.replace(/\s+/g, " ");
const changes = await readFile(new URL("../../CHANGELOG.md", import.meta.url), "utf8");
const rules = [...hubRules, ...storageRules, ...accessRules];

describe("docs/azure.md", () => {
  it.each(Object.keys(configurationSchema.shape))("says what the key %s takes", (key) => {
    expect(doc).toMatch(new RegExp(`^\\|.*\`${key}\`.*\\|`, "m"));
  });

  it.each(rules.map(({ name }) => name))("says what the policy %s refuses", (name) => {
    expect(doc).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|`, "m"));
  });

  it("counts rules and mutants as they are", () => {
    const mutants = PROPERTIES.flatMap((property) => property.mutants);
    expect(doc).toContain(`a policy pack: ${rules.length} rules`);
    expect(doc).toContain(`with ${POLICY_MUTANTS.length} mutants that each of them must stop`);
    expect(doc).toContain(`with ${mutants.length} mutants of the program that they find`);
    expect(doc).toContain(`- ${BAD_CONFIGURATIONS.length} kinds of bad configuration`);
    // Seven of them, and the page says so in a word.
    expect([PROPERTIES.length, doc.includes("- seven properties over")]).toEqual([7, true]);
    expect(changes).toContain(`${rules.length} mandatory rules`);
  });

  it("says how fast devices are registered and read", async () => {
    const set = { tier: "S1", units: 1 } as const;
    const minutes = (await msFor(set, "registry", { calls: 10, devices: 100 })) / 60_000;
    expect([
      Math.round(minutes),
      prose.includes("1,000 devices on one unit of S1 take about nine minutes"),
    ]).toEqual([9, true]);
    const reads = 50_000;
    const seconds = (await msFor(set, "twinReads", { calls: reads, devices: 1 })) / 1_000;
    expect(prose).toContain(`(on S1 about ${Math.round(reads / seconds)} a second)`);
  });

  it("says what an update costs a device", () => {
    const { writes, reads, notifications } = deviceTraffic(hubLimits("S1", 1));
    expect([writes + reads + notifications, prose.includes("about ten twin operations a device")]).toEqual([
      10,
      true,
    ]);
  });
});

/** What the pace makes of so many calls, by a clock that moves only by its waits. */
async function msFor(
  size: HubSize,
  kind: PacedCalls,
  { calls, devices }: { readonly calls: number; readonly devices: number },
): Promise<number> {
  let now = 0;
  const sleep = (ms: number): Promise<void> => {
    now += ms;
    return Promise.resolve();
  };
  const pace = paceOf(size, { now: () => now, sleep });
  for (let call = 0; call < calls; call++) await pace(kind, devices);
  return now;
}
