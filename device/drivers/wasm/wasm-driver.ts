import type { Disk } from "../../disk.ts";
import { systemDisk } from "../../disk.ts";
import { DeviceError, failureFromError, reasonOf } from "../../failure.ts";
import type { Boot, Driver, RunningImage } from "../driver.ts";
import { TRIAL_BOOTS } from "../driver.ts";
import { digestOf } from "../image-digest.ts";
import { openDraft, readKeptPart } from "../slot-draft.ts";
import type { BootPointer, Slot } from "./boot-pointer.ts";
import { otherSlot, readBootPointer, slotFile, writeBootPointer } from "./boot-pointer.ts";
import type { BoardFirmware, BoardOptions } from "./wasm-board.ts";
import { startOnBoard } from "./wasm-board.ts";
import type { Hardware } from "./wasm-image.ts";

/** Where a simulated device keeps its slots, and what board it is. */
export interface WasmDriverOptions {
  /** Directory of `slot-a.wasm`, `slot-b.wasm` and `boot.json`. */
  readonly directory: string;
  /** Board that images see. */
  readonly hardware: Hardware;
  /** Default: the machine's file system. */
  readonly disk?: Disk;
  /** Real milliseconds an image has to start, and again to answer a self-test. Default: 10 s. */
  readonly watchdogMs?: number;
  /** What starts an image. Default: WebAssembly on a board in a thread of its own. */
  readonly start?: (options: BoardOptions) => Promise<BoardFirmware>;
}

const WATCHDOG_MS = 10_000;

interface Running {
  readonly slot: Slot;
  readonly image: RunningImage;
  readonly firmware: BoardFirmware;
}

/** The driver of a simulated device: two slot files, a boot pointer, and firmware that is really started. */
export function wasmDriver({
  directory,
  hardware,
  disk = systemDisk,
  watchdogMs = WATCHDOG_MS,
  start: startImage = startOnBoard,
}: WasmDriverOptions): Driver {
  let running: Running | undefined;

  async function pointer(): Promise<BootPointer> {
    const found = await readBootPointer(disk, directory);
    if (found !== undefined) return found;
    throw new Error(`${directory} holds no boot pointer; install a factory image first`);
  }

  async function start(slot: Slot, { digests, factorySha256 }: BootPointer): Promise<Running> {
    const content = await disk.read(slotFile(directory, slot));
    if (content === undefined) throw new DeviceError("BOOT_FAILED", `Slot ${slot} is empty`);
    const sha256 = digestOf(content);
    const verified = digests[slot];
    if (verified !== undefined && verified !== sha256)
      throw new DeviceError(
        "SLOT_CORRUPT",
        `Slot ${slot} held ${verified} when it was verified and holds ${sha256}`,
      );
    const firmware = await startImage({ image: content, hardware, watchdogMs });
    return {
      slot,
      firmware,
      image: { version: firmware.version, sha256, factory: sha256 === factorySha256 },
    };
  }

  async function forget(slot: Slot): Promise<void> {
    const found = await pointer();
    await writeBootPointer(disk, directory, { ...found, digests: { ...found.digests, [slot]: undefined } });
  }

  /** Start the slot to fall back to, and make the pointer say so. */
  async function fallBack(found: BootPointer, to: Slot, cause: unknown): Promise<Boot> {
    const fellBack = failureFromError(cause, "BOOT_FAILED");
    try {
      running = await start(to, found);
    } catch (error) {
      throw new Error(`No slot of ${directory} starts: ${fellBack.message}; slot ${to}: ${reasonOf(error)}`, {
        cause,
      });
    }
    await writeBootPointer(disk, directory, { ...settled(found), slot: to, fellBack });
    return { image: running.image, fellBack };
  }

  async function boot(hung?: DeviceError): Promise<Boot> {
    const found = await pointer();
    const { trial } = found;
    if (trial !== undefined && trial.boots >= TRIAL_BOOTS) {
      const unwell = `Slot ${trial.slot} was not well in ${trial.boots} boots`;
      return fallBack(found, found.slot, hung ?? new DeviceError("BOOT_FAILED", unwell));
    }
    if (trial !== undefined) {
      // Counted before it starts: an image that takes the device down must not be tried for ever.
      await writeBootPointer(disk, directory, { ...found, trial: { ...trial, boots: trial.boots + 1 } });
    }
    const wanted = trial?.slot ?? found.slot;
    try {
      running = await start(wanted, found);
      return { image: running.image, ...(found.fellBack === undefined ? {} : { fellBack: found.fellBack }) };
    } catch (error) {
      // The watchdog resets the board, and a reset is a boot like any other.
      if (trial !== undefined && error instanceof DeviceError && error.code === "HUNG") return boot(error);
      return fallBack(found, trial === undefined ? otherSlot(wanted) : found.slot, error);
    }
  }

  return {
    async boot() {
      await running?.firmware.stop();
      running = undefined;
      return boot();
    },

    async selfTest() {
      await expectRunning(running).firmware.selfTest();
    },

    async holds(sha256) {
      const content = await disk.read(slotFile(directory, otherSlot(expectRunning(running).slot)));
      return content !== undefined && digestOf(content) === sha256;
    },

    kept: (sha256) => readKeptPart(disk, slotFile(directory, otherSlot(expectRunning(running).slot)), sha256),

    async openSlot(opening) {
      const { slot } = expectRunning(running);
      const target = otherSlot(slot);
      const found = await pointer();
      if (found.slot === target || found.trial !== undefined) {
        // The slot about to be overwritten must not be one that a boot could choose.
        await writeBootPointer(disk, directory, { ...settled(found), slot });
      }
      const draft = await openDraft(disk, slotFile(directory, target), opening);
      return {
        ...draft,
        async finish() {
          // Until `apply` says what it is: should the running slot fail before, the new image is all there is.
          await forget(target).catch(async (error: unknown) => {
            await draft.abandon();
            throw error;
          });
          await draft.finish();
        },
      };
    },

    async apply({ sha256 }) {
      const { slot, image } = expectRunning(running);
      const found = await pointer();
      const other = otherSlot(slot);
      const digests = { [slot]: image.sha256, [other]: sha256 };
      const trial = { slot: other, boots: 0 };
      await writeBootPointer(disk, directory, { ...settled(found), slot, digests, trial });
    },

    async confirm() {
      const { slot } = expectRunning(running);
      const found = await pointer();
      if (found.trial === undefined && found.fellBack === undefined && found.slot === slot) return;
      await writeBootPointer(disk, directory, { ...settled(found), slot });
    },

    async rollback(fellBack) {
      const { slot } = expectRunning(running);
      const found = await pointer();
      const target = otherSlot(slot);
      if ((await disk.read(slotFile(directory, target))) === undefined) return false;
      await writeBootPointer(disk, directory, { ...settled(found), slot: target, fellBack });
      return true;
    },
  };
}

function expectRunning(running: Running | undefined): Running {
  if (running === undefined) throw new Error("nothing runs yet: boot the driver first");
  return running;
}

function settled(pointer: BootPointer): BootPointer {
  return { ...pointer, trial: undefined, fellBack: undefined };
}
