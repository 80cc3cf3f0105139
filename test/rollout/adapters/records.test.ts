import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { blobFiles } from "../../../rollout/adapters/blob-records.ts";
import { cursorsIn } from "../../../rollout/adapters/cursors-in-files.ts";
import { folderFiles, folderRecords } from "../../../rollout/adapters/folder-records.ts";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { recordsIn, type TextFiles } from "../../../rollout/adapters/records-in-files.ts";
import { attemptId } from "../../../rollout/model/attempt.ts";
import { canonicalJson, digestOf, sha256Hex, type Digest } from "../../../rollout/model/digest.ts";
import type { RecordPort } from "../../../rollout/reconcile/ports.ts";
import { startBlobStorage, type BlobStorage } from "../../support/blob-storage.ts";
import { aLook, anAbort, aRecord, ATTEMPT } from "./a-record.ts";

/** A store that starts empty, and what a person who looks into it without wavegate sees and does. */
interface Store {
  /** As another process opens it: nothing is remembered from before. */
  open(): RecordPort;
  /** The same, as files. */
  files(): TextFiles;
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<string>;
  /** Write over a file. */
  write(path: string, text: string): Promise<void>;
  /** Add text to a series as it stands. */
  append(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
}

let scratch: string;
let storage: BlobStorage;
let stores = 0;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "records-"));
  storage = await startBlobStorage();
});
afterAll(async () => {
  await storage[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

function newFolder(): Promise<Store> {
  const root = join(scratch, `store-${stores++}`);
  const at = (path: string): string => join(root, path);
  return Promise.resolve({
    open: () => folderRecords(root),
    files: () => folderFiles(root),
    list: (folder) => readdir(at(folder)).catch(() => []),
    read: (path) => readFile(at(path), "utf8"),
    write: async (path, text) => {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), text);
    },
    append: (path, text) => appendFile(at(path), text),
    remove: (path) => rm(at(path)),
  });
}

async function newContainer(): Promise<Store> {
  const name = `store-${stores++}`;
  await storage.azurite.createContainer(name);
  const container = storage.container(name);
  const files = (): TextFiles =>
    blobFiles({
      container: `${storage.azurite.endpoint}/${name}`,
      credential: storage.azurite.credential,
      ca: storage.caPem,
    });
  return {
    open: () => recordsIn(files()),
    files,
    list: async (folder) => {
      const prefix = `${folder}/`;
      return (await storage.blobs(name, prefix)).map((blob) => blob.name.slice(prefix.length));
    },
    read: async (path) => (await container.getBlobClient(path).downloadToBuffer()).toString(),
    write: async (path, text) => {
      await container.getBlockBlobClient(path).upload(text, Buffer.byteLength(text));
    },
    append: async (path, text) => {
      await container.getAppendBlobClient(path).appendBlock(text, Buffer.byteLength(text));
    },
    remove: async (path) => {
      await container.deleteBlob(path);
    },
  };
}

describe.each([
  ["a folder", newFolder],
  ["a container", newContainer],
])("records in %s", (_, newStore) => {
  let store: Store;
  let records: RecordPort;
  beforeEach(async () => {
    store = await newStore();
    records = store.open();
  });

  it("know nothing of a product that was never there", async () => {
    expect(await records.takenMark("toaster", "demo")).toBeUndefined();
    expect(await records.getRecord("toaster", digestOf("nothing"))).toBeUndefined();
    expect(await records.tombstones("toaster")).toEqual(new Set());
    expect(await records.looks("toaster", ATTEMPT)).toEqual([]);
  });

  describe("the cursor of a channel of notifications", () => {
    it("moves over the one that was read, and never over another one's", async () => {
      const [one, other] = [cursorsIn(store.files()), cursorsIn(store.files())];
      expect(await one.cursor("thermostat", "team")).toBe(undefined);
      await one.moveCursor("thermostat", "team", "1", undefined);
      await other.moveCursor("thermostat", "team", "2", undefined);
      expect(await other.cursor("thermostat", "team")).toBe("1");
      await other.moveCursor("thermostat", "team", "3", "1");
      await one.moveCursor("thermostat", "team", "4", "1");
      expect(await one.cursor("thermostat", "team")).toBe("3");
      expect(await one.cursor("thermostat", "on-call")).toBe(undefined);
    });

    it("is no part of what is verified and exported", async () => {
      await cursorsIn(store.files()).moveCursor("thermostat", "team", "1", undefined);
      const { folders } = await records.contents("thermostat");
      expect(Object.values(folders).map(({ size }) => size)).toEqual([0, 0, 0, 0]);
    });
  });

  describe("a record", () => {
    it("is stored under the digest of its content and read back as it was, by another process too", async () => {
      const digest = await records.putRecord(aRecord("first"));
      expect(digest).toBe(digestOf(aRecord("first")));
      expect(await store.list("records/thermostat")).toEqual([`${digest}.json`]);
      expect(await records.getRecord("thermostat", digest)).toEqual(aRecord("first"));
      expect(await store.open().getRecord("thermostat", digest)).toEqual(aRecord("first"));
    });

    it("that others wrote after this process began to read is found", async () => {
      const first = await records.putRecord(aRecord("first"));
      const other = store.open();
      await other.getRecord("thermostat", first);
      const second = await records.putRecord(aRecord("second"));
      expect(await other.getRecord("thermostat", second)).toEqual(aRecord("second"));
    });

    it("stored twice, or from two places at once, is one file and leaves nothing beside it", async () => {
      const two = [records, store.open()];
      await Promise.all([...two, ...two].map((each) => each.putRecord(aRecord("same"))));
      expect(await store.list("records/thermostat")).toEqual([`${digestOf(aRecord("same"))}.json`]);
    });

    it("is never written over", async () => {
      const path = `records/thermostat/${digestOf(aRecord("first"))}.json`;
      await store.write(path, "what somebody put there");
      await records.putRecord(aRecord("first"));
      expect(await store.read(path)).toBe("what somebody put there");
    });

    it.each([
      ["changed", (text: string) => text.replace("first", "other")],
      ["cut short", (text: string) => text.slice(0, 20)],
      ["emptied", () => ""],
      ["of a later schema", (text: string) => text.replace('"schemaVersion":1', '"schemaVersion":2')],
    ])("that was %s is RECORD_BROKEN, until it is restored", async (_change, change) => {
      const digest = await records.putRecord(aRecord("first"));
      const path = `records/thermostat/${digest}.json`;
      const text = await store.read(path);
      await store.write(path, change(text));
      const other = store.open();
      await expect(other.getRecord("thermostat", digest)).rejects.toMatchObject({
        code: "RECORD_BROKEN",
        message: expect.stringContaining(path) as string,
        hint: expect.stringContaining("restore") as string,
      });
      await store.write(path, text);
      expect(await other.getRecord("thermostat", digest)).toEqual(aRecord("first"));
    });

    it("that another version of wavegate wrote is STORE_FORMAT: no backup has another one", async () => {
      const text = canonicalJson({ ...aRecord("first"), schemaVersion: 2 });
      const digest = sha256Hex(text);
      await store.write(`records/thermostat/${digest}.json`, text);
      await expect(records.getRecord("thermostat", digest)).rejects.toMatchObject({
        code: "STORE_FORMAT",
        message: expect.stringContaining(digest) as string,
        hint: expect.stringContaining("another version of wavegate wrote it") as string,
      });
      const stored = readStored(await records.contents("thermostat"));
      expect(stored.problems).toMatchObject([
        { code: "STORE_FORMAT", path: `records/thermostat/${digest}.json` },
      ]);
    });

    it("that was taken away is undefined", async () => {
      const digest = await records.putRecord(aRecord("first"));
      await store.remove(`records/thermostat/${digest}.json`);
      expect(await store.open().getRecord("thermostat", digest)).toBeUndefined();
    });

    it("that is none is refused before anything is written", async () => {
      const none = { ...aRecord("first"), kind: "guess" } as unknown as ReturnType<typeof aRecord>;
      await expect(records.putRecord(none)).rejects.toThrow();
      expect(await store.list("records/thermostat")).toEqual([]);
    });
  });

  describe("looks", () => {
    const path = `looks/thermostat/${ATTEMPT}.jsonl`;

    it("are read in the order they were appended, and a line that was cut short is left out", async () => {
      await records.appendLook("thermostat", ATTEMPT, aLook(1_000));
      await store.append(path, '{"schemaVersion":1,"at":2');
      await store.append(path, "\n");
      await records.appendLook("thermostat", ATTEMPT, aLook(3_000));
      expect(await store.open().looks("thermostat", ATTEMPT)).toEqual([aLook(1_000), aLook(3_000)]);
    });

    it("of two processes at once are all there", async () => {
      const other = store.open();
      const instants = Array.from({ length: 20 }, (_look, index) => index);
      await Promise.all(
        instants.map((at) => (at % 2 === 0 ? records : other).appendLook("thermostat", ATTEMPT, aLook(at))),
      );
      const found = (await store.open().looks("thermostat", ATTEMPT)).map(({ at }) => at);
      expect(found.toSorted((a, b) => a - b)).toEqual(instants);
    });

    it("of the tenth attempt are not the first one's", async () => {
      const tenth = attemptId("thermostat", "1.1.0", 10);
      await records.appendLook("thermostat", ATTEMPT, aLook(1));
      await records.appendLook("thermostat", tenth, aLook(10));
      expect(await records.looks("thermostat", ATTEMPT)).toEqual([aLook(1)]);
      expect(await records.looks("thermostat", tenth)).toEqual([aLook(10)]);
    });
  });

  describe("marks", () => {
    it("say which head a hub has had last", async () => {
      await records.markTaken("thermostat", "demo", digestOf("one"), undefined);
      await records.markTaken("thermostat", "demo", digestOf("two"), digestOf("one"));
      // One that was decided before that comes late.
      await records.markTaken("thermostat", "demo", digestOf("four"), digestOf("one"));
      await records.markTaken("thermostat", "demo", digestOf("four"), undefined);
      await records.markTaken("thermostat", "other", digestOf("three"), undefined);
      expect(await store.open().takenMark("thermostat", "demo")).toBe(digestOf("two"));
      expect(await store.list("taken/thermostat")).toEqual(["demo.json", "other.json"]);
    });

    it("that are none are told, with the place", async () => {
      await store.write("taken/thermostat/demo.json", '{"head":"../../x"}');
      await expect(records.takenMark("thermostat", "demo")).rejects.toMatchObject({
        code: "STORE_FORMAT",
        message: expect.stringContaining("taken/thermostat/demo.json") as string,
      });
    });
  });

  describe("tombstones", () => {
    it("say which releases were aborted; the first one stands", async () => {
      const [one, two] = [digestOf("one"), digestOf("two")];
      await records.putTombstone("thermostat", anAbort(one));
      await store.open().putTombstone("thermostat", { ...anAbort(one), reason: "again" });
      await records.putTombstone("thermostat", anAbort(two));
      // A product whose name begins alike has its own.
      await records.putTombstone("thermostat-pro", anAbort(digestOf("three")));
      expect(await store.open().tombstones("thermostat")).toEqual(new Set<Digest>([one, two]));
      expect(await store.read(`terminal/thermostat/${one}.json`)).toContain('"reason":"bad"');
    });

    it("of a release that a stranger's label names are not written", async () => {
      await records.putTombstone("thermostat", anAbort("../../escape"));
      expect(await records.tombstones("thermostat")).toEqual(new Set());
    });
  });
});

describe("a folder that cannot be used", () => {
  it("is a store that does not answer, with the path and what to check", async () => {
    const root = join(scratch, "unusable");
    await mkdir(root);
    await writeFile(join(root, "records"), "a file where a folder belongs");
    await expect(folderRecords(root).putRecord(aRecord("first"))).rejects.toMatchObject({
      code: "RECORD_STORE_FAILED",
      message: expect.stringContaining(join(root, "records")) as string,
      hint: expect.stringContaining("records folder") as string,
    });
  });
});
