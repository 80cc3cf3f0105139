import type { Digest } from "../../model/digest.ts";
import type { Problem } from "../../model/problem.ts";
import type { RolloutRecord } from "../../model/record.ts";
import type { StoreContents } from "../../model/store-contents.ts";
import { chainOf } from "./chain-of.ts";
import { verifyLooks } from "./verify-looks.ts";
import { verifyMarks, verifyTombstones } from "./verify-marks.ts";
import { verifyStep } from "./verify-step.ts";

/** What the records alone say about a product: every step, judged again. */
export interface Verification {
  readonly product: string;
  /** Heads whose chains were walked. */
  readonly heads: readonly Digest[];
  /** Every record of those chains, oldest first. */
  readonly steps: readonly VerifiedStep[];
  /** All that was found, that of the steps too. Errors say that the store cannot be believed, warnings what it lost. */
  readonly problems: readonly Problem[];
}

/** One record, and what is wrong with it. */
export interface VerifiedStep {
  readonly digest: Digest;
  readonly record: RolloutRecord;
  /** True when its verdict was judged again from its own evidence. */
  readonly rejudged: boolean;
  readonly problems: readonly Problem[];
}

/**
 * Walk the chains of a store and check them from the records alone: no hub and no declaration is asked. Without heads,
 * every record that is nobody's parent is one: one that no mark names was written and never taken, which is no error.
 */
export function verifyStore(contents: StoreContents, heads?: readonly Digest[]): Verification {
  const { product, records } = contents;
  const walked = heads ?? tipsOf(records);
  const problems: Problem[] = [...contents.problems];
  const steps = new Map<Digest, VerifiedStep>();
  for (const head of walked) {
    const { chain, gap } = chainOf(records, head);
    if (gap !== undefined) problems.push(missing(product, gap));
    for (const digest of chain) {
      const record = records.get(digest);
      if (record === undefined || steps.has(digest)) continue;
      const parent = record.parent === null ? undefined : records.get(record.parent);
      const found = verifyStep({ digest, record, parent });
      const all = [...found.problems, ...verifyLooks(digest, record, contents)];
      steps.set(digest, { digest, record, rejudged: found.rejudged, problems: all });
      problems.push(...all);
    }
  }
  problems.push(...verifyMarks(contents, heads), ...verifyTombstones(contents, walked));
  return { product, heads: walked, steps: [...steps.values()], problems };
}

function tipsOf(records: StoreContents["records"]): readonly Digest[] {
  const parents = new Set([...records.values()].map(({ parent }) => parent));
  return [...records.keys()].filter((digest) => !parents.has(digest)).sort();
}

function missing(product: string, digest: Digest): Problem {
  return {
    severity: "error",
    code: "RECORD_BROKEN",
    path: `records/${product}/${digest}.json`,
    summary: "a record of the chain is missing, or does not hold what its name says",
    hint: "restore it from a backup; wavegate only stops things until then",
  };
}
