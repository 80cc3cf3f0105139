import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { Forecast } from "../../forecast/forecast.ts";
import { WavegateError } from "../../model/problem.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import { countOption, durationOption } from "../number-options.ts";
import { FORECAST_DEFAULTS, FORECAST_MOST } from "../forecast/forecast-defaults.ts";
import type { ForecastChoice } from "../forecast/forecast-subjects.ts";
import { writeWhole } from "../write-whole.ts";

const { runs: RUNS, seed: SEED, taggedDevices: TAGGED } = FORECAST_DEFAULTS;

/** `wavegate forecast`. */
export const forecast: Command = {
  help: `Play the rollout of a release many times over simulated devices, with the gate
that will judge it: how often it would be stopped if 0.2% to 20% of the devices
failed, loudly or silently, how many are harmed by then, and how long it takes.
Takes the wanted release of each product over the fleet as the hub counts it; with
--fleet-size or --strata it needs no hub. The same seed gives the same bytes.`,
  examples: ["wavegate forecast", "wavegate forecast 2.1.0 --strata A=70000,B=30000 --svg curve.svg"],
  options: [
    ["--product <name>", "one product only"],
    ["--before <file>", "another release file: show what the change does to the same rollouts"],
    ["--fleet-size <devices>", "a fleet of so many devices, without a hub"],
    ["--strata <sizes>", 'the same by stratum: "A=70000,B=30000"'],
    ["--tagged <devices>", `devices of a ring or a condition, without a hub (default: ${TAGGED})`],
    ["--look <duration>", 'time between looks, such as "15 minutes" (default: by the deadline)'],
    ["--runs <count>", `rollouts of each scenario (default: ${RUNS})`],
    ["--seed <number>", `where the random numbers start (default: ${SEED})`],
    ["--workers <count>", "threads to play in (default: one a core); changes no number"],
    ["--markdown", "print it for a pull request"],
    ["--svg <file>", "write the curve as a picture"],
  ],
  async run(context, input) {
    // Loaded late: `completion` loads every command, at each start of a shell, and plays nothing.
    const [{ forecastReleases }, { renderForecast }, { forecastMarkdown }] = await Promise.all([
      import("../forecast/forecast-releases.ts"),
      import("../views/forecast.ts"),
      import("../views/forecast-markdown.ts"),
    ]);
    const forecasts = await forecastReleases(context, choiceOf(input), {
      runs: countOption(input, "runs", RUNS, FORECAST_MOST.runs),
      seed: countOption(input, "seed", SEED),
      workers: countOption(input, "workers", availableParallelism(), FORECAST_MOST.workers),
    });
    await writePicture(context, input, forecasts);
    const render = input.options["markdown"] === true ? forecastMarkdown : renderForecast;
    return {
      exitCode: EXIT.done,
      human: forecasts.map(render).join("\n\n"),
      json: { schemaVersion: 1, forecasts },
    };
  },
};

async function writePicture(
  { folder }: Context,
  input: Input,
  forecasts: readonly Forecast[],
): Promise<void> {
  const svg = textOption(input, "svg");
  const [first, second] = forecasts;
  if (svg === undefined || first === undefined) return;
  if (second !== undefined)
    throw new WavegateError("BAD_OPTION", "--svg draws one product, and there are several", {
      hint: `choose one: wavegate forecast --product ${first.product} --svg ${svg}`,
    });
  const { forecastSvg } = await import("../views/forecast-svg.ts");
  await writeWhole(resolve(folder, svg), forecastSvg(first), "--svg");
}

function choiceOf(input: Input): ForecastChoice {
  return {
    release: input.args[0],
    product: textOption(input, "product"),
    before: textOption(input, "before"),
    fleet: fleetOption(input),
    taggedDevices: countOption(input, "tagged", TAGGED),
    lookMs: durationOption(input, "look", "15 minutes"),
  };
}

/** A fleet that is only said to be so large: devices by stratum. */
function fleetOption(input: Input): Readonly<Record<string, number>> | undefined {
  const strata = textOption(input, "strata");
  if (strata === undefined) {
    return textOption(input, "fleetSize") === undefined
      ? undefined
      : { all: countOption(input, "fleetSize", 1) };
  }
  if (textOption(input, "fleetSize") !== undefined)
    throw new WavegateError("BAD_OPTION", "--fleet-size and --strata both say how large the fleet is", {
      hint: "leave --fleet-size out: the strata add up to it",
    });
  const sizes = strata.split(",").map((text) => /^\s*([^=\s]+)\s*=\s*([1-9]\d{0,8})\s*$/.exec(text));
  const found: Record<string, number> = {};
  for (const size of sizes) {
    const [, name, devices] = size ?? [];
    if (name === undefined || Object.hasOwn(found, name))
      throw new WavegateError("BAD_OPTION", `--strata ${strata} are no sizes of strata, each once`, {
        hint: "--strata A=70000,B=30000",
      });
    found[name] = Number(devices);
  }
  return found;
}
