import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { imageOf, type Image } from "../../../local/device-conformance/images.ts";
import { checkDevice, evidenceOf } from "./check-device.ts";

const EXAMPLE = join(import.meta.dirname, "../../../examples/device-in-python");
const HAS_PYTHON = spawnSync("python3", ["-c", "import ssl, select"]).status === 0;

async function image(version: string): Promise<Image> {
  return imageOf(await readFile(join(EXAMPLE, "images", `thermostat-${version}.json`)), version);
}

it.skipIf(!HAS_PYTHON)(
  "a device in Python keeps every rule but those about signatures, which it does not check (skipped without python3)",
  { timeout: 600_000 },
  async () => {
    const verdict = await checkDevice(["python3", join(EXAMPLE, "thermostat.py")], {
      isUnsigned: true,
      images: {
        factory: await image("1.0.0"),
        good: await image("1.1.0"),
        next: await image("1.2.0"),
        unhealthy: await image("9.9.1"),
        sickens: await image("9.9.2"),
        hangs: await image("9.9.3"),
      },
    });
    expect(verdict.broken, evidenceOf(verdict)).toEqual([]);
    const untested = verdict.judgements.filter(({ result }) => result === "not tested");
    expect(untested.map(({ name }) => name)).toEqual(["signature", "product", "manifest", "floor"]);
    expect(untested[0]?.untested[0]?.why).toBe("the device checks no signatures (--unsigned)");
  },
);
