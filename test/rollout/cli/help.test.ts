import { describe, expect, it, vi } from "vitest";
import { main } from "../../../rollout/cli/main.ts";
import { start } from "../../support/command-line.ts";

describe("wavegate --help", () => {
  it("prints what is kept of the list of commands, in 80 columns", async () => {
    const written: string[] = [];
    const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    expect(
      await main(["--help"]).finally(() => {
        spy.mockRestore();
      }),
    ).toBe(0);
    const text = written.join("");
    await expect(text).toMatchFileSnapshot("../../../rollout/cli/help.txt");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    for (const flag of ["--help", "-h"]) {
      const running = start(["scripts/wavegate.mjs", flag]);
      expect(await running.ended).toBe(0);
      expect(`${running.lines.join("\n")}\n`).toBe(text);
    }
  });
});

describe("the start of wavegate", () => {
  /** Prints every module but Node's own as it is loaded. */
  const TELL = `data:text/javascript,import{registerHooks}from"node:module";registerHooks({load:(url,context,next)=>{if(url.startsWith("file:"))console.log(url);return next(url,context)}})`;

  it("loads a command when it is typed, and no library but that of the command line for a list", async () => {
    const loaded = async (...args: readonly string[]): Promise<readonly string[]> => {
      const running = start(["--import", TELL, "scripts/wavegate.mjs", ...args]);
      expect(await running.ended).toBe(0);
      return running.lines.filter((line) => line.startsWith("file:"));
    };
    const list = (await loaded("gate", "--help")).join("\n");
    expect(list).toContain("/commander/");
    expect(list).not.toMatch(/\/commands\/|node_modules\/(?!commander\/)/);
    const commands = (await loaded("hold", "--help")).filter((url) => url.includes("/commands/"));
    expect(commands.map((url) => url.split("/").at(-1))).toEqual(["hold.ts"]);
  });
});

describe("a command that does not exist", () => {
  it("is refused with the one that was meant", async () => {
    const running = start(["scripts/wavegate.mjs", "plann"]);
    expect(await running.ended).toBe(1);
    expect(running.lines.join("\n")).toContain("Did you mean plan?");
  });
});
