import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileFirmware, compileFirmwareText, listFirmware } from "../firmware.ts";

/** What the kit needs images for. */
export const ROLES = {
  factory: "what the device is born with; every scenario starts on it",
  good: "a newer one that works",
  next: "a third that works, newer than good",
  unhealthy: "fails its self-test",
  sickens: "passes its first self-test and fails within the health time",
  hangs: "starts and does not answer any more",
} as const;

/** What an image is for. */
export type Role = keyof typeof ROLES;

/** One image, with what a device must make of it. */
export interface Image {
  readonly bytes: Uint8Array;
  /** The version it states when it runs. */
  readonly version: string;
  readonly sha256: string;
}

/** The images of a run; without `factory` and `good` there is nothing to try. */
export type Images = Readonly<Partial<Record<Role, Image>>> & Readonly<Record<"factory" | "good", Image>>;

/** An image out of its bytes. */
export function imageOf(bytes: Uint8Array, version: string): Image {
  return { bytes, version, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** The thermostat's firmware of the examples, and three that work nowhere. */
export async function exampleImages(): Promise<Images> {
  const compiled = new Map<string, Image>();
  for (const { version, sourceFile } of await listFirmware())
    compiled.set(version, imageOf(await compileFirmware(sourceFile), version));
  const example = (version: string): Image => {
    const image = compiled.get(version);
    if (image === undefined) throw new Error(`examples/firmware holds no thermostat-${version}.wat`);
    return image;
  };
  return {
    factory: example("1.0.0"),
    good: example("1.1.0"),
    next: example("1.2.0"),
    unhealthy: await sickImage("9.9.1", "unreachable"),
    sickens: await sickImage(
      "9.9.2",
      "(if (global.get $tested) (then unreachable)) (global.set $tested (i32.const 1))",
    ),
    hangs: await sickImage("9.9.3", "(loop $again (br $again))"),
  };
}

async function sickImage(version: string, selfTest: string): Promise<Image> {
  const source = `(module
    (memory (export "memory") 1 1)
    (global (export "version_address") i32 (i32.const 16))
    (global (export "version_length") i32 (i32.const ${version.length}))
    (data (i32.const 16) "${version}")
    (data (i32.const 1024) "${"padding ".repeat(256)}")
    (global $tested (mut i32) (i32.const 0))
    (func (export "self_test") ${selfTest}))`;
  return imageOf(await compileFirmwareText(`sick-${version}.wat`, source), version);
}

/** Put the image a device is born with where its program can read it; the file's path. */
export async function writeFactoryImage(folder: string, { factory }: Images): Promise<string> {
  const file = join(folder, "factory.bin");
  await mkdir(folder, { recursive: true });
  await writeFile(file, factory.bytes);
  return file;
}
