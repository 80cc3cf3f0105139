import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PROJECT, start, wavegate } from "../support/command-line.ts";

const NAMES = { clean: "e2e-clean", killed: "e2e-killed", hasty: "e2e-hasty" };
const DEMO_LIMIT_MS = 240_000;

afterAll(async () => {
  for (const name of Object.values(NAMES))
    await rm(join(PROJECT, ".wavegate", name), { recursive: true, force: true });
});

/** What one rollout of 1.1.0 and the stop of 1.2.0 leave behind, whoever took the steps and however often. */
const DECISIONS = [
  "create -",
  "adopt 1.0.0",
  "start 1.1.0",
  "promote 1.1.0",
  "promote 1.1.0",
  "promote 1.1.0",
  "complete 1.1.0",
  "start 1.2.0",
  "promote 1.2.0",
  "abort 1.2.0",
  "rolled back 1.2.0",
];

async function decisions(settings: string): Promise<string[]> {
  const { code, lines } = await wavegate(["history", "thermostat", "--json"], settings);
  expect(code).toBe(0);
  const { products } = JSON.parse(lines.join("\n")) as {
    products: {
      chain: {
        digest: string;
        record: {
          parent: string | null;
          kind: string;
          subject: string | null;
          intents: { attempt: string; version: string }[];
        };
      }[];
    }[];
  };
  const chain = products[0]?.chain ?? [];
  chain.forEach(({ record }, index) => {
    expect(record.parent).toBe(chain[index + 1]?.digest ?? null);
  });
  return chain
    .toReversed()
    .map(
      ({ record }) =>
        `${record.kind} ${record.intents.find(({ attempt }) => attempt === record.subject)?.version ?? "-"}`,
    );
}

/** The two lines on the stop with their numbers taken out: the look that decides may come before the fifth failure. */
function withoutStop(line: string): string {
  return /failed in stratum|devices harmed, /.test(line) ? line.replaceAll(/\d[\d,]*/g, "#") : line;
}

describe("npm start, in a pipe", () => {
  it("plays both rollouts, ends in 0 and tells them in plain lines", { timeout: DEMO_LIMIT_MS }, async () => {
    const demo = start(["scripts/start.mjs", "--once", "--name", NAMES.clean]);
    const code = await demo.ended;
    const text = demo.lines.join("\n");
    expect(code, text).toBe(0);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
    const last = demo.lines.slice(demo.lines.indexOf("All four acts were true."));
    expect(last.length).toBeLessThanOrEqual(24);
    // All 5 of 15, or what had failed by the look whose evidence was enough: devices and looks keep their own time.
    const [, k, evidence] =
      /([45]) of \d+ failed in stratum B, evidence ([\d,]+) \(abort at 80\)/.exec(last.join("\n")) ?? [];
    expect(Number(evidence?.replaceAll(",", ""))).toBeGreaterThanOrEqual(k === "5" ? 1_000 : 80);
    expect(last.join("\n")).toMatch(/[45] devices harmed, 3\d of 300 exposed/);
    expect(last.filter((line) => /evidence \d.*\(needs 20\)/.test(line))).toHaveLength(2);
    const settings = join(PROJECT, ".wavegate", NAMES.clean, "settings.json");
    expect(await decisions(settings)).toEqual(DECISIONS);

    // What the README shows is what this run printed: the plan's table and gate, and the last screen's rollouts.
    const readme = (await readFile(join(PROJECT, "README.md"), "utf8")).split("\n");
    const shown = readme.filter((line) =>
      /^ {2}(create|start|widen|keep|wave {2}|gate: tolerate|promote an|way back:|our calls:)|^1\.[12]\.0 {5}|^ {2}(canary|10%|50%|everyone) |^ {10}\d/.test(
        line,
      ),
    );
    expect(shown.length).toBeGreaterThanOrEqual(15);
    const told = new Set([...demo.lines, ...demo.lines.map(withoutStop)]);
    for (const line of shown) expect(told).toContain(withoutStop(line));

    const plan = await wavegate(["plan"], settings);
    expect(plan.code).toBe(1);
    expect(plan.lines.join("\n")).toMatch(/HUB_UNREACHABLE[^]*next: /);
  });
});

describe("a clock too fast for the machine", () => {
  it(
    "shows as silence that stops the good release, and the demo ends in 1 and says what was not true",
    { timeout: DEMO_LIMIT_MS },
    async () => {
      // Three hours' deadline pass in half a second: no device can download, boot and serve its health time by then.
      const demo = start(["local/demo.ts", "--once", "--name", NAMES.hasty, "--scale", "360"]);
      const code = await demo.ended;
      const text = demo.lines.join("\n");
      expect(code, text).toBe(1);
      expect(text).toMatch(/^NOT TRUE: .*act 2/m);
      expect(text).not.toContain("All four acts were true");
    },
  );
});

describe("a controller killed in the middle of a rollout", () => {
  it("is told, and two others at once finish it as one would have", { timeout: DEMO_LIMIT_MS }, async () => {
    const demo = start(["local/demo.ts", "--once", "--name", NAMES.killed]);
    const settings = join(PROJECT, ".wavegate", NAMES.killed, "settings.json");
    const killAt = async (pattern: RegExp): Promise<void> => {
      const pid = Number(/process (\d+)/.exec(await demo.until(/controller is process \d+/))?.[1]);
      await demo.until(pattern);
      process.kill(pid, "SIGKILL");
      await demo.until(/controller was killed/);
      await demo.until(/npx wavegate apply/);
    };
    await demo.until(/^Act 2/);
    await killAt(/promote 1\.1\.0/);
    const good = await Promise.all([wavegate(["apply"], settings), wavegate(["apply"], settings)]);
    expect(good.map(({ code }) => code)).toEqual([0, 0]);

    await demo.until(/^Act 3/);
    await killAt(/1\.2\.0 "canary"/);
    const bad = await Promise.all([wavegate(["apply"], settings), wavegate(["apply"], settings)]);
    expect(bad.map(({ code }) => code)).toEqual([3, 3]);

    expect(await demo.ended, demo.lines.join("\n")).toBe(0);
    expect(await decisions(settings)).toEqual(DECISIONS);
  });
});
