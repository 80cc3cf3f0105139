import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { abortBoundary } from "../../rollout/gate/abort-boundary.ts";
import { assessWave } from "../../rollout/gate/assess.ts";
import { naiveStopChance } from "../../rollout/gate/characteristics/naive-gate.ts";
import { withThousands } from "../../rollout/gate/format-evidence.ts";
import type { WaveInput } from "../../rollout/gate/gate-input.ts";
import { minWaveSize } from "../../rollout/gate/min-wave-size.ts";
import { priorOf } from "../../rollout/gate/prior.ts";
import { sizeToProve } from "../../rollout/gate/size-to-prove.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import { formatPercentage } from "../../rollout/model/percentage.ts";
import { aWave, counted, devices, GATE } from "./a-wave.ts";

const DOC = readFileSync(new URL("../../docs/gate-reference.md", import.meta.url), "utf8");
/** The text with its line breaks taken out: a sentence is found wherever it was wrapped. */
const PROSE = DOC.replace(/\s+/g, " ");

describe("docs/gate-reference.md", () => {
  it("shows the sizes that prove a gate", () => {
    const rows = [0.2, 0.1, 0.05, 0.02, 0.01, 0.001].map((reject) => [
      formatPercentage(reject),
      ...[0, 1, 2, 5].map((bad) => withThousands(sizeToProve({ reject, missedBad: 0.05, bad }))),
    ]);
    expect(tableHeaded("`reject`", "0 bad", "1 bad", "2 bad", "5 bad")).toEqual(rows);
    const oneLook = minWaveSize({ maxFailuresAllowed: 0, pMax: 0.05, conf: 0.95 });
    expect(PROSE).toContain(`would do with ${oneLook} clean devices instead of 82 at 5%`);
  });

  it("shows the thresholds", () => {
    const rows = [
      [1, 1],
      [2, 1],
      [2, 2],
      [4, 3],
    ].map(([strata = 0, evidenceWaves = 0]) => {
      const { cumulative, wave, promote } = thresholds({
        falseStop: 0.05,
        missedBad: 0.05,
        strata,
        evidenceWaves,
      });
      return [strata, evidenceWaves, cumulative, wave, promote].map(String);
    });
    expect(tableHeaded("strata", "evidence waves", "abort, cumulative", "abort, wave", "promote")).toEqual(
      rows,
    );
  });

  it("shows the failures that stop a release", () => {
    const sizes = [5, 15, 50, 100, 500, 1_000, 10_000];
    const rows = [80, 160].map((evidence) => [
      String(evidence),
      ...sizes.map((n) =>
        String(abortBoundary({ n, p0: 0.02, alpha: 1 / evidence, ...priorOf({ reject: 0.1 }) })),
      ),
    ]);
    expect(tableHeaded("evidence", ...sizes.map(withThousands))).toEqual(rows);
  });

  it.each<readonly [string, WaveInput["counts"]]>([
    ["the abort", counted({ A: devices(15), B: devices(15, { failed: 5 }) })],
    ["the promotion", counted({ A: devices(57), B: devices(57) })],
    ["the hold", counted({ A: devices(57), B: devices(57, { failed: 1 }) })],
  ])("tells the worked example as the gate does: %s", (_, counts) => {
    const { kind, reasons } = assessWave(aWave({ counts }));
    expect(PROSE).toContain(`> ${kind}: ${reasons[0]!.text} `);
  });

  it("tells the rest of it, too", () => {
    const verdict = assessWave(aWave({ counts: counted({ A: devices(72), B: devices(72) }) }));
    expect(PROSE).toContain(
      `With 72 instead of 57 devices, the evidence is ${Math.floor(verdict.reasons[0]!.evidence!)}.`,
    );
    expect(PROSE).toContain(`with a chance of ${Math.round(100 * (1 - GATE.reject) ** 5)}%.`);
    expect(PROSE).toContain(
      `in 2% of 100 devices with a chance of ${Math.round(100 * naiveStopChance({ threshold: 0.05, minFinished: 20 }, { rate: 0.02, devices: 100 }))}%`,
    );
  });
});

/** Cells of the table with that heading, without the heading's row. */
function tableHeaded(...heading: readonly string[]): readonly (readonly string[])[] {
  const cells = DOC.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const start = cells.findIndex((row) => row.join("|") === heading.join("|"));
  const rest = start < 0 ? [] : cells.slice(start + 2);
  return rest.slice(
    0,
    rest.findIndex((row) => row.length === 0),
  );
}
