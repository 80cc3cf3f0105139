import { resolve } from "node:path";
import { systemClock } from "../../adapters/clock.ts";
import type { ReportedProduct } from "../../page/report-document.ts";
import { EXIT, textOption, type Command } from "../command.ts";
import { looksOfChain } from "../looks-of-chain.ts";
import { pageScript } from "../page-script.ts";
import { recordedChains } from "../recorded-chains.ts";
import { openRecords } from "../session.ts";
import { writeWhole } from "../write-whole.ts";

/** `wavegate report`. */
export const report: Command = {
  help: `Write one HTML file about each rollout: waves and exposure, the gate's evidence by
stratum, time to update, devices harmed against the forecast, every decision with
its reasons. It opens from disk, prints, asks nobody for anything, and checks its
own records in the reader's browser. Needs the record store only, no hub. With
--json the same comes as data, and a file is written only where --out names one.`,
  examples: ["wavegate report thermostat", "wavegate report thermostat --out thermostat.html"],
  options: [["--out <file>", "file to write (default: PRODUCT-report.html); replaced if there is one"]],
  async run(context, input) {
    // Loaded late: `completion` loads every command, and draws nothing.
    const [{ storyOf }, { reportDocument }] = await Promise.all([
      import("../../page/story.ts"),
      import("../../page/report-document.ts"),
    ]);
    const settings = await context.settings();
    const records = await openRecords(settings);
    const products: ReportedProduct[] = [];
    for (const { product, chain } of await recordedChains(context, input.args[0])) {
      const looks = await looksOfChain(product, chain, records);
      products.push({ story: storyOf({ product, chain, looks }), chain });
    }
    const stories = products.map(({ story }) => story);
    const [only, another] = stories;
    const named = textOption(input, "out");
    const out =
      named ?? `${another === undefined && only !== undefined ? only.product : "wavegate"}-report.html`;
    const isWritten = only !== undefined && (named !== undefined || !context.json);
    if (isWritten) {
      const script = await pageScript("verify-records");
      const at = Math.floor(systemClock(settings.clock).now());
      await writeWhole(resolve(context.folder, out), await reportDocument({ products, script, at }));
    }
    const lines = stories.map(({ product, rollouts, decisions }) => {
      const newest = rollouts[0]?.headline ?? "no release was rolled out yet";
      return `${product}: ${newest}; ${decisions.length} decisions`;
    });
    return {
      exitCode: EXIT.done,
      human: isWritten
        ? [...lines, `written to ${out}`, `  next: open it in a browser`].join("\n")
        : "no decision is recorded yet",
      json: { schemaVersion: 1, ...(isWritten ? { file: out } : {}), products: stories },
    };
  },
};
