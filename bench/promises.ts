import { formatPercentage } from "../rollout/model/percentage.ts";
import { countFrom } from "./arguments.ts";
import type { Figure } from "./figure.ts";
import { sample, type Share } from "./promises/sample.ts";
import { BAD, GATE, GOOD } from "./promises/scenario.ts";

const RUNS = 1_000;
const SEED = 20_260_101;

/**
 * Both promises of the gate, on whole rollouts of simulated devices: five waves, four strata, a look every five minutes.
 * Where a promise is not made (devices that do not latch, devices that fail together), what comes of it instead.
 */
export function measure(args: readonly string[]): Promise<readonly Figure[]> {
  const [typedRuns = String(RUNS), typedSeed = String(SEED)] = args;
  const runs = countFrom(typedRuns, "number of rollouts");
  const seed = countFrom(typedSeed, "seed");
  console.log(
    `${runs} rollouts a line (half as many where no promise is made), seed ${seed}; +- is the Monte Carlo standard error\n`,
  );
  const few = Math.ceil(runs / 2);
  const good = sample(GOOD, { name: "good", runs, seed });
  const bad = sample(BAD, { name: "bad", runs, seed });
  const forgetfulGood = sample({ ...GOOD, latches: false }, { name: "good, forgetful", runs: few, seed });
  const forgetfulBad = sample({ ...BAD, latches: false }, { name: "bad, forgetful", runs: few, seed });
  const together = [0.05, 0.1].flatMap((icc) =>
    [20, 50].map((devices): Figure => {
      const name = `sites of ${devices}, correlation ${icc}`;
      const { stopped } = sample({ ...GOOD, sites: { devices, icc } }, { name, runs: few, seed });
      return { what: `  ${name}: good release stopped`, measured: formatShare(stopped) };
    }),
  );
  const at = (rate: number): string => formatPercentage(rate);
  return Promise.resolve([
    promise(`${at(GATE.tolerate)} fail everywhere: stopped, whole rollout`, good.stopped, GATE.falseStop),
    { what: "  reached everyone (the rest holds for proof)", measured: formatShare(good.completed) },
    promise(
      `${at(GATE.reject)} fail in one of four strata: an evidence wave let on`,
      bad.passed,
      GATE.missedBad,
    ),
    { what: "  stopped", measured: formatShare(bad.stopped) },
    { what: "No promise: devices that forget a failure when a later try succeeds", measured: "" },
    { what: "  good release stopped", measured: formatShare(forgetfulGood.stopped) },
    { what: "  bad release: an evidence wave let on", measured: formatShare(forgetfulBad.passed) },
    { what: "No promise: devices of a site that fail together", measured: "" },
    ...together,
  ]);
}

/** A promise is broken when it is missed by more than chance explains: three standard errors. */
function promise(what: string, found: Share, promised: number): Figure {
  return {
    what,
    measured: formatShare(found),
    limit: `at most ${formatPercentage(promised)}`,
    isBroken: found.share - 3 * found.error > promised,
  };
}

function formatShare({ share, error }: Share): string {
  return `${formatPercentage(share)} +- ${formatPercentage(error)}`;
}
