import { readStored } from "../../adapters/read-stored.ts";
import { replay as replayStore } from "../../forecast/replay/replay.ts";
import { errorsOf, WavegateError } from "../../model/problem.ts";
import type { StoreContents } from "../../model/store-contents.ts";
import { readableProducts } from "../declarations/chosen-products.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import { loadDeclarations } from "../declarations/declarations.ts";
import { exportedStore } from "../exported-store.ts";
import { loadGate } from "../gate-file.ts";
import { openRecords } from "../session.ts";
import { renderReplay } from "../views/replay.ts";

/** `wavegate replay`. */
export const replay: Command = {
  help: `Judge every stored look of every recorded rollout again, by the gate of --gate,
and show which rollouts it would have stopped, how much earlier or later than they
were, and for how many devices that came too late; and which waves it would have
let on sooner or kept longer. Exposure is as it was: what would have been seen
after another decision is in no record, so of each wave the first decision counts.
Needs the record store only, or a file of wavegate export.`,
  examples: [
    "wavegate replay --gate rollout/releases/thermostat-2.1.0.ts",
    "wavegate replay thermostat --gate gate.json --file thermostat.json --json",
  ],
  options: [
    ["--gate <file>", "the gate to judge by: a .json file, or a release file that has it"],
    ["--file <file>", "replay a file that wavegate export wrote"],
  ],
  async run(context, input) {
    const file = textOption(input, "gate");
    if (file === undefined) {
      throw new WavegateError("BAD_OPTION", "this needs a gate to judge by", {
        hint: "wavegate replay --gate rollout/releases/NAME.ts",
      });
    }
    const gate = await loadGate(file, context.folder);
    const products = (await storesOf(context, input)).map((contents) => {
      refuseBroken(contents);
      return { product: contents.product, rollouts: replayStore(contents, gate) };
    });
    return {
      exitCode: EXIT.done,
      human: renderReplay(products.flatMap(({ rollouts }) => rollouts)),
      json: { schemaVersion: 1, gate: file, products },
    };
  },
};

async function storesOf(context: Context, input: Input): Promise<readonly StoreContents[]> {
  const file = textOption(input, "file");
  if (file !== undefined) return [await exportedStore(file, context.folder, "wavegate replay --gate GATE")];
  const settings = await context.settings();
  const records = await openRecords(settings);
  const checked = await loadDeclarations({ ...settings.declarations, folder: context.folder });
  const products = readableProducts(checked, input.args[0]);
  return Promise.all(products.map(async ({ product }) => readStored(await records.contents(product))));
}

/** What cannot be believed is not replayed. */
function refuseBroken({ product, problems }: StoreContents): void {
  const broken = errorsOf(problems);
  if (broken.length === 0) return;
  throw new WavegateError("RECORD_BROKEN", `the records of ${product} cannot be replayed`, {
    hint: `see what can be believed: wavegate verify ${product}`,
    problems: broken,
  });
}
