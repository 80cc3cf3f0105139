import { z } from "zod";

/** Why an update, or a boot, did not succeed, as machines read it (`errorCode` in the twin). */
export const ERROR_CODES = {
  DESIRED_INVALID: "what the device was asked to run is malformed",
  DESIRED_CHANGED: "one rolloutId was used for two different images",
  SIGNATURE_MISSING: "the device wants a signed manifest and got none",
  MANIFEST_INVALID: "the manifest is malformed",
  KEY_UNKNOWN: "the manifest names a key that the device does not know",
  SIGNATURE_INVALID: "the signature is not that of the key the manifest names",
  KEY_RETIRED: "the manifest names a key that no longer signs such versions",
  PRODUCT_MISMATCH: "the image is for another product",
  HARDWARE_MISMATCH: "the image is not for this board",
  MANIFEST_DIFFERS: "what stands beside the manifest is not what the manifest says",
  BELOW_FLOOR: "the version is lower than the device may go back to",
  DOWNLOAD_FAILED: "the image could not be fetched",
  DOWNLOAD_DENIED: "the image store refused access: the address may have expired",
  DOWNLOAD_MISSING: "the image store has no image at the address",
  SIZE_MISMATCH: "the image is not as long as was stated",
  DIGEST_MISMATCH: "the image does not have the digest that was stated",
  WRITE_FAILED: "the image could not be written to its slot",
  INSTALL_FAILED: "the device's own installer refused the image, or did not come to its end",
  SLOT_CORRUPT: "the image in the slot is not the one that was verified",
  BOOT_FAILED: "the image did not start",
  HUNG: "the image started and did not answer in time",
  SELF_TEST_FAILED: "the image started and its self-test did not pass",
  HEALTH_FAILED: "the image did not stay well for the health time",
  VERSION_MISMATCH: "the image that runs states another version than was asked for",
} as const;
/** One of them: what a device reports as `errorCode`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** A failure as it is kept on disk. */
export const failureSchema = z.strictObject({
  /** Which failure it is, for programs. Keys of a constant object are its codes: TypeScript types them as plain text. */
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  /** What, where and with which values, for people. */
  message: z.string(),
});
/** What a report says about a failure. */
export type Failure = Readonly<z.infer<typeof failureSchema>>;

/** Expected trouble of one step of an update; anything else that is thrown is a bug. */
export class DeviceError extends Error {
  /** Which trouble it is: what the device reports as `errorCode`. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DeviceError";
    this.code = code;
  }
}

/** The failure an error stands for; an error without a code of its own gets `otherwise`. */
export function failureFromError(error: unknown, otherwise: ErrorCode): Failure {
  return { code: error instanceof DeviceError ? error.code : otherwise, message: reasonOf(error) };
}

/** What was thrown, as a sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The image is the one that was asked for, and states another version than was asked for. */
export function versionMismatch({
  asked,
  states,
}: {
  readonly asked: string;
  readonly states: string;
}): Failure {
  return { code: "VERSION_MISMATCH", message: `${asked} was asked for; the image states ${states}` };
}
