import { beforeAll, describe, expect, it } from "vitest";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { verifyStore, type Verification } from "../../../rollout/engine/verify/verify-store.ts";
import { canonicalJson, digestOf, sha256Hex } from "../../../rollout/model/digest.ts";
import { isRolledOut, type RolloutIntent, type RolloutRecord } from "../../../rollout/model/record.ts";
import type { StoreContents, StoredFiles, StoreFolder } from "../../../rollout/model/store-contents.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { aStoredRollout } from "./a-stored-rollout.ts";
import { forged } from "./forged-store.ts";
import { HOUR, inCanary, PRODUCT, rest } from "../reconcile/in-canary.ts";

let good: StoredFiles;
let bad: StoredFiles;
beforeAll(async () => {
  good = await aStoredRollout("good");
  bad = await aStoredRollout("bad");
});

function verified(files: StoredFiles): Verification {
  return verifyStore(readStored(files));
}

function withRollout(record: RolloutRecord, change: (intent: RolloutIntent) => RolloutIntent): RolloutRecord {
  const intents = record.intents.map((intent) => (isRolledOut(intent) ? change(intent) : intent));
  return { ...record, intents };
}

describe("the records of a rollout", () => {
  it("that went well are verified without a finding, every verdict judged again", () => {
    const { problems, steps } = verified(good);
    expect(problems).toEqual([]);
    expect(steps.map(({ record }) => record.kind)).toEqual([
      "create",
      "adopt",
      "start",
      "promote",
      "promote",
      "complete",
      "settle",
    ]);
    expect(steps.filter(({ rejudged }) => rejudged).map(({ record }) => record.kind)).toEqual([
      "promote",
      "promote",
      "complete",
    ]);
  });

  it("that was taken back by the gate are verified too, its abort judged again", () => {
    const { problems, steps } = verified(bad);
    expect(problems).toEqual([]);
    expect(steps.filter(({ rejudged }) => rejudged).map(({ record }) => record.kind)).toContain("abort");
  });

  it("with a hold, a resume and a person's abort are verified", async () => {
    const world = await inCanary();
    const by = { product: "thermostat", actor: "operator", reason: "odd" };
    await stopRelease({ kind: "hold", ...by }, world.ports);
    await rest(world);
    world.advance(HOUR);
    await resume(PRODUCT, world.ports, { actor: "operator", reason: "well", queryLagMs: 0 });
    world.advance(4 * HOUR);
    world.settle(() => "ok");
    await rest(world);
    await stopRelease({ kind: "abort", ...by }, world.ports);
    await rest(world);
    const { problems, steps } = verified(await world.ports.records.contents("thermostat"));
    expect(problems).toEqual([]);
    expect(steps.map(({ record }) => record.kind)).toEqual([
      "create",
      "adopt",
      "start",
      "hold",
      "resume",
      "promote",
      "abort",
    ]);
  });

  it("from before failure rates and devices that stay away were told are verified: they tell none", () => {
    for (const files of [good, bad]) {
      const before = forged(readStored(files), (record) => {
        const { judged, verdict, ...rest } = withRollout(record, ({ population, ...intent }) => {
          expect(population).toMatchObject({ A: 150 });
          return intent;
        });
        if (judged === undefined || verdict === undefined) return rest;
        const { rates, contact, ...evidence } = judged;
        expect(rates).toMatchObject({ confidence: 0.95 });
        expect(contact === undefined).toBe(evidence.judgedAs === "watched");
        const reasons = verdict.reasons.map(({ rate, ...reason }) => {
          expect(rate === undefined).toBe(reason.n === undefined);
          return reason;
        });
        return { ...rest, judged: evidence, verdict: { ...verdict, reasons } };
      });
      const { problems, steps } = verifyStore(before);
      expect(problems).toEqual([]);
      expect(steps.some(({ rejudged }) => rejudged)).toBe(true);
    }
  });

  it("that were written and never taken are no error", () => {
    const contents = readStored(good);
    const tip = verifyStore(contents).heads[0];
    const head = tip === undefined ? undefined : contents.records.get(tip);
    const parent =
      head?.parent === undefined || head.parent === null ? undefined : contents.records.get(head.parent);
    if (head === undefined || parent === undefined) throw new Error("the chain is too short");
    const orphan: RolloutRecord = { ...head, actor: "another controller" };
    const records = new Map([...contents.records, [digestOf(orphan), orphan] as const]);
    expect(verifyStore({ ...contents, records })).toMatchObject({ problems: [], heads: { length: 2 } });
  });
});

