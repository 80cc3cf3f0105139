/** Two hubs as one fleet, one of them away: `npx node examples/several-hubs/start.ts`. */
import type { LocalHub } from "../../local/hub/hub.ts";
import { play } from "../play.ts";

/** The canary's bake and an hour, in the fleet's time. */
const AWAY_MS = 3 * 3_600_000;

process.exitCode = await play({
  folder: import.meta.dirname,
  hubs: { north: "north.json", south: "south.json" },
  async story({ stage, hubs, say, type, claim, versions, asked, until }) {
    // Two of them are declared above.
    const [north, south] = hubs as readonly [LocalHub, LocalHub];
    const { output: planned } = await type("plan");
    claim("the plan counts both hubs as one fleet", /canary +80 \(north 40, south 40\)/.test(planned));
    await type("apply", "--no-wait");
    claim("the canary opens on both", await until(() => versions()["1.1.0"] === 80));

    say("\nsouth goes away: its service API answers nobody.");
    const away = south.faults.add({ match: { api: "rest" }, kind: "drop before" });
    const backAt = stage.now() + AWAY_MS;
    let looked = await type("reconcile");
    while (stage.now() < backAt) looked = await type("reconcile");
    claim(
      "the bake is long over, and nothing widens without south",
      asked("1.1.0") === 80 && looked.output.includes("south cannot be reached: stops work, nothing widens"),
    );
    const { output: stopped } = await type("abort", "thermostat", "--reason", "the valves drip");
    claim("a stop goes through all the same", stopped.includes("in force on north"));
    claim("north's devices go back", await until(() => versions([north])["1.0.0"] === 150));
    claim("south's do not know of it yet", versions([south])["1.1.0"] === 40);

    say("\nsouth is back.");
    away.remove();
    await type("apply");
    claim("whoever reaches south carries the stop there", versions([south])["1.0.0"] === 150);
    const { output: told } = await type("history");
    claim("it is one decision in one history", told.match(/ abort /g)?.length === 1);
  },
});
