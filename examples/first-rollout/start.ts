/** One release, four waves, to completion: `npx node examples/first-rollout/start.ts`. */
import { play } from "../play.ts";

process.exitCode = await play({
  folder: import.meta.dirname,
  hubs: { plant: "devices.json" },
  async story({ type, claim, versions }) {
    const planned = await type("plan");
    claim("the plan names four waves and the way back", planned.output.includes('opens wave "everyone"'));
    const applied = await type("apply");
    claim("apply carried it from wave to wave to its end", applied.code === 0);
    claim("all 300 devices run 1.1.0", versions()["1.1.0"] === 300);
    await type("history");
    const verified = await type("verify");
    claim("every decision is judged again from the records alone", verified.code === 0);
  },
});
