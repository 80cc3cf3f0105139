/** A number of one's own stops a release that every device calls good: `npx node examples/own-metrics/start.ts`. */
import { play } from "../play.ts";
import { startMeter } from "./meter.ts";

await using meter = await startMeter();
process.exitCode = await play({
  folder: import.meta.dirname,
  hubs: { plant: "devices.json" },
  sources: { meter: { kind: "http-json", url: meter.url } },
  async story({ stage, hubs, type, claim, versions, asked }) {
    meter.connect(hubs[0], stage.now);
    await type("plan");
    const applied = await type("apply");
    claim("apply says by its exit code that a release was stopped", applied.code === 3);
    claim(
      "all 150 devices run 1.0.0 again, and nobody is asked for 1.1.0",
      versions()["1.0.0"] === 150 && asked("1.1.0") === 0,
    );
    const told = await type("history");
    claim("the meter stopped it", /abort +1\.1\.0 .*power/.test(told.output));
    claim("in its canary: it was never promoted", !/ promote /.test(told.output));
    const verified = await type("verify");
    claim("what the meter said stands in the record", verified.code === 0);
  },
});
