import { provingShare } from "../gate/proving-strata.ts";
import { shortestDeadline } from "../model/deadline.ts";
import { ownValue } from "../model/own-value.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Code, Problem } from "../model/problem.ts";
import { totalOf } from "../model/question.ts";
import { TAG } from "../model/twin-contract.ts";
import type { Wave } from "../model/wave.ts";
import { tooLong } from "./condition-lengths.ts";
import type { PlannedWave, SizedRelease } from "./product-plan.ts";
import { MAX_CONDITION } from "./target-condition.ts";
import { waveTooFast } from "./wave-speed.ts";
import { unnamedStrata } from "./wave-windows.ts";

/** Share of an evidence wave that strata able to prove the gate must hold. */
const PROVING_SHARE = 0.9;

/** Everything that speaks against one wave of a release on this fleet; nothing of a fleet without devices. */
export function waveProblems(planned: SizedRelease, index: number): readonly Problem[] {
  const wave = planned.waves[index];
  const declared = planned.release.waves[index];
  if (wave === undefined || declared === undefined || totalOf(planned.devices) === 0) return [];
  const path = `${planned.file}: waves: ${wave.name}`;
  const isEmpty = totalOf(wave.added) === 0;
  return [
    ...speedProblems(path, wave, declared, planned),
    ...(wave.condition.length > MAX_CONDITION ? [tooLong(path, wave.condition.length)] : []),
    ...unnamedStrata(declared, Object.keys(planned.devices)).map((stratum) => cannotBeNamed(path, stratum)),
    ...(isEmpty ? [empty(path, wave)] : []),
    ...(wave.kind === "evidence" && !isEmpty ? proofProblems(path, wave, planned) : []),
  ];
}

/** Each hub by itself: a wave that is slow enough on one may be too fast on another. */
function speedProblems(
  path: string,
  wave: PlannedWave,
  { pace }: Wave,
  { release, desiredBytes, accessBytes }: SizedRelease,
): readonly Problem[] {
  return wave.traffic.flatMap(({ hub, tier, units, devices }) => {
    const problem = waveTooFast({
      path,
      wave: wave.name,
      hub: wave.traffic.length > 1 ? hub : undefined,
      devices,
      tier,
      units,
      desiredBytes,
      accessBytes,
      deadlineMs: shortestDeadline(release.gate),
      pace,
    });
    return problem ?? [];
  });
}

function cannotBeNamed(path: string, stratum: string): Problem {
  return error(path, {
    code: "CONDITION_INVALID",
    summary: `no target condition can name the stratum "${stratum}"`,
    hint: `give its devices a ${TAG.stratum} of letters, digits and -:.+%_#*?!(),=@;$ or take devices(n)`,
  });
}

function empty(path: string, { cohort }: PlannedWave): Problem {
  return error(path, {
    code: "WAVE_EMPTY",
    summary: `it adds no device (cohort ${cohort})`,
    hint: "check the tags its cohort goes by, make it wider than the wave before, or remove it",
  });
}

/** What keeps an evidence wave from ever proving its gate, however well its devices are. */
function proofProblems(
  path: string,
  { added }: PlannedWave,
  { release, proving, thresholds }: SizedRelease,
): readonly Problem[] {
  const least = thresholds.sizeToProve;
  const below = `below ${formatPercentage(release.gate.reject)} takes ${least} clean devices a stratum`;
  const hint = `say kind: "smoke" (no statistical claim), take a cohort of ${least} devices a stratum, or raise \`reject\``;
  const problem = (summary: string): Problem => error(path, { code: "WAVE_CANNOT_PROVE", summary, hint });
  const small = proving.flatMap((stratum) => {
    const size = ownValue(added, stratum) ?? 0;
    return size < least ? [problem(`it adds ${size} devices in ${stratum}; to prove ${below}`)] : [];
  });
  const share = provingShare(added, proving);
  if (share >= PROVING_SHARE) return small;
  const summary = `only ${formatPercentage(share)} of it lies in strata that can prove the gate (${formatPercentage(PROVING_SHARE)} are needed); to prove ${below}`;
  return [...small, problem(summary)];
}

function error(
  path: string,
  problem: { readonly code: Code; readonly summary: string; readonly hint: string },
): Problem {
  return { severity: "error", path, ...problem };
}
