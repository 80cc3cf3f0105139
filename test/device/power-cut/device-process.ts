// A device as a process of its own, for a test to kill: `node device-process.ts ORDERS`.
import { systemDisk } from "../../../device/disk.ts";
import { httpsImages } from "../../../device/image-request.ts";
import { atRest, inPieces, powerOn } from "./device-life.ts";
import type { Loss } from "./power-cut-disk.ts";
import { powerCutDisk } from "./power-cut-disk.ts";

/** What a device process is told, as JSON. */
export interface DeviceOrders {
  readonly directory: string;
  readonly caPem: string;
  readonly hardware: { readonly revision: number; readonly sensorLot: number };
  readonly watchdogMs: number;
  readonly desired: unknown;
  /** Number of the disk operation at which the process kills itself; absent: never. */
  readonly at?: number;
  readonly loss: Loss;
}

const [argument = ""] = process.argv.slice(2);
// Written by the test beside this file.
const orders = JSON.parse(argument) as DeviceOrders;
const disk = powerCutDisk({
  disk: systemDisk,
  at: orders.at ?? Infinity,
  loss: orders.loss,
  onCut: () => process.kill(process.pid, "SIGKILL"),
});
const loop = await powerOn({
  ...orders,
  disk,
  ask: inPieces(httpsImages(orders)),
  onReport: () => undefined,
});
loop.hear(orders.desired);
await atRest(loop, Infinity);
process.stdout.write(JSON.stringify(disk.operations));
