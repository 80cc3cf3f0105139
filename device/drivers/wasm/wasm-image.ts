import { DeviceError, reasonOf } from "../../failure.ts";

/** What the simulated board tells its firmware. */
export interface Hardware {
  /** 1 is revision A, 2 is revision B. */
  readonly revision: number;
  /** Production lot of the temperature sensor. */
  readonly sensorLot: number;
}

/** Firmware that runs. */
export interface WasmFirmware {
  /** The version text in the image's own data. */
  readonly version: string;
  /** Throws `SELF_TEST_FAILED` when the image traps. */
  selfTest(): void;
}

/** Longest version text; semantic versions with build labels stay far below. */
const LONGEST_VERSION = 64;
/** Most memory a simulated board has. */
const MEMORY_LIMIT = 16 * 1024 * 1024;

/**
 * Start an image on a board. Throws `BOOT_FAILED` when it is no WebAssembly, asks for what the board lacks, or does not
 * state its version. An image may loop for ever, and the thread with it: `wasm-board.ts` has the watchdog.
 */
export async function startWasmFirmware(image: Uint8Array, hardware: Hardware): Promise<WasmFirmware> {
  const imports = { hardware: { revision: () => hardware.revision, sensor_lot: () => hardware.sensorLot } };
  let exports: WebAssembly.Exports;
  try {
    const { instance } = await WebAssembly.instantiate(image, imports);
    exports = instance.exports;
  } catch (error) {
    throw bootFailed(reasonOf(error), error);
  }
  const { memory, self_test: selfTest } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw bootFailed("it exports no memory");
  if (memory.buffer.byteLength > MEMORY_LIMIT) throw bootFailed("it asks for more memory than the board has");
  if (typeof selfTest !== "function") throw bootFailed("it exports no self_test");
  return {
    version: versionText(memory, {
      address: exports["version_address"],
      length: exports["version_length"],
    }),
    selfTest() {
      try {
        Reflect.apply(selfTest, undefined, []);
      } catch (error) {
        throw new DeviceError("SELF_TEST_FAILED", `The self-test trapped: ${reasonOf(error)}`, {
          cause: error,
        });
      }
    },
  };
}

function versionText(
  memory: WebAssembly.Memory,
  { address, length }: { readonly address: unknown; readonly length: unknown },
): string {
  const from = globalNumber(address);
  const size = globalNumber(length);
  if (from === undefined || size === undefined)
    throw bootFailed("it does not export where its version stands");
  if (size < 1 || size > LONGEST_VERSION || from < 0 || from + size > memory.buffer.byteLength) {
    throw bootFailed(`its version would be ${size} bytes at address ${from}`);
  }
  const text = new TextDecoder("latin1").decode(new Uint8Array(memory.buffer, from, size));
  if (!/^[\x21-\x7e]+$/.test(text)) throw bootFailed("its version is not printable text");
  return text;
}

function globalNumber(value: unknown): number | undefined {
  if (!(value instanceof WebAssembly.Global)) return undefined;
  return typeof value.value === "number" ? value.value : undefined;
}

function bootFailed(reason: string, cause?: unknown): DeviceError {
  return new DeviceError("BOOT_FAILED", `The image did not start: ${reason}`, { cause });
}
