import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { wavegate } from "../../local/demo/command-line.ts";
import { claimFolder } from "../../local/demo/folder.ts";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "demo-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(project, { recursive: true, force: true });
});

describe("the demo's folder", () => {
  it("is emptied when it is taken, and only below .wavegate", async () => {
    await mkdir(join(project, ".wavegate", "demo"), { recursive: true });
    await writeFile(join(project, ".wavegate", "demo", "old"), "");
    await using claimed = await claimFolder(project, "demo");
    expect(await readdir(claimed.folder)).toEqual([]);
    for (const name of ["..", ".", "", "../x", "/", "a/b"])
      await expect(claimFolder(project, name)).rejects.toThrow(/--name takes/);
  });

  it("has one owner at a time, however close two come", async () => {
    const results = await Promise.allSettled([
      claimFolder(project, "demo"),
      claimFolder(project, "demo"),
      claimFolder(project, "demo"),
    ]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("is free again after its owner, and after one that died", async () => {
    await (await claimFolder(project, "demo"))[Symbol.asyncDispose]();
    await writeFile(join(project, ".wavegate", "demo.process"), "999999999");
    await (await claimFolder(project, "demo"))[Symbol.asyncDispose]();
  });

  it("is not taken from another user, whose process may not be asked", async () => {
    await mkdir(join(project, ".wavegate"));
    await writeFile(join(project, ".wavegate", "demo.process"), "4711");
    vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    });
    await expect(claimFolder(project, "demo")).rejects.toThrow(/a demo runs in .* \(process 4711\)/);
  });
});

describe("the demo's commands", () => {
  it("never reach a hub that the user's environment names", async () => {
    let dialled = 0;
    const decoy = createServer((socket) => {
      dialled += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => decoy.listen(0, "127.0.0.1", resolve));
    const address = decoy.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const connectionString = `HostName=localhost:${port};SharedAccessKeyName=iothubowner;SharedAccessKey=a2V5`;
    vi.stubEnv("WAVEGATE_SETTINGS", join(project, "production.json"));
    vi.stubEnv("WAVEGATE_HUB_CONNECTION_STRING", connectionString);
    const settings = join(project, "settings.json");
    const credential = { kind: "token-file", file: "token" };
    await writeFile(
      settings,
      JSON.stringify({
        schemaVersion: 1,
        hub: {
          name: "demo",
          connectionString: "HostName=localhost:9;SharedAccessKeyName=iothubowner;SharedAccessKey=a2V5",
        },
        images: { base: "https://localhost/firmware", credential },
        records: { folder: "records" },
        declarations: { fleet: join(process.cwd(), "rollout/fleet.ts"), releases: "releases" },
      }),
      { mode: 0o600 },
    );
    const { code } = await wavegate(["plan"], { signal: new AbortController().signal, settings });
    decoy.close();
    expect(code).toBe(1);
    expect(dialled).toBe(0);
  });

  it("do not start once the demo was interrupted", async () => {
    await expect(
      wavegate(["--help"], { signal: AbortSignal.abort("SIGINT"), settings: "none" }),
    ).rejects.toBe("SIGINT");
  });
});
