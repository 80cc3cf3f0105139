/** A wave that waits for two people: `npx node examples/approval/start.ts`. */
import { play } from "../play.ts";

process.exitCode = await play({
  folder: import.meta.dirname,
  hubs: { plant: "devices.json" },
  async story({ type, claim, versions, asked }) {
    const held = await type("apply", "--as", "operator");
    claim("apply ends in 4 where people have to decide", held.code === 4);
    claim("the canary's 40 devices run 1.1.0, and nobody else", versions()["1.1.0"] === 40);
    const own = await type("approve", "thermostat", "--as", "operator");
    claim("who started it does not count", own.code === 1);
    const reason = ["--reason", "the canary's valves are tight"];
    const first = await type("approve", "thermostat", "--as", "quality", ...reason);
    const twice = await type("approve", "thermostat", "--as", "quality");
    claim(
      "nobody counts twice",
      [first, twice].every(({ output }) => output.includes("(1 of 2: quality)")),
    );
    claim("one of two opens nothing", asked("1.1.0") === 40);
    await type("approve", "thermostat", "--as", "support", "--reason", "the hotline is staffed");
    const applied = await type("apply", "--as", "operator");
    claim("with two it goes on to its end", applied.code === 0 && versions()["1.1.0"] === 150);
    const { output: told } = await type("history");
    claim(
      "who approved, and why, stands in the records",
      /approve .*hotline is staffed +\[support\]/.test(told),
    );
  },
});
