import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { COMMANDS } from "../../../rollout/cli/commands.ts";
import { main } from "../../../rollout/cli/main.ts";
import { PROJECT, start } from "../../support/command-line.ts";

const KEPT = join(PROJECT, "rollout/cli/help");
/** What may stand before `--help`: nothing, a command, the first word of those that have two. */
const PLACES = [
  ...new Set(["", ...COMMANDS.flatMap(({ name }) => [name, ...name.split(" ").slice(0, -1)])]),
].sort();

/** What the command line computes, in this process. */
async function computed(...args: readonly string[]): Promise<string> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const code = await main(args).finally(() => {
    spy.mockRestore();
  });
  expect(code).toBe(0);
  return written.join("");
}

function fileOf(place: string): string {
  return place === "" ? `${KEPT}.txt` : join(KEPT, `${place.replace(" ", "/")}.txt`);
}

describe("wavegate --help", () => {
  it.each(PLACES)("of %j: what is kept is what is computed", async (place) => {
    const words = place === "" ? [] : place.split(" ");
    await expect(await computed(...words, "--help")).toMatchFileSnapshot(fileOf(place));
  });

  it("keeps no text of a command that is gone", async () => {
    const files = (await readdir(KEPT, { recursive: true })).filter((file) => file.endsWith(".txt"));
    expect(files.map((file) => join(KEPT, file)).sort()).toEqual(
      PLACES.slice(1)
        .map((place) => fileOf(place))
        .sort(),
    );
  });

  it("lists the commands in 80 columns", async () => {
    for (const line of (await computed("--help")).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe("the start of wavegate", () => {
  /** Prints every module but Node's own as it is loaded. */
  const TELL = `data:text/javascript,import{registerHooks}from"node:module";registerHooks({load:(url,context,next)=>{if(url.startsWith("file:"))console.log(url);return next(url,context)}})`;

  /** What a command line printed, and the files it loaded for it. */
  async function started(...args: readonly string[]): Promise<{
    readonly code: number | undefined;
    readonly text: string;
    readonly loaded: readonly string[];
  }> {
    const running = start(["--import", TELL, "scripts/wavegate.mjs", ...args]);
    const code = await running.ended;
    const loaded = running.lines.filter((line) => line.startsWith("file:"));
    return { code, loaded, text: running.lines.filter((line) => !loaded.includes(line)).join("\n") };
  }

  it.each(["--help", "plan -h", "release --help", "release add --help"])(
    "loads nothing for the help that is kept: %s",
    async (typed) => {
      const args = typed.split(" ");
      const { code, text, loaded } = await started(...args);
      expect(code).toBe(0);
      expect(loaded.map((url) => url.split("/").at(-1))).toEqual(["wavegate.mjs", "pinned-node.mjs"]);
      expect(`${text}\n`).toBe(await computed(...args));
    },
  );

  it("loads a command when it is typed, and no library but that of the command line for a list", async () => {
    const list = await started("help");
    expect(list.loaded.join("\n")).toContain("/commander/");
    expect(list.loaded.join("\n")).not.toMatch(/\/commands\/|node_modules\/(?!commander\/)/);
    const { code, loaded } = await started("hold");
    expect(code).toBe(1);
    expect(loaded.filter((url) => url.includes("/commands/")).map((url) => url.split("/").at(-1))).toEqual([
      "hold.ts",
    ]);
  });
});

describe("a command that does not exist", () => {
  it("is refused with the one that was meant", async () => {
    const running = start(["scripts/wavegate.mjs", "plann"]);
    expect(await running.ended).toBe(1);
    expect(running.lines.join("\n")).toContain("Did you mean plan?");
  });
});
