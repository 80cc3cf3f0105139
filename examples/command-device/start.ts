/**
 * A device that is updated by its maker's own commands: `node start.ts`. It ends at SIGTERM and goes on at the next start.
 *
 * - `DEVICE_CONNECTION_STRING`: the device's own
 * - `STATE_DIRECTORY`: what the agent remembers; no update may overwrite it
 * - `UPDATE_STEPS`: the maker's description; default: the one beside this file
 * - `HEALTH_SECONDS`: how long new firmware has to stay well; default: 300
 * - `FACTORY_SHA256`: digest of the file that the factory's firmware would be installed from; default: not known
 * - `GATEWAY`, `CA_FILE`: `host:port` and authority of a hub that is not Azure's
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startAgent } from "../../device/agent.ts";
import { systemClock } from "../../device/clock.ts";
import { commandDriver } from "../../device/drivers/command/command-driver.ts";
import { readUpdateSteps } from "../../device/drivers/command/update-steps-file.ts";

const {
  DEVICE_CONNECTION_STRING,
  STATE_DIRECTORY,
  UPDATE_STEPS = join(import.meta.dirname, "update-steps.yaml"),
  HEALTH_SECONDS = "300",
  FACTORY_SHA256,
  GATEWAY,
  CA_FILE,
} = process.env;
if (DEVICE_CONNECTION_STRING === undefined || STATE_DIRECTORY === undefined)
  throw new Error("Set DEVICE_CONNECTION_STRING and STATE_DIRECTORY; this file's first lines explain them");

const log = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const agent = await startAgent({
  connectionString: DEVICE_CONNECTION_STRING,
  stateDirectory: STATE_DIRECTORY,
  driver: commandDriver({
    steps: await readUpdateSteps(UPDATE_STEPS),
    directory: STATE_DIRECTORY,
    factorySha256: FACTORY_SHA256,
    onProgress: (progress) => {
      log({ type: "progress", ...progress });
    },
    onTrouble: (message) => {
      log({ type: "trouble", message });
    },
  }),
  clock: systemClock,
  healthTimeMs: Number(HEALTH_SECONDS) * 1000,
  onEvent: log,
  ...(GATEWAY === undefined ? {} : { gateway: GATEWAY }),
  ...(CA_FILE === undefined ? {} : { caPem: readFileSync(CA_FILE, "utf8") }),
});
process.once("SIGTERM", () => {
  void agent.close().then(() => process.exit());
});
