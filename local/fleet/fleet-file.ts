import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { stratumProfile, type FleetProfile } from "./profile.ts";

const stratum = stratumProfile
  .extend({
    devices: z.int().min(1).max(100_000),
    /** Board of all of its devices. */
    revision: z.enum(["A", "B"]).default("A"),
    sensorLot: z.int().min(1).default(1),
    /** Rings by name, with the number of devices in each, from the first on. */
    rings: z.record(z.string().min(1), z.int().min(1)).default({}),
  })
  .refine(({ rings, devices }) => Object.values(rings).reduce((sum, count) => sum + count, 0) <= devices, {
    path: ["rings"],
    error: "the rings have more devices than the stratum",
  });

const fleet = z.strictObject({
  seed: z.int().default(1),
  /** What devices speak to the hub by. */
  line: z.enum(["microsoft", "light"]).default("light"),
  product: z.string().min(1).default("thermostat"),
  /** Image that devices are born with, WebAssembly or its text, from the file's folder. Default: the example's 1.0.0. */
  image: z
    .string()
    .regex(/\.(wasm|wat)$/, "an image is a .wasm or a .wat")
    .optional(),
  /** Virtual seconds that an image has to stay well to be `ok`. */
  healthSeconds: z.number().min(0).default(600),
  /** Certificates that devices trust beside the hub's, for an image store of another authority; from the file's folder. */
  caFile: z.string().optional(),
  strata: z.record(z.string(), stratum).superRefine((strata, context) => {
    const names = Object.keys(strata);
    if (names.length === 0) context.addIssue("there is no stratum");
    for (const name of names)
      if (!/^[A-Za-z0-9-]{1,64}$/.test(name))
        context.addIssue(
          `${JSON.stringify(name)}: the name of a stratum has up to 64 letters, digits and hyphens`,
        );
  }),
});

/** A fleet as its file declares it: who is in it, and how they behave. */
export interface FleetFile extends Omit<z.output<typeof fleet>, "strata" | "seed"> {
  readonly profile: FleetProfile;
  readonly devices: readonly DeclaredDevice[];
}

/** A device of a fleet file. */
export interface DeclaredDevice {
  readonly deviceId: string;
  readonly stratum: string;
  readonly revision: "A" | "B";
  readonly sensorLot: number;
  readonly tags: {
    readonly product: string;
    readonly rollout: { readonly stratum: string; readonly ring?: string };
  };
}

/** Read a fleet file (JSON); throws a text with all of its problems. */
export function readFleetFile(path: string): FleetFile {
  const parsed = fleet.safeParse(contentOf(path));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`,
    );
    throw new Error(problems.join("; "));
  }
  const { strata, seed, image, caFile, ...rest } = parsed.data;
  const folder = dirname(resolve(path));
  return {
    ...rest,
    ...(image === undefined ? {} : { image: resolve(folder, image) }),
    ...(caFile === undefined ? {} : { caFile: resolve(folder, caFile) }),
    profile: { seed, strata },
    devices: Object.entries(strata).flatMap(([name, { devices, revision, sensorLot, rings }]) => {
      const ringOf = Object.entries(rings).flatMap(([ring, count]) =>
        Array.from({ length: count }, () => ring),
      );
      return Array.from({ length: devices }, (_, index) => {
        const ring = ringOf[index];
        return {
          deviceId: `${rest.product}-${name}-${String(index + 1).padStart(5, "0")}`,
          ...{ stratum: name, revision, sensorLot },
          tags: {
            product: rest.product,
            rollout: { stratum: name, ...(ring === undefined ? {} : { ring }) },
          },
        };
      });
    }),
  };
}

function contentOf(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`it cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
