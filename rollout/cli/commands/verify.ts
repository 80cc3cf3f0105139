import { listingsOf } from "../../engine/found.ts";
import { listHubs } from "../../reconcile/list-hubs.ts";
import { readStored } from "../../adapters/read-stored.ts";
import { verifyStore, type Verification } from "../../engine/verify/verify-store.ts";
import { refId } from "../../model/attempt.ts";
import { findConfiguration } from "../../model/configuration.ts";
import { parseDigest, type Digest } from "../../model/digest.ts";
import { headOf } from "../../model/labels.ts";
import { errorsOf, WavegateError } from "../../model/problem.ts";
import type { StoreContents } from "../../model/store-contents.ts";
import { readableProducts } from "../declarations/chosen-products.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import { loadDeclarations } from "../declarations/declarations.ts";
import { exportedStore } from "../exported-store.ts";
import { openRecords } from "../session.ts";
import { renderVerification } from "../views/verification.ts";

/** `wavegate verify`. */
export const verify: Command = {
  help: `Walk the chain of records from the head that the hub names: every digest, every
parent, every step that widens or stops, and every verdict, which the gate
judges again from what the record holds. Looks that were lost are a warning;
anything else that is wrong is an error, and the exit code is 1. With --head,
--records-only or --file no hub is asked.`,
  examples: ["wavegate verify thermostat --records-only", "wavegate verify --file thermostat.json"],
  options: [
    ["--head <digest>", "walk from this record"],
    ["--records-only", "walk from every head in the store, and ask no hub"],
    ["--file <file>", "check a file that wavegate export wrote"],
  ],
  async run(context, input) {
    const found = (await storesOf(context, input)).map(({ contents, heads }) => verifyStore(contents, heads));
    const isSound = found.every(({ problems }) => errorsOf(problems).length === 0);
    return {
      exitCode: isSound ? EXIT.done : EXIT.error,
      human: found.map(renderVerification).join("\n\n") || "nothing is recorded yet",
      json: { schemaVersion: 1, ok: isSound, products: found.map(jsonOf) },
    };
  },
};

interface StoreAndHeads {
  readonly contents: StoreContents;
  /** undefined: every head that is in the store. */
  readonly heads: readonly Digest[] | undefined;
}

async function storesOf(context: Context, input: Input): Promise<readonly StoreAndHeads[]> {
  const file = textOption(input, "file");
  const named = headOption(input);
  const heads = named === undefined ? undefined : [named];
  if (file !== undefined)
    return [{ contents: await exportedStore(file, context.folder, "wavegate verify"), heads }];
  const settings = await context.settings();
  const records = await openRecords(settings);
  const products =
    input.args[0] !== undefined && (heads !== undefined || input.options["recordsOnly"] === true)
      ? [input.args[0]]
      : readableProducts(
          await loadDeclarations({ ...settings.declarations, folder: context.folder }),
          input.args[0],
        ).map(({ product }) => product);
  const stores: StoreAndHeads[] = [];
  for (const product of products) {
    const contents = readStored(await records.contents(product));
    const asked = input.options["recordsOnly"] === true || heads !== undefined;
    const ref = asked ? heads : await headsOnHubs(context, product);
    if (contents.records.size > 0 || contents.problems.length > 0 || ref !== undefined)
      stores.push({ contents, heads: ref });
  }
  return stores;
}

/** The heads that the hubs name; without a ref there is none to hold the store to. */
async function headsOnHubs(context: Context, product: string): Promise<readonly Digest[] | undefined> {
  const { hubs } = await context.session();
  const listings = listingsOf({ hubs: await listHubs(hubs) });
  const heads = listings.flatMap(
    (listing) => headOf(findConfiguration(listing, refId(product))?.labels ?? {}) ?? [],
  );
  return heads.length === 0 ? undefined : [...new Set(heads)];
}

function headOption(input: Input): Digest | undefined {
  const text = textOption(input, "head");
  const digest = parseDigest(text);
  if (text === undefined || digest !== undefined) return digest;
  throw new WavegateError("BAD_OPTION", `"${text}" is no digest of a record`, {
    hint: "copy all 64 digits: wavegate history --json",
  });
}

function jsonOf({ product, heads, steps, problems }: Verification): unknown {
  return {
    product,
    heads,
    steps: steps.map(({ digest, record, rejudged, problems: found }) => {
      const { kind, at, subject, actor, reason } = record;
      return {
        digest,
        kind,
        at,
        subject,
        actor,
        reason,
        rejudged,
        ok: errorsOf(found).length === 0,
        problems: found,
      };
    }),
    problems,
  };
}
