import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { FirmwareReported } from "../../../rollout/model/twin-contract.ts";
import type { DeviceClock } from "../../../device/clock.ts";
import type { DeviceLoop } from "../../../device/device-loop.ts";
import { deviceLoop } from "../../../device/device-loop.ts";
import { newDeviceState } from "../../../device/device-state.ts";
import type { Disk } from "../../../device/disk.ts";
import { downloadImage } from "../../../device/download.ts";
import { readBootPointer, slotFile } from "../../../device/drivers/wasm/boot-pointer.ts";
import type { Driver } from "../../../device/drivers/driver.ts";
import type { WasmDriverOptions } from "../../../device/drivers/wasm/wasm-driver.ts";
import { wasmDriver } from "../../../device/drivers/wasm/wasm-driver.ts";
import { imageAccess } from "../../../device/image-access.ts";
import type { RequestImage } from "../../../device/image-request.ts";
import { readDeviceState, writeDeviceState } from "../../../device/state-file.ts";

/** What a device is made of, from one power-on to the next. */
export interface DeviceLife extends Pick<WasmDriverOptions, "directory" | "start" | "watchdogMs"> {
  readonly disk: Disk;
  readonly ask: RequestImage;
  readonly hardware?: WasmDriverOptions["hardware"];
  readonly onReport: (reported: FirmwareReported) => void;
  /** Default: one of WebAssembly images. */
  readonly driver?: Driver;
}

/** A clock whose sleeps end at the next turn: health times and waits cost nothing. */
function eagerClock(): DeviceClock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now++,
    async sleep(ms, signal) {
      now += ms;
      await turn();
      signal?.throwIfAborted();
    },
  };
}

/** Power on: the agent's loop, its state file and its driver, without a hub. */
export async function powerOn(life: DeviceLife): Promise<DeviceLoop> {
  const { disk, directory, ask, hardware = { revision: 1, sensorLot: 1 } } = life;
  const driver = life.driver ?? wasmDriver({ ...life, hardware });
  const clock = eagerClock();
  const keys = { ...imageAccess(), ask: () => undefined };
  const { state = newDeviceState(7), lost } = await readDeviceState(disk, directory);
  if (lost !== undefined) throw new Error(lost);
  const loop = deviceLoop({
    state,
    driver,
    clock,
    healthTimeMs: 60_000,
    save: (next) => writeDeviceState(disk, directory, next),
    report(reported) {
      life.onReport(reported);
      return Promise.resolve();
    },
    download: (request, signal) =>
      downloadImage({ request, slots: driver, keys, ask, clock, signal, keepEveryBytes: 300 }),
    onBoot: () => undefined,
    onTrouble(message) {
      throw new Error(message);
    },
  });
  await loop.start();
  return loop;
}

/** Hand a download on a kilobyte at a time: an example's image fits into one read, and would have no middle. */
export function inPieces(ask: RequestImage): RequestImage {
  return async (uri, options) => {
    const answer = await ask(uri, options);
    let rest: Uint8Array | undefined = new Uint8Array();
    return {
      ...answer,
      async next() {
        if (rest?.length === 0) rest = await answer.next();
        const piece = rest?.subarray(0, 1000);
        rest = rest?.subarray(1000);
        return piece;
      },
    };
  };
}

/** Resolves when the device has nothing more to do. */
export async function atRest(loop: DeviceLoop, turns = 20_000): Promise<void> {
  for (let n = 0; n < turns; n++) {
    await loop.settled();
    if (loop.state().update === undefined && loop.state().waiting === undefined) return;
    await turn();
  }
  throw new Error(`the device never comes to rest: ${JSON.stringify(loop.state().update)}`);
}

/** What a boot could choose: the digests of the slots that the pointer names, "" for an empty one. */
export async function bootableDigests(disk: Disk, directory: string): Promise<string[]> {
  const pointer = await readBootPointer(disk, directory);
  if (pointer === undefined) throw new Error("the device has lost its boot pointer");
  const slots = new Set([pointer.slot, ...(pointer.trial === undefined ? [] : [pointer.trial.slot])]);
  return Promise.all(
    [...slots].map(async (slot) => {
      const content = await disk.read(slotFile(directory, slot));
      return content === undefined ? "" : createHash("sha256").update(content).digest("hex");
    }),
  );
}
