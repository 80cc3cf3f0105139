import { z } from "zod";
import { digestOf, type Digest } from "./digest.ts";
import { SHORTEST_EVIDENCE } from "./evidence.ts";
import type { Problem } from "./problem.ts";
import { productNameSchema, versionSchema } from "./product-version.ts";
import { instantSchema } from "./schedule.ts";
import { problemsFromZod } from "./schema-problems.ts";

/** An override as its file declares it: what a person decides about one gate, on counts that they saw. */
export interface OverrideDeclaration {
  /** A product of the fleet. */
  readonly product: string;
  /** Version of the release that is held. */
  readonly version: string;
  /** Name of the open wave. */
  readonly wave: string;
  /** Digest of the counts, as `status` shows it: 12 to 64 lower-case hex digits. */
  readonly evidence: string;
  /** Why, for the record. */
  readonly reason: string;
  /** From when it says nothing any more: an ISO 8601 instant with its zone. */
  readonly until: string;
}

/** Declare an override: the default export of a file in the overrides folder. Data only: no clock, environment or I/O. */
export function defineOverride(declaration: OverrideDeclaration): OverrideDeclaration {
  return declaration;
}

/** An override file, checked. */
export interface OverrideFile extends Omit<OverrideDeclaration, "until"> {
  /** Epoch ms from which it says nothing any more. */
  readonly until: number;
}

const overrideSchema = z.strictObject({
  product: productNameSchema,
  version: versionSchema,
  wave: z.string().min(1),
  evidence: z.string().regex(new RegExp(`^[0-9a-f]{${SHORTEST_EVIDENCE},64}$`), {
    error: `must be ${SHORTEST_EVIDENCE} to 64 lower-case hex digits, as wavegate status shows them under "evidence"`,
  }),
  reason: z.string().trim().min(1, "must say why: it stands in the record"),
  until: instantSchema,
});

/** Identity of what a file decides: whoever edits it decides anew. */
export function digestOfOverride(file: OverrideFile): Digest {
  return digestOf(file);
}

/** Check a declaration read from `file`; all problems at once. */
export function parseOverride(
  value: unknown,
  file: string,
):
  | { readonly override: OverrideFile; readonly problems: readonly [] }
  | { readonly override?: undefined; readonly problems: readonly Problem[] } {
  const parsed = overrideSchema.safeParse(value);
  if (parsed.success) return { override: parsed.data, problems: [] };
  return {
    problems: problemsFromZod({ error: parsed.error, code: "OVERRIDE_INVALID", file, shape: overrideSchema }),
  };
}
