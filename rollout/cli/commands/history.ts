import { WavegateError } from "../../model/problem.ts";
import type { NamedRecord } from "../../engine/observation.ts";
import { readChain } from "../../reconcile/store-view.ts";
import { EXIT, type Command } from "../command.ts";
import { readableProducts, openRecords } from "../session.ts";
import { loadDeclarations } from "../declarations.ts";
import type { Settings } from "../settings.ts";
import { renderHistory } from "../views/history.ts";

/** `wavegate history`. */
export const history: Command = {
  name: "history",
  summary: "show every decision, with its evidence, from the records alone",
  help: `Walk the chain of records of each product and print every decision with its
time, reason, actor and evidence. Each record is checked against its digest and
its parent; a gap is an error. Needs the record store only, no hub.`,
  examples: ["wavegate history", "wavegate history thermostat --json"],
  arguments: [["[product]", "one product only"]],
  async run(context, input) {
    const settings = await context.settings();
    const records = await openRecords(settings);
    const checked = await loadDeclarations({ ...settings.declarations, folder: context.folder });
    const chains: { product: string; chain: readonly NamedRecord[] }[] = [];
    for (const { product } of readableProducts(checked, input.args[0])) {
      const head = await records.takenMark(product, settings.hub.name);
      if (head === undefined) continue;
      const chain = await readChain(records, product, head);
      if (chain === undefined) {
        throw new WavegateError(
          "RECORD_BROKEN",
          `the chain of ${product} under ${head.slice(0, 12)} has a gap`,
          { hint: `restore ${placeOf(settings)} from a backup` },
        );
      }
      chains.push({ product, chain });
    }
    return {
      exitCode: EXIT.done,
      human:
        chains.length === 0
          ? "no decision is recorded yet"
          : chains.map(({ product, chain }) => renderHistory(product, chain)).join("\n\n"),
      json: { schemaVersion: 1, products: chains },
    };
  },
};

/** Where the records are, for people. */
function placeOf({ records }: Settings): string {
  return "folder" in records ? records.folder : records.container;
}
