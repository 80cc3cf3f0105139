import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { percent } from "../../../rollout/wavegate.ts";
import { PROJECT, start } from "../../support/command-line.ts";
import { aRelease } from "../../support/declarations.ts";

const FOLDER = join(PROJECT, ".wavegate", "test-forecast");
const QUICK = ["--strata", "A=1500,B=500", "--runs", "8", "--look", "1 hour"];

beforeAll(async () => {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  const text = (waves?: Parameters<typeof aRelease>[1]): string =>
    `export default ${JSON.stringify(aRelease("1.1.0", waves))};\n`;
  await writeFile(join(FOLDER, "now.ts"), text());
  await writeFile(join(FOLDER, "before.ts"), text({ waves: [{ name: "everyone", cohort: percent(100) }] }));
  await writeFile(join(FOLDER, "other.ts"), text({ product: "press" }));
  await writeFile(join(FOLDER, "broken.ts"), "export default { product: 1 };\n");
});
afterAll(() => rm(FOLDER, { recursive: true, force: true }));

async function forecast(...args: readonly string[]): Promise<{ code: number | undefined; text: string }> {
  const running = start([join(PROJECT, "scripts", "wavegate.mjs"), "forecast", ...args], {}, FOLDER);
  return { code: await running.ended, text: running.lines.join("\n") };
}

describe("wavegate forecast", () => {
  it("needs neither hub nor settings for a fleet of a given size, and draws the curve", async () => {
    const { code, text } = await forecast("now.ts", ...QUICK, "--svg", "curve.svg");
    expect(code).toBe(0);
    expect(text).toMatch(/thermostat 1\.1\.0: a good release \(2% fail\) is stopped in/);
    expect(text).toContain('"canary" taken to\n    have 20 devices (--tagged)');
    expect(await readFile(join(FOLDER, "curve.svg"), "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  it("says the same for the same seed, whatever the workers, as JSON and for a pull request", async () => {
    const [one, two, other, markdown] = await Promise.all([
      forecast("now.ts", ...QUICK, "--json", "--workers", "1"),
      forecast("now.ts", ...QUICK, "--json", "--workers", "2"),
      forecast("now.ts", ...QUICK, "--json", "--workers", "1", "--seed", "2"),
      forecast("now.ts", ...QUICK, "--markdown", "--before", "before.ts"),
    ]);
    expect(two.text).toBe(one.text);
    expect(other.text).not.toBe(one.text);
    expect(markdown.text).toContain("→");
    expect(markdown.text).toContain("<details>");
  });

  it.each([
    [["now.ts", "--strata", "A=0"], "--strata A=0 are no sizes of strata", "--strata A=70000,B=30000"],
    [["now.ts", "--fleet-size", "many"], "--fleet-size many is no whole number", "--fleet-size 1"],
    [["now.ts", "--strata", "A=9", "--runs", "100001"], "no whole number from 1 to 100,000", "--runs 1000"],
    [["now.ts", ...QUICK, "--look", "soon"], "--look soon is no duration", '--look "15 minutes"'],
    [["now.ts", ...QUICK, "--before", "other.ts"], "--before is a release of press", "of one product"],
    [["now.ts", ...QUICK, "--svg", "absent/curve.svg"], "curve.svg cannot be written: ENOENT", "--svg FILE"],
    [["broken.ts", ...QUICK], "RELEASE_INVALID", "broken.ts"],
    [["absent.ts", ...QUICK], "it cannot be loaded", "one default export"],
  ])("refuses %j, and says what to write", async (args, what, hint) => {
    const { code, text } = await forecast(...args);
    expect(code).toBe(1);
    expect(text).toContain(what);
    expect(text).toContain(hint);
  });
});
