import { WavegateError } from "../../model/problem.ts";
import { EXIT, textOption, type Command } from "../command.ts";
import { recordedChains } from "../recorded-chains.ts";
import { aboutVersion, renderHistory } from "../views/history.ts";

/** `wavegate history`. */
export const history: Command = {
  help: `Walk the chain of records of each product and print every decision with its
time, reason, actor and evidence. Each record is checked against its digest and
its parent; a gap is an error. Needs the record store only, no hub. With --json
the records come whole, with all that each verdict was computed from.`,
  examples: ["wavegate history", "wavegate history thermostat --release 1.1.0 --json"],
  options: [["--release <version>", "decisions about this version only"]],
  async run(context, input) {
    const version = textOption(input, "release");
    const chains = (await recordedChains(context, input.args[0])).map(({ product, chain }) => ({
      product,
      chain,
      shown: version === undefined ? chain : aboutVersion(chain, version),
    }));
    if (version !== undefined && chains.every(({ shown }) => shown.length === 0)) {
      throw new WavegateError("BAD_OPTION", `no decision about a release ${version} is recorded`, {
        hint: "see all of them: wavegate history",
      });
    }
    return {
      exitCode: EXIT.done,
      human:
        chains.length === 0
          ? "no decision is recorded yet"
          : chains.map(({ product, chain, shown }) => renderHistory(product, chain, shown)).join("\n\n"),
      json: { schemaVersion: 1, products: chains.map(({ product, shown }) => ({ product, chain: shown })) },
    };
  },
};