describe("a forger who names every record anew", () => {
  const summaries = (contents: StoreContents): string[] =>
    verifyStore(contents)
      .problems.filter(({ severity }) => severity === "error")
      .map(({ summary }) => summary);

  it.each<[string, RegExp, (record: RolloutRecord) => RolloutRecord]>([
    [
      "softens the counts of a promotion",
      /the gate says|not those of the looks/,
      (record) => {
        if (record.kind !== "promote" || record.judged === undefined) return record;
        const { counts } = record.judged;
        const A = counts.wave["A"];
        if (A === undefined) return record;
        return {
          ...record,
          judged: {
            ...record.judged,
            counts: { ...counts, wave: { ...counts.wave, A: { ...A, ok: A.ok + 1, most: A.most + 1 } } },
          },
        };
      },
    ],
    [
      "lowers a threshold",
      /thresholds of its evidence/,
      (record) =>
        record.judged === undefined
          ? record
          : {
              ...record,
              judged: { ...record.judged, thresholds: { ...record.judged.thresholds, promote: 1 } },
            },
    ],
    [
      "leaves the evidence out",
      /no evidence to judge by/,
      (record) => {
        const { schemaVersion, product, parent, kind, at, actor, reason, subject, intents, stops } = record;
        return kind === "promote"
          ? { schemaVersion, product, parent, kind, at, actor, reason, subject, intents, stops }
          : record;
      },
    ],
    [
      "says that a person overrode the gate",
      /without a promoting verdict, and nobody overrode the gate on this evidence/,
      (record) =>
        record.kind === "promote" && record.judged !== undefined && record.verdict !== undefined
          ? {
              ...record,
              verdict: { ...record.verdict, guarantee: "overridden" },
              judged: { ...record.judged, coverage: { contacted: 0, targeted: 100 } },
            }
          : record,
    ],
    [
      "opens a wave without a promotion",
      /went from wave 0 to 2/,
      (record) =>
        record.kind === "promote"
          ? withRollout(record, (intent) => ({ ...intent, wave: intent.wave === 1 ? 2 : intent.wave }))
          : record,
    ],
    [
      "changes a condition on the way",
      /changes the condition/,
      (record) =>
        record.kind === "settle" ? withRollout(record, (intent) => ({ ...intent, condition: "*" })) : record,
    ],
    [
      "declares other strata as proving",
      /changes the proving/,
      (record) =>
        record.kind === "promote" ? withRollout(record, (intent) => ({ ...intent, proving: [] })) : record,
    ],
    [
      "tells another number of devices",
      /changes the population/,
      (record) =>
        record.kind === "settle" ? withRollout(record, (intent) => ({ ...intent, population: {} })) : record,
    ],
    [
      "tells failure rates of other devices",
      /failure rates are told by another level/,
      (record) =>
        record.judged === undefined
          ? record
          : { ...record, judged: { ...record.judged, rates: { confidence: 0.5, population: {} } } },
    ],
    [
      "improves a failure rate",
      /the gate says/,
      (record) =>
        record.verdict === undefined
          ? record
          : {
              ...record,
              verdict: {
                ...record.verdict,
                reasons: record.verdict.reasons.map((reason) => ({
                  ...reason,
                  rate: { lower: 0, upper: 0.001, confidence: 0.95 },
                })),
              },
            },
    ],
    [
      "swaps the release under its digest",
      /is not the one its digest names/,
      (record) =>
        withRollout(record, (intent) => ({ ...intent, release: { ...intent.release, watchMs: 1 } })),
    ],
    [
      "loses a release on the way",
      /is not in it any more/,
      (record) => (record.kind === "settle" ? { ...record, intents: record.intents.slice(0, 1) } : record),
    ],
  ])("and %s is found", (_, pattern, change) => {
    expect(summaries(forged(readStored(good), change)).join("\n")).toMatch(pattern);
  });

  it.each<[string, RegExp, (record: RolloutRecord) => RolloutRecord]>([
    [
      "brings an aborted release back",
      /went from rolling back to running/,
      (record) =>
        record.kind === "rolled back"
          ? withRollout(record, (intent) => ({ ...intent, state: "running" }))
          : record,
    ],
    [
      "takes a stop in without stopping",
      /is taken in, and it goes on/,
      (record) =>
        record.kind === "abort" ? withRollout(record, (intent) => ({ ...intent, state: "running" })) : record,
    ],
    [
      "fills an aborted release's condition again",
      /changes the condition/,
      (record) =>
        record.kind === "rolled back"
          ? withRollout(record, (intent) => ({ ...intent, condition: "*" }))
          : record,
    ],
    [
      "changes why the gate stopped it",
      /the gate says/,
      (record) =>
        record.verdict === undefined || record.kind !== "abort"
          ? record
          : {
              ...record,
              verdict: {
                ...record.verdict,
                reasons: record.verdict.reasons.map((reason) => ({ ...reason, k: 1 })),
              },
            },
    ],
  ])("of an abort and %s is found", (_, pattern, change) => {
    expect(summaries(forged(readStored(bad), change)).join("\n")).toMatch(pattern);
  });

  it("and promotes after a stop is found", () => {
    const held = forged(readStored(good), (record) =>
      record.kind === "start" ? withRollout(record, (intent) => ({ ...intent, state: "held" })) : record,
    );
    expect(summaries(held).join("\n")).toMatch(/widened while it was held/);
  });
});

