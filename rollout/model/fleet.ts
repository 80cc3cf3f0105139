import { z } from "zod";
import { durationSchema, type Duration } from "./duration.ts";
import type { Problem } from "./problem.ts";
import { artifactSchema, type Artifact } from "./artifact.ts";
import { productNameSchema, versionSchema } from "./release.ts";
import { freezeSchema, type Freeze, type FreezeDeclaration } from "./schedule.ts";
import { problemsFromZod } from "./schema-problems.ts";

/** The fleet as `fleet.ts` declares it. */
export interface FleetDeclaration {
  /** Products by name: devices whose tag `product` has that name take the same firmware. */
  readonly products: Readonly<Record<string, ProductDeclaration>>;
  /** A device counts as recently active when it was seen within this time before a wave opened; default 7 days. */
  readonly activeWithin?: Duration;
  /** Times in which no release grows. */
  readonly freezes?: readonly FreezeDeclaration[];
}

/** One product of the fleet. */
export interface ProductDeclaration {
  /** What the devices run today, when wavegate did not put it there. Adopting it writes to no device. */
  readonly adopt?: { readonly version: string; readonly artifact: Artifact };
  /** Times in which none of this product's releases grows, beside the fleet's. */
  readonly freezes?: readonly FreezeDeclaration[];
}

/** The fleet, checked. */
export interface Fleet {
  readonly products: Readonly<Record<string, Product>>;
  readonly activeWithinMs: number;
  readonly freezes: readonly Freeze[];
}

/** One product of the fleet, checked. */
export interface Product {
  readonly adopt?: { readonly version: string; readonly artifact: Artifact };
  readonly freezes: readonly Freeze[];
}

/** Declare the fleet: the default export of `fleet.ts`. Data only. */
export function defineFleet(declaration: FleetDeclaration): FleetDeclaration {
  return declaration;
}

const fleetSchema = z.strictObject({
  products: z.record(
    productNameSchema,
    z.strictObject({
      adopt: z.strictObject({ version: versionSchema, artifact: artifactSchema }).exactOptional(),
      freezes: z.array(freezeSchema).default([]),
    }),
  ),
  activeWithin: durationSchema.default(7 * 86_400_000),
  freezes: z.array(freezeSchema).default([]),
});

/** Check a fleet declaration read from `file`; all problems at once. */
export function parseFleet(
  value: unknown,
  file: string,
):
  | { readonly fleet: Fleet; readonly problems: readonly [] }
  | { readonly fleet?: undefined; readonly problems: readonly Problem[] } {
  const parsed = fleetSchema.safeParse(value);
  if (!parsed.success)
    return {
      problems: problemsFromZod({ error: parsed.error, code: "FLEET_INVALID", file, shape: fleetSchema }),
    };
  const { products, activeWithin, freezes } = parsed.data;
  return { problems: [], fleet: { products, activeWithinMs: activeWithin, freezes } };
}
