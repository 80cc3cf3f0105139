import semver from "semver";
import { z } from "zod";

/** Schema of a product's name. Ids are built from it with `--` between their parts. */
export const productNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "lower-case words joined by single dashes")
  .max(40);

/** Schema of a version: semantic versioning, without build metadata (it could not tell two releases apart). */
export const versionSchema = z
  .string()
  .refine(
    (text) => semver.valid(text) === text && text.length <= 40,
    "a semantic version such as 2.1.0 or 2.1.0-rc.1",
  );
