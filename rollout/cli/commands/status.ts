import { observeProduct } from "../../reconcile/observe.ts";
import { overviewOf } from "../../reconcile/overview.ts";
import { WavegateError } from "../../model/problem.ts";
import { readableProducts } from "../declarations/chosen-products.ts";
import { EXIT, type Command } from "../command.ts";
import { durationOption } from "../number-options.ts";
import { readingsOfOverview } from "../telemetry/readings.ts";
import { statusForJson, renderStatus, type ProductStatus } from "../views/status.ts";
import { watchStatus } from "../watch-status.ts";

/** `wavegate status`. */
export const status: Command = {
  help: `Show each product: how many devices report which version, every release with its
state, the counts and the evidence of the one under way, how many devices it has
reached, when its waves can open at the earliest, and what happens next. With
--watch it looks again and again at a rollout that somebody else drives, and ends
as apply would; with --prometheus it prints the same as metrics, for the
textfile collector of a node exporter. Changes nothing.`,
  examples: ['wavegate status --watch --every "1 minute"', "wavegate status --prometheus > wavegate.prom"],
  options: [
    ["--watch", "look again until the rollout ends or a person is needed"],
    ["--prometheus", "print metrics in Prometheus' text format"],
    ["--every <duration>", "time between two looks (default: the settings' lookEvery)"],
  ],
  async run(context, input) {
    const asMetrics = input.options["prometheus"] === true;
    if (asMetrics && (context.json || input.options["watch"] === true))
      throw new WavegateError("BAD_OPTION", "--prometheus prints metrics once, neither JSON nor a watch", {
        hint: "wavegate status --prometheus > wavegate.prom",
      });
    const everyMs = durationOption(input, "every", "30 seconds");
    const session = await context.session();
    const checked = await session.declarations();
    const products = readableProducts(checked, input.args[0]);
    if (input.options["watch"] === true) return watchStatus({ context, session, products, everyMs });
    const found: ProductStatus[] = [];
    for (const declared of products) {
      const observed = await observeProduct(declared, session);
      const planned = observed.plan.kind === "known" ? observed.plan.value.release : undefined;
      found.push({
        ...(await overviewOf({ ...observed, declared, planned }, session)),
        hub: session.settings.hub.name,
      });
    }
    const readings = found.flatMap(readingsOfOverview);
    for (const reading of readings) context.telemetry?.measure(reading);
    if (asMetrics) {
      // Loaded late: nobody else needs its library.
      const { renderPrometheus } = await import("../views/prometheus.ts");
      context.output(await renderPrometheus(readings));
      return { exitCode: EXIT.done, human: "", json: undefined };
    }
    return {
      exitCode: EXIT.done,
      human: found.map(renderStatus).join("\n\n"),
      json: { schemaVersion: 1, products: found.map(statusForJson), problems: checked.problems },
    };
  },
};
