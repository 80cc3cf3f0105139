import { resolve } from "node:path";
import { exportOf } from "../../adapters/export-file.ts";
import { readStored } from "../../adapters/read-stored.ts";
import { canonicalJson } from "../../model/digest.ts";
import { errorsOf, WavegateError } from "../../model/problem.ts";
import { EXIT, textOption, type Command } from "../command.ts";
import { openRecords } from "../session.ts";
import { writeWhole } from "../write-whole.ts";

/** `wavegate export`. */
export const exportStore: Command = {
  help: `Write every record, look, mark and tombstone of one product to a JSON file that
stands by itself: for an audit, a ticket or a move to another store. No key is
in it. Check it anywhere with wavegate verify --file. Needs the record store
only; with --json the file goes to standard output.`,
  examples: ["wavegate export thermostat --out thermostat.json", "wavegate export thermostat --json"],
  options: [["--out <file>", "file to write; an existing one is replaced"]],
  async run(context, input) {
    const product = input.args[0] ?? "";
    const out = textOption(input, "out");
    if (out === undefined && !context.json) {
      throw new WavegateError("BAD_OPTION", "this needs a file to write to", {
        hint: `wavegate export ${product} --out ${product}.json`,
      });
    }
    const store = await openRecords(await context.settings());
    const contents = readStored(await store.contents(product));
    if (contents.records.size === 0 && contents.problems.length === 0) {
      throw new WavegateError("UNKNOWN_PRODUCT", `the record store knows no product "${product}"`, {
        hint: "run: wavegate history",
      });
    }
    const broken = errorsOf(contents.problems);
    if (broken.length > 0) {
      throw new WavegateError(
        "RECORD_BROKEN",
        `the store of ${product} holds files that cannot be exported`,
        {
          hint: `see what can be believed: wavegate verify ${product}`,
          problems: broken,
        },
      );
    }
    const exported = exportOf(contents);
    if (out !== undefined) await writeWhole(resolve(context.folder, out), `${canonicalJson(exported)}\n`);
    const { records, looks, marks, tombstones } = contents;
    const lookCount = [...looks.values()].reduce((sum, series) => sum + series.length, 0);
    const human = `${product}: ${records.size} records, ${lookCount} looks, ${marks.size} marks and ${tombstones.size} tombstones written to ${out ?? ""}\n  next: wavegate verify --file ${out ?? "FILE"}`;
    return { exitCode: EXIT.done, human, json: exported };
  },
};
