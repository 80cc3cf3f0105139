import { access, cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { start } from "../support/command-line.ts";

const root = new URL("../../", import.meta.url);

/** What a look writes for the alerts, and how it ends. */
async function look(
  ...args: readonly string[]
): Promise<{ readonly exit: number | undefined; readonly event: unknown }> {
  const running = start(["infra/controller/look.mjs", ...args]);
  const exit = await running.ended;
  return { exit, event: JSON.parse(running.lines.find((line) => line.startsWith('{"event"')) ?? "null") };
}

describe("a look of the controller", () => {
  it("ends with a line that says how, for the alerts", async () => {
    expect(await look("--help")).toEqual({ exit: 0, event: { event: "wavegateLookEnded", exit: 0 } });
    expect(await look("reconcile", "--settings", "none.json")).toEqual({
      exit: 1,
      event: { event: "wavegateLookEnded", exit: 1 },
    });
  });

  it("is found by the alerts under the name it writes", async () => {
    const alerts = await readFile(new URL("infra/components/alerts.ts", root), "utf8");
    expect(alerts).toContain('Log has "wavegateLookEnded"');
    expect(alerts).toContain("parse_json(Log).exit");
  });
});

describe("the controller's Dockerfile", () => {
  it("copies what is there, runs a look as nobody in particular, and says that it is not built here", async () => {
    const text = await readFile(new URL("infra/controller/Dockerfile", root), "utf8");
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = ""]) =>
      sources.split(" "),
    );
    expect(copied).toContain("rollout");
    for (const source of copied) await access(new URL(source, root));
    expect(text).toContain("NOT BUILT IN CI HERE");
    expect(text).toMatch(/^USER node$/m);
    const [, command = ""] = /^ENTRYPOINT (.+)$/m.exec(text) ?? [];
    const [, script = ""] = JSON.parse(command) as string[];
    await access(new URL(script, root));
  });

  it("copies all that a look needs, and the builder is sent nothing else", async () => {
    const text = await readFile(new URL("infra/controller/Dockerfile", root), "utf8");
    const image = await mkdtemp(join(tmpdir(), "wavegate-image-"));
    try {
      const copies = [...text.matchAll(/^COPY (?!--from)(.+) (\S+)$/gm)];
      for (const [, sources = "", target = ""] of copies)
        for (const source of sources.split(" "))
          await cp(new URL(source, root), join(image, target.endsWith("/") ? source : target), {
            recursive: true,
          });
      await symlink(new URL("node_modules", root), join(image, "node_modules"));
      const running = start([join(image, "infra/controller/look.mjs"), "plan", "--help"]);
      expect([await running.ended, running.lines.at(-1)]).toEqual([
        0,
        JSON.stringify({ event: "wavegateLookEnded", exit: 0 }),
      ]);
    } finally {
      await rm(image, { recursive: true, force: true });
    }
    const ignored = await readFile(new URL("infra/controller/Dockerfile.dockerignore", root), "utf8");
    const sent = [...ignored.matchAll(/^!(\S+)$/gm)].map(([, path = ""]) => path);
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, all = ""]) =>
      all.split(" "),
    );
    expect(new Set([...copied, "infra"])).toEqual(new Set(sent));
    expect(ignored).toMatch(/^\*$/m);
  });
});
