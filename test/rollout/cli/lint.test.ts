import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { named, percent, ring, where } from "../../../rollout/wavegate.ts";
import { PROJECT, start } from "../../support/command-line.ts";
import { anArtifact, aRelease } from "../../support/declarations.ts";

const FOLDER = join(PROJECT, ".wavegate", "test-lint");
const ADOPT = { version: "1.0.0", artifact: anArtifact("1.0.0") };

beforeAll(async () => {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(join(FOLDER, "rollout", "releases"), { recursive: true });
});
afterAll(() => rm(FOLDER, { recursive: true, force: true }));

async function fleet(products: Readonly<Record<string, unknown>>): Promise<void> {
  await writeFile(join(FOLDER, "rollout", "fleet.ts"), `export default ${JSON.stringify({ products })};\n`);
}

async function release(name: string, ...given: Parameters<typeof aRelease>): Promise<void> {
  const text = `export default ${JSON.stringify(aRelease(...given))};\n`;
  await writeFile(join(FOLDER, "rollout", "releases", `${name}.ts`), text);
}

/** No settings, no hub: nothing but the declarations. */
async function lint(...args: readonly string[]): Promise<{ code: number | undefined; text: string }> {
  const running = start([join(PROJECT, "scripts", "wavegate.mjs"), "lint", ...args], {}, FOLDER);
  return { code: await running.ended, text: running.lines.join("\n") };
}

describe("wavegate lint", () => {
  it("needs no settings, and says when there is nothing to correct", async () => {
    await fleet({ thermostat: { adopt: ADOPT } });
    await release("good", "1.1.0");
    expect(await lint()).toEqual({ code: 0, text: "1 product, 1 release: nothing to correct" });
  });

  it("shows everything wrong in releases, waves and adoption at once, with places and hints", async () => {
    await fleet({
      thermostat: { adopt: [ADOPT, { ...ADOPT, where: "tags.hardware IN ['B']" }] },
      press: { adopt: ADOPT },
    });
    await release("good", "1.1.0");
    await release("bad", "1.2.0", {
      where: "tags.site != 'lab'",
      waves: [
        { name: "canary", cohort: ring("canary"), kind: "smoke" },
        { name: "cold", cohort: where("properties.reported.firmware.fwHealth = 'healthy'"), kind: "smoke" },
        { name: "everyone", cohort: percent(100), kind: "smoke" },
      ],
    });
    await release("long", "1.3.0", {
      product: "press",
      waves: [
        {
          name: "by name",
          cohort: named(Array.from({ length: 100 }, (_, index) => `press-${index}-${"x".repeat(90)}`)),
          kind: "smoke",
        },
        { name: "everyone", cohort: percent(100), kind: "smoke" },
      ],
    });
    const { code, text } = await lint();
    expect(code).toBe(1);
    expect(text).toContain(
      "error CONDITION_INVALID: rollout/fleet.ts: products.thermostat.adopt: 1.0.0: where, character 15",
    );
    expect(text).toContain("next: write (tags.hardware = 'B')");
    expect(text).toContain("error CONDITION_INVALID: rollout/releases/bad.ts: where, character 11");
    expect(text).toContain(
      "error CONDITION_INVALID: rollout/releases/bad.ts: waves: cold: cohort, character 1",
    );
    expect(text).toMatch(
      /CONDITION_TOO_LONG: rollout\/releases\/long.ts: waves: by name\n.*has 1\d,\d{3} characters; wavegate writes at most 7,500/,
    );
    const json = JSON.parse((await lint("press", "--json")).text) as { problems: { code: string }[] };
    expect(json.problems.map((one) => one.code)).toEqual(["CONDITION_TOO_LONG", "CONDITION_TOO_LONG"]);
  });

  it("checks override files beside the releases, with all that is wrong in them", async () => {
    await fleet({ thermostat: { adopt: ADOPT } });
    await rm(join(FOLDER, "rollout", "releases"), { recursive: true });
    await mkdir(join(FOLDER, "rollout", "releases"));
    await mkdir(join(FOLDER, "rollout", "overrides"));
    await release("good", "1.1.0");
    const override = async (name: string, change: Readonly<Record<string, unknown>>): Promise<void> => {
      const value = {
        ...{ product: "thermostat", version: "1.1.0", wave: "half", evidence: "95a3c7ad1c1c" },
        ...{ reason: "in a drawer", until: "2026-11-27T12:00:00Z" },
        ...change,
      };
      const text = `import { defineOverride } from "wavegate";\nexport default defineOverride(${JSON.stringify(value)});\n`;
      await writeFile(join(FOLDER, "rollout", "overrides", `${name}.ts`), text);
    };
    await override("a", {});
    expect(await lint()).toEqual({
      code: 0,
      text: "1 product, 1 release, 1 override: nothing to correct",
    });
    await override("b", {});
    await override("c", { wave: "everyon", evidence: "95a3" });
    await override("d", { wave: "everyon" });
    await writeFile(join(FOLDER, "rollout", "overrides", "e.ts"), 'throw new Error("no");\n');
    const { code, text } = await lint();
    expect(code).toBe(1);
    for (const line of [
      'DUPLICATE_OVERRIDE: rollout/overrides/b.ts\n  the gate of wave "half" of thermostat 1.1.0 is overridden in rollout/overrides/a.ts too',
      "OVERRIDE_INVALID: rollout/overrides/c.ts: evidence",
      "OVERRIDE_INVALID: rollout/overrides/d.ts: wave",
      'next: did you mean "everyone"?',
      "OVERRIDE_INVALID: rollout/overrides/e.ts\n  it cannot be loaded: no",
    ])
      expect(text).toContain(line);
    await rm(join(FOLDER, "rollout", "overrides"), { recursive: true });
  });

  it("refuses two baselines for the same devices", async () => {
    await fleet({ thermostat: { adopt: [ADOPT, { ...ADOPT, version: "0.9.0" }] } });
    const { code, text } = await lint();
    expect(code).toBe(1);
    expect(text).toContain("only one adopted baseline can be without `where`");
  });
});
