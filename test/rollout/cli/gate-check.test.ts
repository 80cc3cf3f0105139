import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Context } from "../../../rollout/cli/command.ts";
import { gateCheck } from "../../../rollout/cli/commands/gate-check.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { PROJECT } from "../../support/command-line.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gate-check-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Result = Awaited<ReturnType<typeof gateCheck.run>>;

function check(options: Readonly<Record<string, string>>, from = folder): Promise<Result> {
  // It asks the context for the folder alone: no settings, no session.
  return gateCheck.run({ folder: from } as Context, { args: [], options });
}

async function refused(options: Readonly<Record<string, string>>): Promise<string> {
  const error = await check(options).catch((thrown: unknown) => thrown);
  if (!(error instanceof WavegateError)) throw new Error("it was not refused");
  const problems = error.problems.map(({ path, summary }) => `${path}: ${summary}`);
  return [`${error.code}: ${error.message}`, ...problems].join("\n");
}

const GATE = { tolerate: "1%", reject: "5%" };

describe("wavegate gate check", () => {
  it("tells verdict, evidence, rates, what is missing, and what the gate comes to", async () => {
    const { human, exitCode } = await check({ ...GATE, counts: "A=480/3/2/6, B=57 of 90" });
    expect(exitCode).toBe(0);
    expect(human).toMatchInlineSnapshot(`
      "hold (statistical)
        0 of 57 not ok in B: evidence 7.3 that fewer than 5% fail, promote at 20; needs about 25 more clean devices

      A: 480 contacted: 469 ok, 3 failed, 2 silent, 6 in progress
        against at most 1%: 5 of 480 bad, evidence 0.13 of 80; 9 more failures among these would stop it
        for below 5%: 11 of 480 not ok, evidence 33 of 20; proven
        rate 0.18%–4.98%, 95%, valid at any time

      B: 57 contacted: 57 ok, 0 failed, 0 silent, 0 in progress
        against at most 1%: 0 of 57 bad, evidence 0.25 of 80; 5 more failures among these would stop it
        for below 5%: 0 of 57 not ok, evidence 7.3 of 20; 25 more clean devices would prove it
        rate 0%–7.4%, 95%, valid at any time (at one look: at most 2 of all 90 bad)

      gate: tolerates 1%, rejects 5%; stops a good release in 5%, an evidence wave passes a bad one in 5%
        stops at 80 over the rollout, 80 in a wave; promotes at 20 in every stratum
        proof takes 82 devices with 0 bad, 130 devices with 1 bad, 170 devices with 2 bad, 276 devices with 5 bad
        one stratum of 480 devices, looked at after each, exactly:
            fails    stopped   promoted  undecided  decided at
             0.2%         0%       100%         0%         90
               1%      0.48%     99.46%      0.06%        139
            2.24%     23.41%     72.91%      3.68%        231
               5%     96.58%      3.28%      0.14%        126
              20%       100%         0%         0%         16"
    `);
  });

  it("promotes what is proven, stops what is not tolerated, and does what it says would change that", async () => {
    const kind = async (counts: string): Promise<string> =>
      (await check({ ...GATE, counts })).human.split(" ")[0] ?? "";
    expect(await kind("480/3/2/6")).toBe("promote");
    expect(await kind("480/3/2/42")).toBe("hold");
    expect(await kind("A=480/3/2/6, B=57")).toBe("hold");
    expect(await kind("A=480/3/2/6, B=82")).toBe("promote");
    expect(await kind("A=480/13, B=82")).toBe("hold");
    expect(await kind("A=480/14, B=82")).toBe("abort");
  });

  it("takes the gate of a release file, options before it, and counts from a JSON file", async () => {
    writeFileSync(
      join(folder, "counts.json"),
      JSON.stringify({ A: { contacted: 57 }, B: { contacted: 57, failed: 1, of: 100 } }),
    );
    const release = join(PROJECT, "rollout", "releases", "thermostat-1.1.0.ts");
    const counts = "counts.json";
    const { json } = await check({ release, counts });
    expect(json).toMatchObject({
      schemaVersion: 1,
      gate: { tolerate: 0.02, reject: 0.1 },
      strata: [
        { stratum: "A", inFavour: { k: 0, n: 57 } },
        { stratum: "B", against: { k: 1, n: 57 }, rate: { confidence: 0.95, ofAll: { devices: 100 } } },
      ],
    });
    expect((await check({ release, reject: "20%", counts })).json).toMatchObject({ gate: { reject: 0.2 } });
  });

  it("refuses bad counts with all that is wrong at once", async () => {
    expect(await refused({ ...GATE, counts: "A=4/3/2/6/9, B=5/6, B=3,=4, C=7 of 3" })).toBe(
      [
        "BAD_OPTION: these are no counts of devices",
        '--counts: "A=4/3/2/6/9" is no stratum\'s counts',
        "--counts: B: it is there twice",
        '--counts: "=4" is no stratum\'s counts',
        "--counts: B: 6 failed, silent or unresolved of 5 contacted",
        "--counts: C: 7 contacted of 3 that there are",
      ].join("\n"),
    );
    writeFileSync(
      join(folder, "bad.json"),
      JSON.stringify({ A: { contacted: 57, faild: 1 }, B: { contacted: -1 } }),
    );
    expect(await refused({ ...GATE, counts: "bad.json" })).toMatch(
      /bad\.json: A\.faild: "faild" is no setting known here\n.*bad\.json: B\.contacted: |B\.contacted.*\n.*A\.faild/,
    );
    writeFileSync(join(folder, "text.json"), "480/3");
    expect(await refused({ ...GATE, counts: "text.json" })).toMatch(/text\.json holds no JSON/);
    expect(await refused({ ...GATE, counts: "absent.json" })).toMatch(/absent\.json cannot be read/);
    expect(await refused(GATE)).toMatch(/--counts <counts> is missing/);
  });

  it("refuses a gate that is none with all that is wrong at once", async () => {
    const counts = "480";
    expect(await refused({ counts, tolerate: "5%", reject: "3%", evidenceWaves: "0" })).toBe(
      [
        "GATE_INVALID: this is no gate",
        "gate: reject: must be above `tolerate`: the gate decides between the two",
        '--evidence-waves: "0" is no number of waves',
      ].join("\n"),
    );
    expect(await refused({ counts })).toMatch(/gate: tolerate: .*\ngate: reject: /);
    expect(await refused({ ...GATE, counts, harmCap: "some" })).toMatch(/gate: harmCap: /);
    expect(await refused({ counts, release: "absent.ts" })).toMatch(
      /RELEASE_INVALID: absent\.ts is no release/,
    );
  });
});
