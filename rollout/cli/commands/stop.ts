import { WavegateError } from "../../model/problem.ts";
import { stopAll, type StoppedProduct } from "../../reconcile/stop-all.ts";
import { EXIT, requiredReason, type Command } from "../command.ts";
import { tellAfterwards } from "../notify/tell-decision.ts";

/** `wavegate stop`. */
export const stop: Command = {
  help: `Hold (with --abort: take back) the release under way of every product on the hub,
the widest exposure first, and on past any that fails. Needs the hub alone: no
records, no declarations. Completed releases stay. A freeze in fleet.ts is the
gentle form: nothing grows, and nobody has to resume anything afterwards.`,
  examples: [
    'wavegate stop --all --reason "certificate authority is down"',
    'wavegate stop --all --abort --reason "all new builds brick"',
  ],
  options: [
    ["--all", "every product of the hub (required)"],
    ["--abort", "take the devices back, not only hold"],
    ["--reason <text>", "why, for the record (required)"],
  ],
  async run(context, input) {
    if (input.options["all"] !== true) {
      throw new WavegateError("BAD_OPTION", "stop is for every product at once: say --all", {
        hint: 'for one product: wavegate hold PRODUCT --reason "...", or wavegate abort',
      });
    }
    const reason = requiredReason(input, "wavegate stop --all");
    const kind = input.options["abort"] === true ? "abort" : "hold";
    const session = await context.session();
    const { products, unseen } = await stopAll({ kind, reason, actor: session.actor }, session);
    tellAfterwards(
      products.flatMap((one) => (one.kind === "failed" ? [] : [{ product: one.product, stops: [one.stop] }])),
      context,
      session,
    );
    const failed =
      unseen.length > 0 || products.some((result) => result.kind === "failed" || result.missed.length > 0);
    const seen = session.hubs.map(({ name }) => name).filter((name) => !unseen.includes(name));
    const human = [
      ...(products.length === 0 ? [`nothing is under way on ${seen.join(", ")}`] : products.map(sentence)),
      ...unseen.map((hub) => `  NOT KNOWN on ${hub}: it does not answer`),
      ...(failed ? ["  next: run the same command again, now"] : []),
    ].join("\n");
    return {
      exitCode: failed ? EXIT.error : EXIT.done,
      human,
      json: { schemaVersion: 1, products: products.map(jsonOf), unseen },
    };
  },
};

function jsonOf(result: StoppedProduct): unknown {
  if (result.kind === "failed") return result;
  return {
    ...result,
    missed: result.missed.map(({ hub, error: { code, message } }) => ({ hub, code, message })),
  };
}

function sentence(result: StoppedProduct): string {
  if (result.kind === "failed") return `${result.product}: NOT STOPPED: ${result.code}: ${result.message}`;
  const { product, stop: made, writes, missed, note } = result;
  const done =
    writes === 0
      ? `${made.attempt} is stopped already, since ${made.at} by ${made.actor}`
      : `${made.attempt} is ${made.kind === "abort" ? "aborted" : "held"} (${writes} writes)`;
  const missing = missed.map(({ hub, error }) => `  NOT in force on ${hub}: ${error.code}: ${error.message}`);
  return [`${product}: ${done}`, ...(note === undefined ? [] : [`  ${note}`]), ...missing].join("\n");
}
