import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import wabt from "wabt";

/** One firmware of the examples, as text. */
export interface FirmwareSource {
  readonly product: string;
  readonly version: string;
  /** The `.wat` file. */
  readonly sourceFile: string;
}

const EXAMPLES = join(import.meta.dirname, "..", "examples", "firmware");
/** `thermostat-1.0.0.wat`; product names may hold single dashes. */
const SOURCE_NAME = /^(?<product>[a-z0-9]+(?:-[a-z0-9]+)*)-(?<version>\d+\.\d+\.\d+)\.wat$/;

/** The compiler is a WebAssembly program itself: one is enough for a process. */
let compiler: ReturnType<typeof wabt> | undefined;

/** Assemble one `.wat` file into the image a device boots; the same text always gives the same bytes. */
export async function compileFirmware(sourceFile: string): Promise<Uint8Array> {
  return compileFirmwareText(basename(sourceFile), await readFile(sourceFile, "utf8"));
}

/** Assemble WebAssembly text; `name` is what the compiler calls it when something is wrong with it. */
export async function compileFirmwareText(name: string, source: string): Promise<Uint8Array> {
  compiler ??= wabt();
  const module = (await compiler).parseWat(name, source);
  try {
    module.validate();
    // A copy: the compiler gives out a view of memory it will use again.
    return module.toBinary({}).buffer.slice();
  } finally {
    module.destroy();
  }
}

/** List the firmware of a folder (by default that of the examples), by product and version. */
export async function listFirmware(folder: string = EXAMPLES): Promise<readonly FirmwareSource[]> {
  const found: FirmwareSource[] = [];
  for (const name of await readdir(folder)) {
    const { product, version } = SOURCE_NAME.exec(name)?.groups ?? {};
    if (product === undefined || version === undefined) continue;
    found.push({ product, version, sourceFile: join(folder, name) });
  }
  return found.sort((a, b) => a.product.localeCompare(b.product) || byVersion(a.version, b.version));
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
