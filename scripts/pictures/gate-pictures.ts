import { lineChart, type Axis } from "../../bench/chart/line-chart.ts";
import { abortBoundary } from "../../rollout/gate/abort-boundary.ts";
import { withThousands } from "../../rollout/gate/format-evidence.ts";
import { logEAbort } from "../../rollout/gate/log-e-abort.ts";
import { logEPromote } from "../../rollout/gate/log-e-promote.ts";
import { priorOf } from "../../rollout/gate/prior.ts";
import { sizeToProve } from "../../rollout/gate/size-to-prove.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import { formatPercentage } from "../../rollout/model/percentage.ts";

/** The gate of docs/gates.md: what its pictures and sentences are computed from. */
export const EXAMPLE = { tolerate: 0.02, reject: 0.1, falseStop: 0.05, missedBad: 0.05 };
/** Strata and evidence waves of the example's rollout. */
export const EXAMPLE_ROLLOUT = { strata: 2, evidenceWaves: 2 };

/** The pictures of docs/gates.md, by the file of docs/images each belongs in. */
export function gatePictures(): ReadonlyMap<string, string> {
  return new Map([
    ["gate-stop.svg", stopPicture()],
    ["gate-evidence.svg", evidencePicture()],
    ["gate-unseen.svg", unseenPicture()],
    ["gate-prove.svg", provePicture()],
  ]);
}

const PRIOR = priorOf(EXAMPLE);
const { cumulative, promote } = thresholds({ ...EXAMPLE, ...EXAMPLE_ROLLOUT });

const DEVICES: Axis = {
  label: "devices of one stratum in contact",
  scale: "log",
  domain: [5, 1000],
  ticks: [5, 10, 20, 50, 100, 200, 500, 1000],
  format: withThousands,
};

/** How many failures stop the release, between what a good and what a bad one brings. */
function stopPicture(): string {
  const sizes = spread(5, 1000);
  const failures = (n: number): number =>
    abortBoundary({ n, p0: EXAMPLE.tolerate, alpha: 1 / cumulative, ...PRIOR });
  return lineChart({
    title: "How many failures stop a release",
    x: DEVICES,
    y: {
      label: "failed or silent devices",
      scale: "log",
      domain: [1, 100],
      ticks: [1, 2, 5, 10, 20, 50, 100],
      format: String,
    },
    lines: [
      {
        name: `expected at ${formatPercentage(EXAMPLE.reject)}`,
        points: sizes.map((n) => [n, n * EXAMPLE.reject]),
        dash: "6 4",
      },
      { name: "the release stops", points: sizes.map((n) => [n, failures(n)]), isStepped: true },
      {
        name: `expected at ${formatPercentage(EXAMPLE.tolerate)}`,
        points: sizes.map((n) => [n, n * EXAMPLE.tolerate]),
        dash: "2 3",
      },
    ],
  });
}

/** The number on the screen as devices report, one after the other. */
function evidencePicture(): string {
  const every = (share: number) => (n: number) => Math.floor(n * share);
  const against = (failed: (n: number) => number): (readonly [number, number])[] => {
    const points = sizesTo(150).map(
      (n) => [n, Math.exp(logEAbort({ k: failed(n), n, p0: EXAMPLE.tolerate, ...PRIOR }))] as const,
    );
    // A rollout ends where it is stopped.
    const stop = points.findIndex(([, evidence]) => evidence >= cumulative);
    return stop < 0 ? points : points.slice(0, stop + 1);
  };
  const proof = sizesTo(150).map(
    (n) => [n, Math.exp(logEPromote({ k: every(0.01)(n), n, p1: EXAMPLE.reject, ...PRIOR }))] as const,
  );
  return lineChart({
    title: "Evidence, as devices of one stratum report",
    x: {
      label: "devices in contact",
      scale: "linear",
      domain: [0, 150],
      ticks: [0, 25, 50, 75, 100, 125, 150],
      format: String,
    },
    y: {
      label: "evidence",
      scale: "log",
      domain: [0.01, 10_000],
      ticks: [0.01, 0.1, 1, 10, 100, 1000, 10_000],
      format: (value) => (value < 1 ? String(value) : withThousands(value)),
    },
    lines: [
      { name: "against: 1 in 5 fails", points: against(every(0.2)) },
      { name: "against: 1 in 10 fails", points: against(every(0.1)) },
      { name: "against: 1 in 100 fails", points: against(every(0.01)) },
      { name: "for: 1 in 100 not ok", points: proof, dash: "6 4" },
    ],
    levels: [
      { at: cumulative, label: `abort at ${cumulative}` },
      { at: promote, label: `promote at ${promote}` },
    ],
  });
}

/** What a small wave lets through. */
function unseenPicture(): string {
  const sizes = spread(1, 1000);
  return lineChart({
    title: "Chance that a wave sees no failure at all",
    x: {
      ...DEVICES,
      label: "devices in the wave",
      domain: [1, 1000],
      ticks: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    },
    y: {
      label: "chance",
      scale: "linear",
      domain: [0, 1],
      ticks: [0, 0.25, 0.5, 0.75, 1],
      format: (value) => `${100 * value}%`,
    },
    lines: [0.01, 0.02, 0.05, 0.1, 0.2].map((rate) => ({
      name: `${formatPercentage(rate)} of devices fail`,
      points: sizes.map((n) => [n, (1 - rate) ** n] as const),
    })),
  });
}

/** The size of an evidence wave, by what it must be able to prove. */
function provePicture(): string {
  const rates = [0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2];
  return lineChart({
    title: "Devices a stratum needs in an evidence wave",
    x: {
      label: "reject",
      scale: "log",
      domain: [0.01, 0.2],
      ticks: [0.01, 0.02, 0.05, 0.1, 0.2],
      format: formatPercentage,
    },
    y: {
      label: "devices",
      scale: "log",
      domain: [10, 2000],
      ticks: [10, 20, 50, 100, 200, 500, 1000, 2000],
      format: withThousands,
    },
    lines: [5, 2, 1, 0].map((bad) => ({
      name: bad === 0 ? "none not ok" : `${bad} not ok`,
      points: rates.map(
        (reject) => [reject, sizeToProve({ reject, missedBad: EXAMPLE.missedBad, bad })] as const,
      ),
    })),
  });
}

/** Whole numbers, about evenly apart on a logarithmic axis. */
function spread(from: number, to: number): readonly number[] {
  const steps = 160;
  const all = Array.from({ length: steps + 1 }, (_, step) =>
    Math.round(from * (to / from) ** (step / steps)),
  );
  return [...new Set(all)];
}

function sizesTo(most: number): readonly number[] {
  return Array.from({ length: most }, (_, index) => index + 1);
}
