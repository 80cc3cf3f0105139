import type { Artifact } from "../model/artifact.ts";
import type { Problem } from "../model/problem.ts";
import { askImage, type Answers, type Asked } from "../model/question.ts";

/** The bits of an image, as the store has them, against what was declared. */
export function imageProblem(artifact: Artifact, path: string, answers: Answers): Asked<readonly Problem[]> {
  const asked = askImage(answers, artifact.path);
  if (asked.kind !== "known") return asked;
  const image = asked.value;
  const problem = (
    code: "ARTIFACT_MISSING" | "ARTIFACT_MISMATCH",
    summary: string,
  ): Asked<readonly Problem[]> => ({
    kind: "known",
    value: [
      {
        severity: "error",
        code,
        path,
        summary,
        hint: "upload the image again with: wavegate release add FILE",
      },
    ],
  });
  if (image === undefined) return problem("ARTIFACT_MISSING", `the image store has no ${artifact.path}`);
  if (image.sha256 !== artifact.sha256) {
    return problem(
      "ARTIFACT_MISMATCH",
      `the stored image has SHA-256 ${image.sha256}, declared is ${artifact.sha256}`,
    );
  }
  if (image.size !== artifact.size) {
    return problem(
      "ARTIFACT_MISMATCH",
      `the stored image has ${image.size} bytes, declared are ${artifact.size}`,
    );
  }
  return { kind: "known", value: [] };
}
