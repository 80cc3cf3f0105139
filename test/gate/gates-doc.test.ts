import { naiveStopChance } from "../../rollout/gate/characteristics/naive-gate.ts";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { abortBoundary } from "../../rollout/gate/abort-boundary.ts";
import { assessWave } from "../../rollout/gate/assess.ts";
import { withThousands } from "../../rollout/gate/format-evidence.ts";
import type { WaveInput } from "../../rollout/gate/gate-input.ts";
import { logEAbort } from "../../rollout/gate/log-e-abort.ts";
import { priorOf } from "../../rollout/gate/prior.ts";
import { sizeToProve } from "../../rollout/gate/size-to-prove.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import { EXAMPLE, EXAMPLE_ROLLOUT, gatePictures } from "../../scripts/pictures/gate-pictures.ts";
import { aWave, counted, devices } from "./a-wave.ts";

const DOCS = new URL("../../docs/", import.meta.url);
const PROSE = readFileSync(new URL("gates.md", DOCS), "utf8").replace(/\s+/g, " ");
const PRIOR = priorOf(EXAMPLE);
const { cumulative, wave } = thresholds({ ...EXAMPLE, ...EXAMPLE_ROLLOUT });

describe("docs/gates.md", () => {
  it.each([...gatePictures()])("shows %s as the gate's functions draw it", (name, svg) => {
    // After a change that is meant: node scripts/draw-gates.ts.
    expect(readFileSync(new URL(`images/${name}`, DOCS), "utf8")).toBe(svg);
    expect(PROSE).toContain(`(images/${name})`);
  });

  it.each<readonly [string, WaveInput["counts"]]>([
    ["the abort", counted({ A: devices(15), B: devices(15, { failed: 5 }) })],
    ["the promotion", counted({ A: devices(57), B: devices(57) })],
    ["the hold", counted({ A: devices(57), B: devices(57, { failed: 1 }) })],
  ])("quotes the gate: %s", (_, counts) => {
    const { kind, reasons } = assessWave(aWave({ counts }));
    expect(PROSE).toContain(`> ${kind}: ${reasons[0]!.text} `);
  });

  it("says what the screen shows in the other cases", () => {
    const now = 1_000_000;
    const texts = [
      aWave({ counts: counted({ A: devices(57), B: devices(57) }), nowMs: now, bakedSinceMs: now }),
      aWave({ counts: counted({ A: devices(1), B: devices(1) }), coverage: { contacted: 2, targeted: 100 } }),
    ].map((input) => assessWave(input).reasons[0]!.text);
    for (const [text, words] of [
      [texts[0], "bakes for another"],
      [texts[1], "made contact"],
    ] as const) {
      expect(text).toContain(words);
      expect(PROSE).toMatch(new RegExp(`\\| (… )?${words}`));
    }
  });

  it("tells when the curves cross", () => {
    expect(PROSE).toContain(`If one device in five fails, it takes ${stopAt(5)} devices`);
    expect(PROSE).toContain(`if one in ten fails, ${stopAt(10)};`);
    const lucky = sizesTo(10_000).map((n) =>
      logEAbort({ k: Math.floor(n / 100), n, p0: EXAMPLE.tolerate, ...PRIOR }),
    );
    expect(Math.max(...lucky)).toBeLessThan(0);
    expect(PROSE).toContain(
      `it stops a 2% release with a chance of ${Math.round(100 * naiveStopChance({ threshold: 0.05, minFinished: 20 }, { rate: 0.02, devices: 100 }))}%`,
    );
  });

  it("tells how many failures stop", () => {
    const three = sizesTo(100).findLast((n) => failuresAt(n) === 3);
    expect(PROSE).toContain(`Three failures stop it while at most ${three} devices`);
    expect(PROSE).toContain(
      `among 100 devices it takes ${failuresAt(100)}, among 1,000 it takes ${failuresAt(1000)}`,
    );
    const crossing = sizesTo(1000).find((n) => n * EXAMPLE.reject >= failuresAt(n)) ?? 0;
    expect(PROSE).toContain(`crosses them at about ${10 * Math.round(crossing / 10)} devices`);
    expect(sizesTo(1000).filter((n) => n * EXAMPLE.tolerate >= failuresAt(n))).toEqual([]);
    const [small, large] = [100, 1000].map((n) => failuresAt(n, wave));
    expect(PROSE).toContain(
      `to stop at ${wave} instead of ${cumulative}, 100 devices still take ${small} failures`,
    );
    expect(PROSE).toContain(`1,000 take ${large} instead of ${failuresAt(1000)}`);
  });

  it("tells the sizes of waves", () => {
    const [clean, one, two] = [0, 1, 2].map((bad) => sizeToProve({ ...EXAMPLE, bad }));
    expect(PROSE).toContain(
      `${clean} clean devices of each revision prove a wave, ${one} with one that is not ok, ${two} with two`,
    );
    const [five, fiveOne, fiveTwo] = [0, 1, 2].map((bad) => sizeToProve({ ...EXAMPLE, reject: 0.05, bad }));
    expect(PROSE).toContain(`With 5% it is ${five}, ${fiveOne} and ${fiveTwo}.`);
    expect(PROSE).toContain(`${two} devices here, ${fiveTwo} with \`reject\` 5%`);
    const unseen = (rate: number, size: number): string => `${Math.round(100 * (1 - rate) ** size)}%`;
    expect(PROSE).toContain(
      `a 10% defect with a chance of ${unseen(0.1, 5)}, and still nothing of a 20% one with ${unseen(0.2, 5)}`,
    );
    expect(PROSE).toContain(`Twenty devices miss the 20% one with ${unseen(0.2, 20)}`);
  });
});

/** Failures of n devices that stop the example. */
function failuresAt(n: number, threshold = cumulative): number {
  return abortBoundary({ n, p0: EXAMPLE.tolerate, alpha: 1 / threshold, ...PRIOR });
}

/** Devices after which the example stops when every n-th fails. */
function stopAt(nth: number): string {
  return withThousands(sizesTo(1000).find((n) => Math.floor(n / nth) >= failuresAt(n)) ?? 0);
}

function sizesTo(most: number): readonly number[] {
  return Array.from({ length: most }, (_, index) => index + 1);
}
