/** A bad release, stopped and taken back: `npx node examples/failing-gate/start.ts`. */
import { play } from "../play.ts";

process.exitCode = await play({
  folder: import.meta.dirname,
  hubs: { plant: "devices.json" },
  async story({ type, claim, versions, asked }) {
    const applied = await type("apply");
    claim("apply says by its exit code that a release was stopped", applied.code === 3);
    claim(
      "all 300 devices run 1.0.0 again, and none is asked for 1.1.0",
      versions()["1.0.0"] === 300 && asked("1.1.0") === 0,
    );
    const { output: told } = await type("history");
    claim("it passed its canary, whose boards it fits", /promote +1\.1\.0 .*; opens "10%"/.test(told));
    claim("stratum b stopped it, long before half of the fleet", /abort +1\.1\.0 .* failed in b:/.test(told));
    const again = await type("apply");
    claim(
      "what was stopped is not tried again by itself: the way on is a new version, or retry",
      again.code === 0 && asked("1.1.0") === 0,
    );
  },
});
