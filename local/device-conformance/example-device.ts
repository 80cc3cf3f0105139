/**
 * The device that the kit checks when it is given none: the agent of this project on a simulated board, a process of its
 * own that knows the kit by its environment variables alone, as any maker's device does.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { startAgent } from "../../device/agent.ts";
import { systemClock } from "../../device/clock.ts";
import { wasmDriver } from "../../device/drivers/wasm/wasm-driver.ts";
import { installFactoryImage } from "../../device/drivers/wasm/factory-image.ts";

const wholeNumber = z.coerce.number().int().positive();
const environment = z
  .object({
    IOTHUB_DEVICE_CONNECTION_STRING: z.string(),
    DEVICE_CA_FILE: z.string(),
    DEVICE_STATE_DIR: z.string(),
    DEVICE_FACTORY_IMAGE: z.string(),
    DEVICE_HEALTH_MS: wholeNumber,
    DEVICE_WATCHDOG_MS: wholeNumber,
    DEVICE_TWIN_TIMEOUT_MS: wholeNumber,
    DEVICE_RETRY_MS: wholeNumber,
    DEVICE_TOKEN_SECONDS: wholeNumber.default(3600),
    /** `{ product, hardware, keys }`; absent: no signature is asked for. */
    DEVICE_TRUST: z
      .string()
      .transform((text) => JSON.parse(text) as unknown)
      .pipe(
        z.object({
          product: z.string(),
          hardware: z.string(),
          keys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })),
        }),
      )
      .optional(),
  })
  .parse(process.env);

const stateDirectory = environment.DEVICE_STATE_DIR;
await installFactoryImage({ stateDirectory, image: await readFile(environment.DEVICE_FACTORY_IMAGE) });
const { DEVICE_TRUST: trust } = environment;
await startAgent({
  connectionString: environment.IOTHUB_DEVICE_CONNECTION_STRING,
  caPem: await readFile(environment.DEVICE_CA_FILE, "utf8"),
  stateDirectory,
  driver: wasmDriver({
    directory: stateDirectory,
    hardware: { revision: 1, sensorLot: 1 },
    watchdogMs: environment.DEVICE_WATCHDOG_MS,
  }),
  ...(trust === undefined ? {} : { trust }),
  clock: systemClock,
  healthTimeMs: environment.DEVICE_HEALTH_MS,
  twinTimeoutMs: environment.DEVICE_TWIN_TIMEOUT_MS,
  longestRetryMs: environment.DEVICE_RETRY_MS,
  tokenLifetimeSeconds: environment.DEVICE_TOKEN_SECONDS,
  onEvent: (event) => {
    if (event.type === "trouble" || event.type === "disconnected")
      process.stderr.write(`${JSON.stringify(event)}\n`);
  },
});
// The kit's end is the device's: nobody else would switch it off.
process.stdin.once("end", () => process.exit()).resume();
