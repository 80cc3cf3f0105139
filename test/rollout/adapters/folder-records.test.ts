import { appendFile, chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderRecords } from "../../../rollout/adapters/folder-records.ts";
import { digestOf, type Digest } from "../../../rollout/model/digest.ts";
import { makeStop } from "../../../rollout/model/stop.ts";
import { attemptId } from "../../../rollout/model/attempt.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "records-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const attempt = attemptId("thermostat", "1.1.0", 1);
const look = {
  at: 1_000,
  wave: 0,
  views: { all: { A: { ok: 1, failed: 0, contacted: 2 } }, wave: {} },
  answered: 3,
};

function aRecord(reason: string): RolloutRecord {
  return {
    schemaVersion: 1,
    product: "thermostat",
    parent: null,
    kind: "create",
    at: "2026-01-01T00:00:00.000Z",
    actor: "test",
    reason,
    subject: null,
    intents: [],
    stops: [],
  };
}

describe("a record", () => {
  it("is stored under the digest of its content and read back as it was", async () => {
    const records = folderRecords(root);
    const digest = await records.putRecord(aRecord("first"));
    expect(digest).toBe(digestOf(aRecord("first")));
    expect(await folderRecords(root).getRecord("thermostat", digest)).toEqual(aRecord("first"));
  });

  it("stored twice, or from two places at once, is one file and leaves nothing beside it", async () => {
    const two = [folderRecords(root), folderRecords(root)];
    await Promise.all([...two, ...two].map((records) => records.putRecord(aRecord("same"))));
    expect(await readdir(join(root, "records", "thermostat"))).toEqual([`${digestOf(aRecord("same"))}.json`]);
  });

  it.each([
    ["changed", (text: string) => text.replace("first", "other")],
    ["cut short", (text: string) => text.slice(0, 20)],
    ["of a later schema", (text: string) => text.replace('"schemaVersion":1', '"schemaVersion":2')],
  ])("that was %s is RECORD_BROKEN, not half understood", async (_, change) => {
    const digest = await folderRecords(root).putRecord(aRecord("first"));
    const file = join(root, "records", "thermostat", `${digest}.json`);
    await writeFile(file, change(await readFile(file, "utf8")));
    await expect(folderRecords(root).getRecord("thermostat", digest)).rejects.toMatchObject({
      code: "RECORD_BROKEN",
    });
  });

  it("that is not there is undefined", async () => {
    expect(await folderRecords(root).getRecord("thermostat", digestOf("nothing"))).toBeUndefined();
  });
});

describe("looks", () => {
  it("are read in the order they were appended, and a line that a crash cut short is left out", async () => {
    const records = folderRecords(root);
    await records.appendLook("thermostat", attempt, look);
    await appendFile(join(root, "looks", "thermostat", `${attempt}.jsonl`), '{"schemaVersion":1,"at":2');
    await appendFile(join(root, "looks", "thermostat", `${attempt}.jsonl`), "\n");
    await records.appendLook("thermostat", attempt, { ...look, at: 3_000 });
    expect((await records.looks("thermostat", attempt)).map(({ at }) => at)).toEqual([1_000, 3_000]);
  });
});

describe("marks and tombstones", () => {
  it("say which head a hub has had, and which releases were aborted", async () => {
    const records = folderRecords(root);
    expect(await records.takenMark("thermostat", "demo")).toBeUndefined();
    await records.markTaken("thermostat", "demo", digestOf("one"));
    await records.markTaken("thermostat", "demo", digestOf("two"));
    expect(await records.takenMark("thermostat", "demo")).toBe(digestOf("two"));
    const release = digestOf("release");
    const stop = makeStop({
      kind: "abort",
      attempt,
      release,
      actor: "gate",
      at: "2026-01-01T00:00:00.000Z",
      reason: "bad",
      nonce: "n",
    });
    await records.putTombstone("thermostat", stop);
    await records.putTombstone("thermostat", { ...stop, reason: "again" });
    expect(await records.tombstones("thermostat")).toEqual(new Set<Digest>([release]));
    await records.putTombstone("thermostat", { ...stop, kind: "halt" });
    await records.putTombstone("thermostat", { ...stop, kind: "hold" });
    expect(await records.tombstones("thermostat")).toEqual(new Set([release, `${release}.halt`]));
  });

  it("of a release that a stranger's label names are not written", async () => {
    const records = folderRecords(root);
    await records.putTombstone(
      "thermostat",
      makeStop({
        kind: "abort",
        attempt,
        release: "../../escape",
        actor: "x",
        at: "x",
        reason: "x",
        nonce: "n",
      }),
    );
    expect(await records.tombstones("thermostat")).toEqual(new Set());
  });
});

describe("a folder that cannot be used", () => {
  it("is a store that does not answer, with the path and what to check", async () => {
    await writeFile(join(root, "records"), "a file where a folder belongs");
    await expect(folderRecords(root).putRecord(aRecord("first"))).rejects.toMatchObject({
      code: "RECORD_STORE_FAILED",
      hint: expect.stringContaining("records folder") as string,
    });
    await chmod(root, 0o700);
  });
});
