import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "../../../../local/hub/disk/folder-lock.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "folder-lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the lock of a folder", () => {
  it("keeps everybody else out until it is let go", () => {
    {
      using lock = lockFolder(folder);
      expect(() => lockFolder(folder)).toThrow(`is in use by process ${process.pid}: stop that hub`);
      expect(lock.path).toBe(join(folder, "lock"));
    }
    using again = lockFolder(folder);
    expect(again.path).toBe(join(folder, "lock"));
  });

  it("is taken over from a killed process whose number another one has now", async (context) => {
    if (process.platform !== "linux") context.skip("when a process started is known on Linux only");
    const lock = lockFolder(folder);
    const [pid, start] = (await readFile(lock.path, "utf8")).trim().split(" ");
    await writeFile(lock.path, `${pid ?? ""} ${Number(start) - 1}\n`);
    using taken = lockFolder(folder);
    expect(await readFile(taken.path, "utf8")).toBe(`${pid ?? ""} ${start ?? ""}\n`);
  });

  it.each(["", "no number\n", "-1\n", "0\n", "999999999\n", "999999999 5\n"])(
    "is nobody's when it says %j",
    async (text) => {
      await writeFile(join(folder, "lock"), text);
      using lock = lockFolder(folder);
      expect(await readFile(lock.path, "utf8")).toMatch(new RegExp(`^${process.pid} `));
    },
  );

  it("of a process of an earlier version, which says no start, counts while that runs", async () => {
    await writeFile(join(folder, "lock"), `${process.pid}\n`);
    expect(() => lockFolder(folder)).toThrow(/is in use by process/);
  });
});
