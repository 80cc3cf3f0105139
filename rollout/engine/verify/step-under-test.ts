import type { Digest } from "../../model/digest.ts";
import type { Problem } from "../../model/problem.ts";
import type { RolloutRecord } from "../../model/record.ts";

/** One record and the one it stands on; undefined for the first. */
export interface StepUnderTest {
  readonly digest: Digest;
  readonly record: RolloutRecord;
  readonly parent: RolloutRecord | undefined;
}

/** Tells what is wrong, and how bad it is; the place is the step's. */
export type Refuse = (code: Problem["code"], summary: string, severity?: Problem["severity"]) => void;
