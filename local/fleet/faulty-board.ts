import { DeviceError } from "../../device/failure.ts";
import { startOnBoard, type BoardFirmware, type BoardOptions } from "../../device/drivers/wasm/wasm-board.ts";
import type { Clock } from "../clock.ts";
import type { Fate } from "./fate.ts";
import type { Fault } from "./profile.ts";

/** The board of a simulated device: it really boots its images, and does to them what fate has in store. */
export interface FaultyBoard {
  /** What the wasm driver starts images with. */
  readonly start: (options: BoardOptions) => Promise<BoardFirmware>;
  /** The image of a version dies, now and at every start from here on. */
  readonly crash: (version: string) => void;
  /** Whether it will never start again. */
  readonly isDead: () => boolean;
  /** What is wrong with the image that was started last. */
  readonly fault: () => Fault | undefined;
  /** The version that really runs, whatever the image was to be; undefined before the first boot. */
  readonly runs: () => string | undefined;
}

/** What a board is made of. */
export interface FaultyBoardOptions {
  readonly fate: Fate;
  readonly clock: Clock;
  /** The image the device was born with. */
  readonly factoryImage: Uint8Array;
  /** An image has started in which something is wrong. */
  readonly onStruck: (struck: { readonly fault: Fault; readonly version: string }) => void;
}

/** Virtual time after which the watchdog resets a board whose image hangs. */
const WATCHDOG_MS = 60_000;

/** A board that knows its fate. */
export function faultyBoard({ fate, clock, factoryImage, onStruck }: FaultyBoardOptions): FaultyBoard {
  const crashed = new Set<string>();
  let isDead = false;
  let before = factoryImage;
  let runs: string | undefined;
  let fault: Fault | undefined;

  async function start(options: BoardOptions): Promise<BoardFirmware> {
    if (isDead) throw new DeviceError("BOOT_FAILED", "the board is dead");
    await clock.sleep(fate.bootMs);
    const firmware = await startOnBoard(options);
    const { version } = firmware;
    const isFactory = Buffer.compare(options.image, factoryImage) === 0;
    fault = fate.faultOf({ version, isFactory });
    if (fault !== undefined && fault !== "crashes-late") onStruck({ fault, version });
    if (crashed.has(version)) {
      await firmware.stop();
      throw new DeviceError("BOOT_FAILED", `${version} crashes in its start`);
    }
    switch (fault) {
      case "self-test-fails":
        return {
          ...firmware,
          selfTest: () =>
            Promise.reject(new DeviceError("SELF_TEST_FAILED", `${version} fails its self-test`)),
        };
      case "hangs":
        await firmware.stop();
        await clock.sleep(WATCHDOG_MS);
        throw new DeviceError("HUNG", `${version} hangs in its start`);
      case "bricks":
        isDead = true;
        await firmware.stop();
        throw new DeviceError("BOOT_FAILED", `${version} has destroyed the board`);
      case "runs-old-says-new":
      case "runs-old-says-ok": {
        await firmware.stop();
        const old = await startOnBoard({ ...options, image: before });
        runs = old.version;
        return { ...old, version };
      }
      case "crashes-late":
      case "flaps":
      case "goes-silent":
      case undefined:
        before = options.image;
        runs = version;
        return firmware;
    }
  }

  return {
    start,
    crash: (version) => crashed.add(version),
    isDead: () => isDead,
    fault: () => fault,
    runs: () => runs,
  };
}
