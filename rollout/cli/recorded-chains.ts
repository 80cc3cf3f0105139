import type { NamedRecord } from "../engine/observation.ts";
import { WavegateError } from "../model/problem.ts";
import type { Declared } from "../plan/declared.ts";
import { readChain } from "../reconcile/store-view.ts";
import { readableProducts } from "./declarations/chosen-products.ts";
import type { Context } from "./command.ts";
import { loadDeclarations } from "./declarations/declarations.ts";
import { openRecords } from "./session.ts";
import type { Settings } from "./settings/settings.ts";

/** What is recorded about one product. */
export interface RecordedChain {
  readonly product: string;
  readonly declared: Declared;
  /** Every decision, the newest first. */
  readonly chain: readonly NamedRecord[];
}

/** The chains of every declared product, or of one, from the record store alone; a gap is an error. */
export async function recordedChains(
  context: Pick<Context, "settings" | "folder">,
  product: string | undefined,
): Promise<readonly RecordedChain[]> {
  const settings = await context.settings();
  const records = await openRecords(settings);
  const checked = await loadDeclarations({ ...settings.declarations, folder: context.folder });
  const chains: RecordedChain[] = [];
  for (const declared of readableProducts(checked, product)) {
    const head = await records.takenMark(declared.product, settings.hub.name);
    if (head === undefined) continue;
    const chain = await readChain(records, declared.product, head);
    if (chain === undefined) {
      throw new WavegateError(
        "RECORD_BROKEN",
        `the chain of ${declared.product} under ${head.slice(0, 12)} has a gap`,
        { hint: `restore ${placeOf(settings)} from a backup` },
      );
    }
    chains.push({ product: declared.product, declared, chain });
  }
  return chains;
}

/** Where the records are, for people. */
function placeOf({ records }: Settings): string {
  return "folder" in records ? records.folder : records.container;
}
