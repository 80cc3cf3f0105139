import { totalOf } from "../../model/question.ts";
import { countByStratum, runningCondition } from "../../plan/queries.ts";
import { answer } from "../../reconcile/answer.ts";
import { observeProduct } from "../../reconcile/observe.ts";
import { EXIT, type Command } from "../command.ts";
import { readableProducts } from "../session.ts";
import { judgementForJson } from "../views/judgement.ts";
import { renderStatus, type ProductStatus } from "../views/status.ts";

/** `wavegate status`. */
export const status: Command = {
  name: "status",
  summary: "show what runs, what is under way and what happens next",
  help: `Show each product: how many devices report which version, every release with its
state, the counts and the evidence of the one under way, and what happens next
and when. Changes nothing.`,
  examples: ["wavegate status", "wavegate status thermostat --json"],
  arguments: [["[product]", "show one product only"]],
  async run(context, input) {
    const session = await context.session();
    const checked = await session.declarations();
    const found: ProductStatus[] = [];
    for (const declared of readableProducts(checked, input.args[0])) {
      const { observation, judgements, next } = await observeProduct(declared, session);
      const intents = observation.store?.head?.record.intents ?? [];
      const versions: Record<string, number> = {};
      for (const version of new Set(intents.map((intent) => intent.version))) {
        const query = countByStratum(runningCondition(declared.product, version));
        const { hubs, images } = session;
        const counted = await answer(
          { kind: "count", id: query, query },
          { hubs, images, seen: observation.hubs },
        );
        // What was not counted is not shown as nobody.
        if (counted.kind === "count") versions[version] = totalOf(counted.byStratum);
      }
      found.push({
        product: declared.product,
        at: observation.at,
        versions: Object.fromEntries(Object.entries(versions).filter(([, devices]) => devices > 0)),
        intents,
        judgements,
        next: next ?? {
          phase: "judged",
          attempt: undefined,
          text: "the next run has something to do: wavegate reconcile",
          needsPerson: false,
        },
      });
    }
    return {
      exitCode: EXIT.done,
      human: found.map(renderStatus).join("\n\n"),
      json: {
        schemaVersion: 1,
        products: found.map((product) => ({
          ...product,
          judgements: product.judgements.map(judgementForJson),
        })),
        problems: checked.problems,
      },
    };
  },
};
