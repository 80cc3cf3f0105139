import semver from "semver";
import { z } from "zod";
import type { FirmwareDesired } from "../rollout/model/twin-contract.ts";
import { ACCESSES } from "../rollout/model/twin-contract.ts";

/** Longest rolloutId, version or digest that is remembered: the longest name of a configuration, in characters. */
const LONGEST_TEXT = 128;
/** Largest image the agent fetches, in bytes: a stated size is a promise to stop reading, not to have room. */
const LARGEST_IMAGE = 256 * 1024 * 1024;
/** Longest version text, in characters; a reported version stays a short text. */
const LONGEST_VERSION = 64;

/** What the device is asked to install, checked. */
export interface FirmwareRequest {
  readonly version: string;
  readonly uri: string;
  readonly sha256: string;
  readonly size: number;
  /** The address opens with a key only, which the hub gives to devices that say they want one. */
  readonly onDemand: boolean;
}

const schema = z.object({
  fwVersion: z
    .string()
    .max(LONGEST_VERSION)
    .refine((text) => semver.valid(text) === text, "not a semantic version"),
  fwPackageURI: z.url({ protocol: /^https$/, error: "not an https address" }).max(2048),
  fwPackageCheckValue: z.string().regex(/^[0-9a-f]{64}$/, "not 64 lower-case hex digits"),
  fwPackageSize: z.int().min(1).max(LARGEST_IMAGE),
  // Requests of those who know no other stores than open ones lack it.
  fwAccess: z.enum(ACCESSES).default("public"),
}) satisfies z.ZodType<
  Pick<FirmwareDesired, "fwVersion" | "fwPackageURI" | "fwPackageCheckValue" | "fwPackageSize" | "fwAccess">
>;

const statementSchema = z.object({
  fwManifest: z.string().catch(""),
  fwManifestSignature: z.string().catch(""),
}) satisfies z.ZodType<Pick<FirmwareDesired, "fwManifest" | "fwManifestSignature">>;

/** Check everything an update needs; the answer is the request, or one line that says what is wrong with it. */
export function parseFirmwareRequest(desired: unknown): FirmwareRequest | string {
  const parsed = schema.safeParse(desired);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  }
  const { fwVersion, fwPackageURI, fwPackageCheckValue, fwPackageSize, fwAccess } = parsed.data;
  return {
    version: fwVersion,
    uri: fwPackageURI,
    sha256: fwPackageCheckValue,
    size: fwPackageSize,
    onDemand: fwAccess === "on-demand",
  };
}

/** Whether the image asked for opens with a key only, of a request that was checked already. */
export function isOnDemand(desired: unknown): boolean {
  return typeof desired === "object" && desired !== null && textField(desired, "fwAccess") === "on-demand";
}

/** What is read before contact is acknowledged: three texts, nothing that could fail on their content. */
export interface AskedFirmware {
  readonly rolloutId: string;
  readonly asked: { readonly version: string; readonly sha256: string };
}

/** Who asks for which image; absent when nobody asks, or nobody says which attempt it is. */
export function readAskedFirmware(desired: unknown): AskedFirmware | undefined {
  if (typeof desired !== "object" || desired === null) return undefined;
  const rolloutId = textField(desired, "rolloutId");
  if (rolloutId === "") return undefined;
  return {
    rolloutId,
    asked: { version: textField(desired, "fwVersion"), sha256: textField(desired, "fwPackageCheckValue") },
  };
}

/** The signed statement and its signature, as they came; empty where there is none. */
export function readSignedStatement(desired: unknown): {
  readonly manifest: string;
  readonly signature: string;
} {
  const { fwManifest, fwManifestSignature } = statementSchema.parse(desired);
  return { manifest: fwManifest, signature: fwManifestSignature };
}

/** Whether a version is newer than another; false when one of them is no semantic version. */
export function isNewerVersion(version: string, than: string): boolean {
  return semver.valid(version) !== null && semver.valid(than) !== null && semver.gt(version, than);
}

function textField(desired: object, name: keyof FirmwareDesired): string {
  // An object may hold anything; only text short enough to be remembered is taken from it.
  const value = (desired as Readonly<Partial<Record<string, unknown>>>)[name];
  return typeof value === "string" && value.length <= LONGEST_TEXT ? value : "";
}
