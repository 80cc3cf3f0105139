/**
 * The device of Microsoft's firmware lab, which knows the lab's fields and nothing else: `node lab-device.ts`. As there, an
 * update is waiting and reporting: nothing is downloaded, verified or booted. It runs until SIGTERM.
 *
 * - `DEVICE_CONNECTION_STRING`: the device's own
 * - `LAB_SECOND_MS`: how long a second of the lab takes here; default: 1000
 */
import { setTimeout as sleep } from "node:timers/promises";
import azureIotDevice, { type Twin } from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";

/** The three fields that the lab writes down. */
interface Asked {
  readonly fwVersion: string;
  readonly fwPackageURI: string;
  readonly fwPackageCheckValue: string;
}

/** The six that its device reports up; a patch has those that change. */
interface Reported {
  readonly currentFwVersion?: string;
  readonly pendingFwVersion?: string;
  readonly fwUpdateStatus?: string;
  readonly fwUpdateSubstatus?: string;
  readonly lastFwUpdateStartTime?: string;
  readonly lastFwUpdateEndTime?: string;
}

const { DEVICE_CONNECTION_STRING, LAB_SECOND_MS = "1000" } = process.env;
if (DEVICE_CONNECTION_STRING === undefined)
  throw new Error("Set DEVICE_CONNECTION_STRING; this file's first lines explain it");

let runs = "1.0.0";
let isBusy = false;

const client = azureIotDevice.Client.fromConnectionString(DEVICE_CONNECTION_STRING, Mqtt);
await client.open();
const twin = await client.getTwin();
process.once("SIGTERM", () => {
  void client.close().finally(() => process.exit());
});
await report({
  ...{ currentFwVersion: runs, pendingFwVersion: "", fwUpdateStatus: "current", fwUpdateSubstatus: "" },
  ...{ lastFwUpdateStartTime: "", lastFwUpdateEndTime: "" },
});
// The SDK hands out what the twin holds already, and each change after it.
twin.on("properties.desired.firmware", (asked: Asked | null) => {
  if (asked === null) return void process.stdout.write(`the request is gone; ${runs} still runs\n`);
  if (isBusy || asked.fwVersion === runs) return;
  isBusy = true;
  update(asked).then(
    () => {
      isBusy = false;
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function update({ fwVersion }: Asked): Promise<void> {
  await report({ pendingFwVersion: fwVersion, lastFwUpdateStartTime: now() });
  for (const percent of [0, 25, 50, 75, 100]) {
    await report({ fwUpdateStatus: "downloading", fwUpdateSubstatus: `${percent}%` });
    if (percent < 100) await labSeconds(2);
  }
  await report({ fwUpdateStatus: "verifying", fwUpdateSubstatus: "" });
  await labSeconds(5);
  await report({ fwUpdateStatus: "applying" });
  await labSeconds(5);
  await report({ fwUpdateStatus: "rebooting", lastFwUpdateEndTime: now() });
  await labSeconds(5);
  runs = fwVersion;
  // As in the lab: its device starts anew, and the times of the update are lost.
  await report({
    ...{ currentFwVersion: runs, pendingFwVersion: "", fwUpdateStatus: "current", fwUpdateSubstatus: "" },
    ...{ lastFwUpdateStartTime: "", lastFwUpdateEndTime: "" },
  });
}

/** Report, and say so once the hub has taken it. */
async function report(firmware: Reported): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    updateReported(twin, { firmware }, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
  const { fwUpdateStatus, fwUpdateSubstatus, pendingFwVersion, currentFwVersion } = firmware;
  const words = [
    fwUpdateStatus ?? "current",
    fwUpdateSubstatus ?? "",
    ...(currentFwVersion === undefined ? [] : [`runs ${currentFwVersion}`]),
    ...(pendingFwVersion === undefined || pendingFwVersion === "" ? [] : [`pending ${pendingFwVersion}`]),
  ];
  process.stdout.write(`up      ${words.filter((word) => word !== "").join(" ")}\n`);
}

function updateReported(of: Twin, patch: object, done: (error?: Error | null) => void): void {
  // Typed `any` by the SDK, which adds this function to the properties.
  const call: unknown = of.properties.reported["update"];
  if (typeof call !== "function") throw new Error("the SDK's twin has no update function any more");
  Reflect.apply(call, undefined, [patch, done]);
}

function labSeconds(seconds: number): Promise<void> {
  return sleep(seconds * Number(LAB_SECOND_MS));
}

function now(): string {
  return new Date().toISOString();
}
