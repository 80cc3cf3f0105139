import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { z } from "zod";
import { canonicalJson, digestOf, parseDigest, type Digest } from "../../model/digest.ts";
import { WavegateError } from "../../model/problem.ts";
import { productNameSchema } from "../../model/product-version.ts";
import type { PlanBasis } from "../../plan/basis.ts";
import type { ProductPlan } from "../../plan/product-plan.ts";
import { waveCounts, type WaveCounts } from "../../plan/moved-counts.ts";
import { planSignatureSchema, signPlan, type SignedPlan } from "./plan-signature.ts";
import type { Signer } from "../signing.ts";
import { writeWhole } from "../write-whole.ts";

/** What `apply` needs of a plan that was saved: what it stands on, and what was counted then. */
export interface SavedPlan {
  readonly product: string;
  readonly digest: Digest;
  readonly basis: PlanBasis;
  readonly counts: WaveCounts;
}

/** A file of saved plans. */
export interface PlanFile extends SignedPlan {
  readonly plans: readonly SavedPlan[];
}

const SCHEMA_VERSION = 1;
const digest = z.string().regex(/^[0-9a-f]{64}$/);

const basisSchema = z.strictObject({
  product: productNameSchema,
  fleet: digest,
  releases: z.record(z.string(), digest),
  heads: z.record(z.string(), digest.nullable()),
  configurations: z.record(
    z.string(),
    z.record(z.string(), z.strictObject({ content: digest, condition: z.string(), priority: z.number() })),
  ),
  starts: z
    .strictObject({ digest, attempt: z.string(), priority: z.number(), conditions: digest })
    .nullable(),
  overrides: z.record(z.string(), z.strictObject({ digest, until: z.int() })).exactOptional(),
});

const fileSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  kind: z.literal("wavegate plan"),
  // The rest of a plan is for people and programs that read it.
  plans: z
    .array(
      z.looseObject({
        product: productNameSchema,
        digest,
        basis: basisSchema,
        release: z
          .looseObject({
            waves: z.array(
              z.looseObject({ name: z.string(), devices: z.record(z.string(), z.int().nonnegative()) }),
            ),
          })
          .exactOptional(),
      }),
    )
    .min(1),
  signature: planSignatureSchema.exactOptional(),
});

/** True for a file where a product may stand as well: a product's name has neither dot nor slash. */
export function isPlanFile(argument: string | undefined): boolean {
  return argument !== undefined && /[./\\]/.test(argument);
}

/** Save plans for `apply FILE`, signed where there is a signer: whole or not at all. No secret is in a plan. */
export async function writePlans(
  named: string,
  folder: string,
  plans: readonly ProductPlan[],
  signer?: Signer,
): Promise<void> {
  if (!isPlanFile(named))
    throw new WavegateError("BAD_OPTION", `"${named}" could be the name of a product`, {
      hint: `wavegate plan --out ${named}.plan.json`,
    });
  const content = { schemaVersion: SCHEMA_VERSION, kind: "wavegate plan", plans };
  const signed = signer === undefined ? {} : { signature: await signPlan(signer, content) };
  await writeWhole(resolve(folder, named), `${canonicalJson({ ...content, ...signed })}\n`);
}

/** Read what `plan --out` saved. What was edited since is refused: people reviewed another plan. */
export async function readPlans(file: string): Promise<PlanFile> {
  const value = await readJson(file);
  const version = z.looseObject({ schemaVersion: z.int() }).safeParse(value).data?.schemaVersion;
  if (version !== undefined && version > SCHEMA_VERSION)
    throw new WavegateError(
      "STORE_FORMAT",
      `${file} is of schema ${version}, and this wavegate knows up to ${SCHEMA_VERSION}`,
      { hint: "use the version of wavegate that made it, or plan again: wavegate plan --out FILE" },
    );
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(file, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "malformed"}`);
  }
  const { signature } = parsed.data;
  // As it was read: a signature is over what people sent, not over what is known of it here.
  const content = Object.fromEntries(Object.entries(value as object).filter(([key]) => key !== "signature"));
  const plans = parsed.data.plans.map((plan) => {
    // The schema has just checked the digests' form, which is all that their brand says.
    const basis = plan.basis as PlanBasis;
    const named = parseDigest(plan.digest);
    if (named === undefined || digestOf(basis) !== named || basis.product !== plan.product)
      throw invalid(file, `the plan of ${plan.product} was edited: it does not have the digest it states`);
    return { product: plan.product, digest: named, basis, counts: waveCounts(plan) };
  });
  return { file, plans, content, ...(signature === undefined ? {} : { signature }) };
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new WavegateError("PLAN_INVALID", `there is no plan at ${file}: ${messageOf(error)}`, {
      hint: `save one: wavegate plan --out ${basename(file)}; or name a product`,
      cause: error,
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalid(file, `it is not JSON: ${messageOf(error)}`);
  }
}

function invalid(file: string, why: string): WavegateError {
  return new WavegateError("PLAN_INVALID", `${file} is no plan: ${why}`, {
    hint: "plan again: wavegate plan --out FILE",
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
