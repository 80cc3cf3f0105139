import { z } from "zod";
import { artifactSchema, manifestFaults, type Artifact } from "./artifact.ts";
import { durationSchema, type Duration } from "./duration.ts";
import { EVALUATION_MS } from "./hub-limits.ts";
import type { Problem } from "./problem.ts";
import { productNameSchema, versionSchema } from "./product-version.ts";
import { freezeSchema, type Freeze, type FreezeDeclaration } from "./schedule.ts";
import { problemsFromZod } from "./schema-problems.ts";
import { ACCESSES, type Access } from "./twin-contract.ts";

/** The fleet as `fleet.ts` declares it. */
export interface FleetDeclaration {
  /** Products by name: devices whose tag `product` has that name take the same firmware. */
  readonly products: Readonly<Record<string, ProductDeclaration>>;
  /** A device counts as recently active when it was seen within this time before a wave opened; default 7 days. */
  readonly activeWithin?: Duration;
  /** Times in which no release grows; default: none. */
  readonly freezes?: readonly FreezeDeclaration[];
}

/** One product of the fleet. */
export interface ProductDeclaration {
  /**
   * What the devices run today, when wavegate did not put it there; several, where they do not all run the same.
   * Adopting writes to no device.
   */
  readonly adopt?: AdoptDeclaration | readonly AdoptDeclaration[];
  /** Times in which none of this product's releases grows, beside the fleet's; default: none. */
  readonly freezes?: readonly FreezeDeclaration[];
  /**
   * Who may fetch the product's images: whoever knows their address, or (`on-demand`) only its own devices, by keys that
   * the hub gives them while they want one: for fleets that are always on. Default `public`.
   */
  readonly access?: Access;
  /** Tag that names a device's site ("tags.site"): a plan warns of waves that lie in few sites; default: none is known. */
  readonly site?: string;
}

/** A version that devices run already, and its image. */
export interface AdoptDeclaration {
  /** The version they report. */
  readonly version: string;
  /** Its image: what a release that is taken back falls back to has to exist. */
  readonly artifact: Artifact;
  /** The devices that run it, as a target condition ("tags.hardware = 'B'"); default: all that no other one claims. */
  readonly where?: string;
}

/** The fleet, checked. */
export interface Fleet {
  /** Products by name. */
  readonly products: Readonly<Record<string, Product>>;
  /** A device counts as recently active when it was seen within this time before a wave opened, ms. */
  readonly activeWithinMs: number;
  /** Times in which no release grows. */
  readonly freezes: readonly Freeze[];
}

/** One product of the fleet, checked. */
export interface Product {
  /** What the devices run today; the one without a condition first: those after it stand above it. */
  readonly adopt: readonly AdoptDeclaration[];
  /** Times in which none of this product's releases grows, beside the fleet's. */
  readonly freezes: readonly Freeze[];
  /** Who may fetch the product's images; absent: whoever knows their address. */
  readonly access?: Access;
  /** Tag that names a device's site; absent: none is known. */
  readonly site?: string;
}

/** An evaluation that a device has just missed, and one that runs late. */
const ACCESS_LATENCY_MS = 2 * EVALUATION_MS;

/** How long devices of a product may wait for the key to an image, ms: no fault of the release. */
export function accessLatencyMs(product: Pick<Product, "access"> | undefined): number {
  return product?.access === "on-demand" ? ACCESS_LATENCY_MS : 0;
}

/** Declare the fleet: the default export of `fleet.ts`. Data only. */
export function defineFleet(declaration: FleetDeclaration): FleetDeclaration {
  return declaration;
}

const adoptSchema = z.strictObject({
  version: versionSchema,
  artifact: artifactSchema,
  where: z.string().min(1).max(2_000).exactOptional(),
});

const adoptedSchema = z
  // Not a union: of that, zod would say no more than that it is none of the two.
  .preprocess((value): unknown => (Array.isArray(value) ? value : [value]), z.array(adoptSchema))
  .superRefine((adopted, context) => {
    const refuse = (index: number, message: string): void => {
      context.addIssue({ code: "custom", path: [index], message });
    };
    adopted.forEach(({ where }, index) => {
      if (adopted.findIndex((other) => other.where === where) === index) return;
      if (where === undefined) refuse(index, "only one adopted baseline can be without `where`");
      else refuse(index, "another adopted baseline has the same `where`");
    });
  })
  .transform((adopted) => [
    ...adopted.filter(({ where }) => where === undefined),
    ...adopted.filter(({ where }) => where !== undefined),
  ]);

const fleetSchema = z.strictObject({
  products: z
    .record(
      productNameSchema,
      z.strictObject({
        adopt: adoptedSchema.default([]),
        freezes: z.array(freezeSchema).default([]),
        access: z.enum(ACCESSES).exactOptional(),
        site: z
          .string()
          .regex(/^tags(\.[A-Za-z_][A-Za-z0-9_]*)+$/, 'a tag, written like "tags.site"')
          .exactOptional(),
      }),
    )
    .superRefine((products, context) => {
      for (const [product, { adopt }] of Object.entries(products))
        for (const { artifact, version } of adopt)
          for (const fault of manifestFaults(artifact, { product, version }))
            context.addIssue({
              code: "custom",
              path: [product, "adopt"],
              message: `manifest of ${version}: ${fault}`,
            });
    }),
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
