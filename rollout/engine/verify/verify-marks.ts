import { canonicalJson, type Digest } from "../../model/digest.ts";
import type { Problem } from "../../model/problem.ts";
import { isAborted } from "../../model/record.ts";
import { stopWithId } from "../../model/stop.ts";
import type { StoreContents } from "../../model/store-contents.ts";
import { chainOf } from "./chain-of.ts";

/** Each hub's mark names a record that is there, in one line with those of the others and with the heads that were named. */
export function verifyMarks(
  contents: StoreContents,
  heads: readonly Digest[] | undefined,
): readonly Problem[] {
  const { product, records, marks } = contents;
  const problems: Problem[] = [];
  const found = (hub: string, code: Problem["code"], summary: string): void => {
    const hint = "find out which head the hub's ref names, and restore the mark from a backup";
    problems.push({ severity: "error", code, path: `taken/${product}/${hub}.json`, summary, hint });
  };
  const lines = [...marks].flatMap(([hub, head]) => {
    if (records.has(head)) return [{ hub, head, line: chainOf(records, head).chain }];
    found(hub, "RECORD_BROKEN", "the head it names is not in the store");
    return [];
  });
  const named = (heads ?? []).map((head) => ({ head, line: chainOf(records, head).chain }));
  for (const [index, { hub, head, line }] of lines.entries()) {
    const stray = [...lines.slice(0, index), ...named].find(
      (other) => !other.line.includes(head) && !line.includes(other.head),
    );
    if (stray !== undefined)
      found(hub, "REF_REWOUND", `its head and ${stray.head.slice(0, 12)} are not in one line`);
  }
  return problems;
}

/** Tombstones and the aborts of the chain say the same. */
export function verifyTombstones(contents: StoreContents, heads: readonly Digest[]): readonly Problem[] {
  const { product, records, tombstones } = contents;
  const stops = new Map(
    [...records.values()].flatMap(({ stops: own }) => own.map((stop) => [stop.id, stop])),
  );
  const problems: Problem[] = [];
  const found = (severity: Problem["severity"], release: string, summary: string): void => {
    const path = `terminal/${product}/${release}.json`;
    const hint = "a run of wavegate reconcile records what is in force and not in the chain yet";
    problems.push({ severity, code: "CHAIN_INVALID", path, summary, hint });
  };
  for (const [release, stop] of tombstones) {
    const recorded = stops.get(stop.id);
    const isSame = recorded !== undefined && canonicalJson(recorded) === canonicalJson(stop);
    if (stop.kind !== "abort") found("error", release, "a hold buries nothing");
    else if (recorded !== undefined ? !isSame : stopWithId(stop).id !== stop.id)
      found("error", release, `its facts are not those of the stop ${stop.id.slice(0, 12)}`);
    else if (recorded === undefined) found("warning", release, "no record of the chain knows its abort yet");
  }
  for (const head of heads) {
    for (const intent of records.get(head)?.intents ?? []) {
      if (isAborted(intent) && !tombstones.has(intent.digest))
        found("warning", intent.digest, `${intent.attempt} was aborted, and no tombstone says so`);
    }
  }
  return problems;
}
