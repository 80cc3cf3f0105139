import { createHash } from "node:crypto";
import { compileFirmware, listFirmware } from "../../local/firmware.ts";

/** A compiled example with its digest. */
export interface FirmwareImage {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** The thermostat's firmware of one version, really compiled. */
export async function firmwareImage(version: "1.0.0" | "1.1.0" | "1.2.0"): Promise<FirmwareImage> {
  const source = (await listFirmware()).find((one) => one.version === version)!;
  const bytes = await compileFirmware(source.sourceFile);
  return { version, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}
