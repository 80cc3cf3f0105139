import { withThousands } from "../gate/format-evidence.ts";
import { BUCKET_COUNT } from "../model/bucket.ts";
import type { Problem } from "../model/problem.ts";
import type { DeclaredRelease } from "./declared.ts";
import { FIRST_PRIORITY } from "./documents.ts";
import { MAX_CONDITION } from "./target-condition.ts";
import { waveCondition } from "./wave-condition.ts";

/** The problem of a wave whose condition is longer than wavegate writes. */
export function tooLong(path: string, length: number): Problem {
  return {
    severity: "error",
    code: "CONDITION_TOO_LONG",
    path,
    summary: `its target condition has ${withThousands(length)} characters; wavegate writes at most ${withThousands(MAX_CONDITION)}, for IoT Hub takes no longer query than 8,192`,
    hint: "name fewer devices, give them a ring instead, or shorten `where`",
  };
}

/**
 * Waves whose condition is too long, as far as it can be said without a fleet: how many strata have a window of their
 * own, the plan knows.
 */
export function lengthProblems({ release, file }: DeclaredRelease): readonly Problem[] {
  const windows = Object.fromEntries(release.waves.map(({ name }) => [name, { "*": BUCKET_COUNT / 2 }]));
  return release.waves.flatMap(({ name }, index): Problem[] => {
    const { length } = waveCondition({ release, priority: FIRST_PRIORITY, windows }, index);
    return length > MAX_CONDITION ? [tooLong(`${file}: waves: ${name}`, length)] : [];
  });
}
