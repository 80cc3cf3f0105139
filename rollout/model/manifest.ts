import semver from "semver";
import { z } from "zod";
import { canonicalJson } from "./digest.ts";
import { productNameSchema, versionSchema } from "./product-version.ts";

/** The signed statement about an image: what a device with pinned keys believes, and all it believes. */
export interface Manifest {
  readonly product: string;
  readonly version: string;
  /** SHA-256 of the image, 64 lower-case hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Boards it fits, by the names they have at their maker; default: every board of the product. */
  readonly hardware?: readonly string[];
  /** Lowest version a device may go back to once it runs this image; default: as low as before. */
  readonly floor?: string;
  /** Key that signed it (`keyIdOf`). */
  readonly keyId: string;
}

/** Bytes of a manifest at most: a text in a twin has 4 KB. [IoT Hub: device twins, limits] */
const LARGEST_MANIFEST = 4096;

// Strict: a restriction that a reader does not know must not be passed over.
const schema = z
  .strictObject({
    product: productNameSchema,
    version: versionSchema,
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits"),
    size: z.int().positive(),
    hardware: z.array(z.string().min(1).max(64)).min(1).exactOptional(),
    floor: versionSchema.exactOptional(),
    keyId: z.string().regex(/^[0-9a-f]{16}$/, "16 lower-case hex digits"),
  })
  .superRefine(({ floor, version }, context) => {
    if (floor === undefined || semver.valid(floor) === null || semver.valid(version) === null) return;
    if (semver.gt(floor, version))
      context.addIssue({ code: "custom", path: ["floor"], message: `must not be above ${version}` });
  });

/** Read a manifest; the answer is one line that says what is wrong where it is none, or not in its canonical form. */
export function parseManifest(text: string): Manifest | string {
  if (Buffer.byteLength(text) > LARGEST_MANIFEST) return `it has more than ${LARGEST_MANIFEST} bytes`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  // Another spelling would be other bytes to sign, and a repeated key another meaning to another reader.
  return canonicalJson(parsed.data) === text ? parsed.data : "it is not in the form of RFC 8785";
}

/** The bytes that are signed, as text: RFC 8785. */
export function renderManifest(manifest: Manifest): string {
  return canonicalJson(manifest);
}

/** What a manifest says of itself against what somebody else says of the same image; empty when they agree. */
export function manifestDifferences(
  manifest: Manifest,
  stated: Partial<Pick<Manifest, "product" | "version" | "sha256" | "size">>,
): readonly string[] {
  return (["product", "version", "sha256", "size"] as const).flatMap((field) =>
    stated[field] === undefined || stated[field] === manifest[field]
      ? []
      : [`${field} is ${stated[field]}, and the manifest says ${manifest[field]}`],
  );
}
