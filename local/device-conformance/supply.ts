import { rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Signing } from "./attempt.ts";
import type { Supply } from "./device.ts";
import { writeFactoryImage, type Images } from "./images.ts";
import type { Times } from "./trial.ts";

/** Every variable a device's program gets, for the help and docs/conformance.md. */
export const VARIABLES = {
  IOTHUB_DEVICE_CONNECTION_STRING: "where to connect and with which key; GatewayHostName has the port",
  DEVICE_CA_FILE: "PEM of the authority of hub and image store",
  DEVICE_STATE_DIR: "folder of this device alone; it outlives a power cut",
  DEVICE_FACTORY_IMAGE: "file with the image the device is born with, when the folder is empty",
  DEVICE_FACTORY_VERSION: "the version that image states",
  DEVICE_TRUST: "JSON to pin: {product, hardware, keys: [{keyId, publicKey}]}",
  DEVICE_HEALTH_MS: "health time of a booted image",
  DEVICE_WATCHDOG_MS: "how long an image may hang",
  DEVICE_TWIN_TIMEOUT_MS: "how long to wait for an answer about the twin",
  DEVICE_RETRY_MS: "longest wait between two tries to connect",
  DEVICE_TOKEN_SECONDS: "how long a token is good for; set in the scenario token-renewal only",
} as const;

const WATCHDOG_MS = 2_000;
const TWIN_TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;

/** A folder for the devices of a run; it goes when it is disposed of, and when this process ends before. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "device-conformance-"));
  const options = { recursive: true, force: true, maxRetries: 3 };
  const remove = (): void => {
    rmSync(path, options);
  };
  process.once("exit", remove);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      process.off("exit", remove);
      await rm(path, options);
    },
  };
}

/** What devices that the kit starts are given. */
export async function supplyOf(input: {
  readonly command: readonly string[];
  readonly folder: string;
  readonly caPem: string;
  readonly images: Images;
  readonly signing: Signing | undefined;
  readonly times: Times;
}): Promise<Supply> {
  const { command, folder, caPem, images, signing, times } = input;
  const caFile = await writeAuthority(folder, caPem);
  const variables: Partial<Record<keyof typeof VARIABLES, string>> = {
    DEVICE_CA_FILE: caFile,
    DEVICE_FACTORY_IMAGE: await writeFactoryImage(folder, images),
    DEVICE_FACTORY_VERSION: images.factory.version,
    DEVICE_HEALTH_MS: String(times.healthMs),
    DEVICE_WATCHDOG_MS: String(WATCHDOG_MS),
    DEVICE_TWIN_TIMEOUT_MS: String(TWIN_TIMEOUT_MS),
    DEVICE_RETRY_MS: String(RETRY_MS),
    ...(signing === undefined ? {} : { DEVICE_TRUST: trustText(signing) }),
  };
  return { command, folder, variables };
}

/** What a device has to pin to believe the kit's images, as JSON. */
export function trustText({ product, hardware, maker }: Signing): string {
  return JSON.stringify({ product, hardware, keys: [maker.pinned] });
}

/** Put the authority's certificate into a file; its path. */
export async function writeAuthority(folder: string, caPem: string): Promise<string> {
  const file = join(folder, "ca.pem");
  await writeFile(file, caPem);
  return file;
}
