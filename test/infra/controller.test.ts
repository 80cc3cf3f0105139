import { access, readFile } from "node:fs/promises";
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
});