describe("a clock that went back", () => {
  it("is a warning, no error", () => {
    const contents = forged(readStored(good), (record) =>
      record.kind === "start" ? { ...record, at: "2020-01-01T00:00:00.000Z" } : record,
    );
    expect(verifyStore(contents).problems).toMatchObject([{ severity: "warning", code: "CHAIN_INVALID" }]);
  });
});

describe("looks that were lost", () => {
  it("are a warning: the verdicts stand by themselves", () => {
    const looks = new Map([...good.folders.looks].map(([name]) => [name, ""]));
    const { problems, steps } = verified({ ...good, folders: { ...good.folders, looks } });
    expect(problems.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      "warning LOOKS_LOST",
      "warning LOOKS_LOST",
      "warning LOOKS_LOST",
    ]);
    expect(steps.filter(({ rejudged }) => rejudged)).toHaveLength(3);
  });
});

describe("a mark", () => {
  it("of a head that is not in the line of the chain asked for is found", () => {
    const contents = readStored(good);
    const [first] = [...contents.records.keys()];
    if (first === undefined) throw new Error("no record");
    const other = { ...contents.records.get(first), actor: "x" } as RolloutRecord;
    const marks = new Map([...contents.marks, ["west", digestOf(other)] as const]);
    const records = new Map([...contents.records, [digestOf(other), other] as const]);
    expect(verifyStore({ ...contents, marks, records }).problems).toMatchObject([{ code: "REF_REWOUND" }]);
    expect(verifyStore({ ...contents, marks }).problems).toMatchObject([{ code: "RECORD_BROKEN" }]);
  });
});

describe("a store of which one byte was changed", () => {
  // `npm run soak` changes every byte.
  const every = process.env["SOAK"] === undefined ? 41 : 1;
  const nothing = { records: new Map(), taken: new Map(), terminal: new Map(), looks: new Map() };

  it("fails, whichever byte of whichever file it is; of looks it warns", () => {
    let flips = 0;
    for (const files of [good, bad]) {
      for (const [folder, texts] of Object.entries(files.folders) as [
        StoreFolder,
        ReadonlyMap<string, string>,
      ][]) {
        for (const [name, whole] of texts) {
          // Each line of a series stands for itself.
          for (const text of folder === "looks" ? whole.split(/(?<=\n)/) : [whole]) {
            const bytes = Buffer.from(text);
            for (let place = (flips * 7) % every; place < bytes.length; place += every) {
              flips += 1;
              const changed = Buffer.from(bytes);
              changed[place] = (bytes[place] ?? 0) ^ (1 << (flips % 8));
              const alone = new Map([[name, changed.toString()]]);
              // Most files tell by themselves; the others have to contradict the rest of the store.
              const own = readStored({ ...files, folders: { ...nothing, [folder]: alone } }).problems;
              const all = (): Verification =>
                verified({
                  ...files,
                  folders: { ...files.folders, [folder]: new Map([...texts, ...alone]) },
                });
              const wrong = own.length > 0 ? own : all().problems;
              const isFound = wrong.some(({ severity }) => folder === "looks" || severity === "error");
              if (!isFound)
                expect.fail(`${folder}/${name}: byte ${place} of "${text.slice(place - 20, place + 20)}"`);
            }
          }
        }
      }
    }
    expect(flips).toBeGreaterThan(500);
  });

  it("is named by the file that holds it", () => {
    const [name = "", text = ""] = [...good.folders.records][2] ?? [];
    const records = new Map(good.folders.records).set(name, text.replace('"actor":"test"', '"actor":"tess"'));
    const { problems } = verified({ ...good, folders: { ...good.folders, records } });
    expect(problems.map(({ path }) => path)).toContain(`records/thermostat/${name}`);
    // What stands on it is not called sound either.
    expect(problems.map(({ summary }) => summary).join()).toMatch(/the record it stands on is missing/);
    expect(sha256Hex(canonicalJson(JSON.parse(text)))).toBe(name.replace(".json", ""));
  });
});
