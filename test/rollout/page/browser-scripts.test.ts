import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROJECT, start } from "../../support/command-line.ts";

describe("the scripts that pages run in a browser", () => {
  it("are checked by the compiler, against what browsers have", async () => {
    const compiler = join(PROJECT, "node_modules", "typescript", "bin", "tsc");
    const running = start([compiler, "-p", "rollout/page/browser"]);
    expect(await running.ended, running.lines.join("\n")).toBe(0);
  });
});
