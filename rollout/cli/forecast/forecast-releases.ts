import { forecastOf, type Forecast, type PlayedRelease } from "../../forecast/forecast.ts";
import { curveRates, scenariosOf } from "../../forecast/scenarios.ts";
import type { Context } from "../command.ts";
import type { AssumedModel } from "./forecast-models.ts";
import { forecastSubjects, type ForecastChoice } from "./forecast-subjects.ts";
import { playScenarios, type ScenarioRuns } from "./play-scenarios.ts";

/** Forecast the releases that a person chose, one after the other. */
export async function forecastReleases(
  context: Context,
  choice: ForecastChoice,
  how: Pick<ScenarioRuns, "runs" | "seed" | "workers">,
): Promise<readonly Forecast[]> {
  const played = async (
    { model }: AssumedModel,
    version: string,
    rates: readonly number[],
  ): Promise<PlayedRelease> => {
    const scenarios = scenariosOf(model, rates);
    return {
      version,
      model,
      tables: await playScenarios({ model, scenarios, ...how, signal: context.signal }),
    };
  };
  const forecasts: Forecast[] = [];
  for (const { product, version, after, before } of await forecastSubjects(context, choice)) {
    context.progress(`${product} ${version}: playing ${how.runs} rollouts of each scenario`);
    const models = [after, ...(before === undefined ? [] : [before.model])];
    const rates = curveRates(...models.map(({ model }) => model.release.gate));
    forecasts.push(
      forecastOf({
        product,
        seed: how.seed,
        after: await played(after, version, rates),
        before: before === undefined ? undefined : await played(before.model, before.version, rates),
        assumptions: after.assumptions,
      }),
    );
  }
  return forecasts;
}
