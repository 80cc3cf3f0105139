import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataActionsOf, ROLLOUT_CALLS } from "../../infra/components/hub-data-actions.ts";
import { startDeployment, type Deployment } from "../support/deployment.ts";

/** The policy that the rollout signs in with here; nobody else does. */
const ROLLOUT_POLICY = "service";

describe("the calls that a whole rollout makes, by the real command line on a local hub", () => {
  let deployment: Deployment;
  let settings: string;

  beforeAll(async () => {
    deployment = await startDeployment({ name: "test-data-actions", devices: 12, scale: 600 });
    settings = await deployment.settingsWith(deployment.hub.policies[ROLLOUT_POLICY].connectionString);
  });
  afterAll(() => deployment[Symbol.asyncDispose]());

  it(
    "need exactly the data actions of the rollout's role: none is missing, none is for nothing",
    { timeout: 180_000 },
    async () => {
      const run = async (...args: string[]): Promise<void> => {
        const { code, lines } = await deployment.wavegate(args, settings);
        expect(code, lines.join("\n")).toBe(0);
      };
      // The first run adopts what the fleet runs: it makes the configurations. The second changes them, wave by wave.
      await run("apply");
      await deployment.release("thermostat-1.1.0.ts", {
        product: "thermostat",
        version: "1.1.0",
        artifact: deployment.artifacts.get("1.1.0"),
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
        watch: "1 day",
      });
      await run("plan");
      await run("apply");
      await run("status");
      await run("history", "thermostat");
      const uses = deployment.hub.dataActions().filter(({ caller }) => caller === ROLLOUT_POLICY);
      process.stdout.write(`${uses.map(({ call, times }) => `${call}: ${times}`).join(", ")}\n`);
      const needed = [...new Set(uses.flatMap(({ actions }) => actions))].sort();
      expect(needed).toEqual(dataActionsOf(ROLLOUT_CALLS));
    },
  );
});
