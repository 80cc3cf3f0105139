import type { Problem } from "../model/problem.ts";
import { isJudged, type Intent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import type { Declared } from "./declared.ts";

/** Releases under way whose file was changed or removed: nothing of them widens until it is back. */
export function activeProblems(declared: Declared, intents: readonly Intent[]): Problem[] {
  return intents.filter(isJudged).flatMap(({ version, digest }): Problem[] => {
    const file = declared.releases.find(({ release }) => release.version === version);
    const name = `${declared.product} ${version}`;
    if (file === undefined) {
      const hint = `restore its file, or stop it: wavegate abort ${declared.product} --reason "..."`;
      return [
        {
          severity: "error",
          code: "RELEASE_REMOVED",
          path: name,
          summary: "its rollout is under way, and its file is gone",
          hint,
        },
      ];
    }
    if (digestOfRelease(file.release) === digest) return [];
    const hint = "restore the file as it was when the rollout started, or declare a new version";
    return [
      {
        severity: "error",
        code: "RELEASE_CHANGED",
        path: file.file,
        summary: `the rollout of ${name} is under way with another content`,
        hint,
      },
    ];
  });
}
