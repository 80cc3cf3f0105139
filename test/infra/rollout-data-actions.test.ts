import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataActionsOf, PREVIEW_CALLS, ROLLOUT_CALLS } from "../../infra/components/hub-data-actions.ts";
import { startDeployment, type Deployment } from "../support/deployment.ts";

/** The roles as the program makes them, and nothing else opens the hub to those who sign in here. */
const ROLES = { rollout: dataActionsOf(ROLLOUT_CALLS), preview: dataActionsOf(PREVIEW_CALLS) };
const RELEASE = (version: string, artifact: unknown): Record<string, unknown> => ({
  product: "thermostat",
  version,
  artifact,
  waves: [
    { name: "half", cohort: { kind: "percent", percent: 50 }, kind: "smoke" },
    { name: "everyone", cohort: { kind: "percent", percent: 100 }, kind: "smoke" },
  ],
  gate: {
    tolerate: "2%",
    reject: "10%",
    falseStop: "5%",
    missedBad: "5%",
    deadline: "40 minutes",
    bake: "45 minutes",
    harmCap: 20,
  },
  watch: "10 minutes",
});

const DENIED = /^\w+: 1\n(.*\n)*HUB_UNAUTHORIZED/;
const why = (reason: string): string[] => ["thermostat", "--reason", reason];

describe("what a whole rollout asks of a hub, by the real command line, signed in with the role alone", () => {
  let deployment: Deployment;
  let settings: Record<keyof typeof ROLES, string>;

  beforeAll(async () => {
    deployment = await startDeployment({ name: "test-data-actions", devices: 12, scale: 600, roles: ROLES });
    settings = {
      rollout: await deployment.settingsOf("rollout", ["rollout"]),
      preview: await deployment.settingsOf("preview", ["preview"]),
    };
  });
  afterAll(() => deployment[Symbol.asyncDispose]());

  const run = async (who: keyof typeof ROLES, ...args: string[]): Promise<string> => {
    const { code, lines } = await deployment.wavegate(args, settings[who]);
    return `${args[0] ?? ""}: ${String(code)}${code === 0 ? "" : `\n${lines.join("\n")}`}`;
  };
  const usesOf = (who: keyof typeof ROLES): ReturnType<Deployment["hub"]["dataActions"]> =>
    deployment.hub.dataActions().filter(({ caller }) => caller === who);
  const neededBy = (who: keyof typeof ROLES): string[] =>
    [...new Set(usesOf(who).flatMap(({ actions }) => actions))].sort();

  it(
    "is allowed by the rollout's role while it makes, changes and holds configurations",
    { timeout: 120_000 },
    async () => {
      // It adopts what the fleet runs: that makes the configurations. All later writes change them.
      expect(await run("rollout", "apply")).toBe("apply: 0");
      await deployment.release("thermostat-1.1.0.ts", RELEASE("1.1.0", deployment.artifacts.get("1.1.0")));
      expect(await run("rollout", "plan")).toBe("plan: 0");
      expect(await run("rollout", "reconcile")).toBe("reconcile: 0");
      expect(await run("rollout", "hold", ...why("a look"))).toBe("hold: 0");
      expect(await run("rollout", "resume", ...why("looked"))).toBe("resume: 0");
      expect(await run("rollout", "status")).toBe("status: 0");
      expect(await run("rollout", "history", "thermostat")).toBe("history: 0");
    },
  );

  it(
    "is allowed by the preview's role as far as one only looks, and refused where one acts",
    { timeout: 120_000 },
    async () => {
      const before = await deployment.configurations();
      expect(await run("preview", "plan")).toBe("plan: 0");
      expect(await run("preview", "status")).toBe("status: 0");
      expect(await run("preview", "history", "thermostat")).toBe("history: 0");
      expect(neededBy("preview")).toEqual(ROLES.preview);
      expect(await run("preview", "hold", ...why("a try"))).toMatch(DENIED);
      expect(await run("preview", "abort", ...why("a try"))).toMatch(DENIED);
      expect(await run("preview", "apply")).toMatch(DENIED);
      expect(await deployment.configurations()).toEqual(before);
      expect(await run("rollout", "hold", ...why("a look"))).toBe("hold: 0");
      const held = await deployment.configurations();
      expect(await run("preview", "resume", ...why("a try"))).toMatch(DENIED);
      expect(await deployment.configurations()).toEqual(held);
    },
  );

  it(
    "is allowed by the rollout's role to its end, until what is left of it is deleted, and no data action is for nothing",
    { timeout: 180_000 },
    async () => {
      expect(await run("rollout", "abort", ...why("overheats"))).toBe("abort: 0");
      expect(await run("rollout", "apply")).toMatch(/^apply: 3\n/);
      // Once the next release has settled, nobody falls back to the aborted one any more.
      await deployment.release("thermostat-1.2.0.ts", RELEASE("1.2.0", deployment.artifacts.get("1.2.0")));
      expect(await run("rollout", "apply")).toBe("apply: 0");
      const deletes = (): boolean => usesOf("rollout").some(({ call }) => call.startsWith("DELETE"));
      await expect
        .poll(() => run("rollout", "reconcile").then(deletes), { timeout: 60_000, interval: 500 })
        .toBe(true);
      const uses = usesOf("rollout").map(({ call, times }) => `${call}: ${times}`);
      process.stdout.write(`${uses.join(", ")}\n`);
      expect(neededBy("rollout")).toEqual(ROLES.rollout);
    },
  );
});
