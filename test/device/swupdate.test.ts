import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { mkdir, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endLeftovers } from "../../device/drivers/command/step-leftovers.ts";
import type { CertificateAuthority } from "../../local/hub/certificates.ts";
import { createCertificateAuthority } from "../../local/hub/certificates.ts";
import type { LocalHub } from "../../local/hub/hub.ts";
import { startHub } from "../../local/hub/hub.ts";
import { startImageServer } from "./image-server.ts";
import type { SupervisedDevice } from "./supervised-device.ts";
import { superviseDevice } from "./supervised-device.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

// Debian's own SWUpdate on the slots of examples/swupdate-device: `npm run test:extras` installs it.

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");
const EXAMPLE = join(EXAMPLES, "swupdate-device");
const SLOT_BYTES = 64 * 1024 * 1024;
const NEEDS = "needs Debian's packages swupdate, cpio and openssl: npm run test:extras installs them";
const isThere = ["swupdate", "cpio", "openssl"].every(
  (program) => spawnSync(program, ["--version"]).error === undefined,
);

let authority: CertificateAuthority;
let hub: LocalHub;
beforeAll(async () => {
  if (!isThere) return;
  authority = await createCertificateAuthority();
  hub = await startHub({ certificate: authority, throttle: "off" });
});
afterAll(async () => {
  if (isThere) await hub.close();
});

let devices = 0;

interface SwupdateDevice {
  readonly device: SupervisedDevice;
  readonly directory: string;
  /** The file that the factory's firmware would be installed from. */
  readonly birth: Buffer;
  /** Version, slot and boot number, as the board prints them. */
  readonly version: () => string;
  /** Slot of the next boot. */
  readonly next: () => Promise<string>;
  readonly pack: (version: string, change?: PackChange) => Promise<Buffer>;
  readonly ask: (version: string, swu: Uint8Array) => Promise<void>;
  /** Paths that were downloaded. */
  readonly downloads: readonly string[];
}

interface PackChange {
  readonly selfTest?: string;
  readonly bytes?: number;
  readonly signer?: string;
}

/** A device whose slot a was written by the factory, with SWUpdate to write slot b. */
async function startSwupdateDevice(): Promise<SwupdateDevice> {
  const directory = await temporaryDirectory();
  const state = join(directory, "agent");
  await mkdir(state);
  await writeFile(join(directory, "ca.pem"), authority.certPem);
  for (const signer of ["maker", "stranger"]) newSigner(directory, signer);
  const environment = { PATH: process.env["PATH"], BOARD_DIRECTORY: directory };
  const run = (program: string, args: readonly string[], more: object = {}): string =>
    execFileSync(join(EXAMPLE, program), args, { env: { ...environment, ...more }, encoding: "utf8" }).trim();

  for (const slot of ["a", "b"]) {
    await writeFile(join(directory, `slot-${slot}.img`), slot === "a" ? firmware("1.0.0", "pass", 4096) : "");
    await truncate(join(directory, `slot-${slot}.img`), SLOT_BYTES);
  }
  for (const [name, value] of Object.entries({ running: "a", next: "a", boots: "1" }))
    await writeFile(join(directory, name), `${value}\n`);

  async function pack(
    version: string,
    { selfTest = "pass", bytes = 300_000, signer = "maker" }: PackChange = {},
  ): Promise<Buffer> {
    const [image, swu] = [join(directory, "firmware.img"), join(directory, `${version}.swu`)];
    await writeFile(image, firmware(version, selfTest, bytes));
    run("build-swu", [version, image, swu], {
      SIGNING_CERTIFICATE: join(directory, `${signer}.pem`),
      SIGNING_KEY: join(directory, `${signer}.key`),
    });
    return readFile(swu);
  }

  const served = new Map<string, Uint8Array>();
  const store = await startImageServer((request, response) => {
    response.end(served.get(request.url ?? ""));
  }, authority);
  const birth = await pack("1.0.0");
  const device = superviseDevice({
    hub,
    deviceId: `swupdate-${++devices}`,
    script: join(EXAMPLES, "command-device", "start.ts"),
    environment: {
      UPDATE_STEPS: join(EXAMPLE, "update-steps.yaml"),
      BOARD_DIRECTORY: directory,
      STATE_DIRECTORY: state,
      TMPDIR: directory,
      HEALTH_SECONDS: "0",
      FACTORY_SHA256: createHash("sha256").update(birth).digest("hex"),
      CA_FILE: join(directory, "ca.pem"),
    },
  });
  return {
    device,
    directory,
    birth,
    pack,
    downloads: store.requests,
    version: () => run("board", ["version"]),
    next: async () => (await readFile(join(directory, "next"), "utf8")).trim(),
    async ask(version, swu) {
      served.set(`/${version}`, swu);
      await device.ask({ version, uri: store.uri(`/${version}`), bytes: swu });
    },
  };
}

function newSigner(directory: string, name: string): void {
  const [key, certificate] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
  const purpose = ["-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=emailProtection"];
  const kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${name}`, "-days", "3650"];
  execFileSync("openssl", ["req", ...kind, ...purpose, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
}

/** An image whose own bytes state its version, as long as is asked, with bytes at its end that are not zero. */
function firmware(version: string, selfTest: string, bytes: number): Buffer {
  const image = Buffer.alloc(bytes, `${version} `);
  image.write(`FIRMWARE ${version}\nself-test ${selfTest}\n`);
  return image;
}

describe("Debian's SWUpdate", { timeout: 120_000 }, () => {
  it("installs what the hub asks for, and the device goes back by its slots", async ({ skip }) => {
    if (!isThere) skip(NEEDS);
    const { device, birth, pack, ask, version, next, downloads } = await startSwupdateDevice();
    await ask("1.0.0", birth);
    await device.reported({ rolloutId: "attempt-1.0.0", outcome: "ok-already" });
    await ask("1.1.0", await pack("1.1.0"));
    expect(await device.reported({ rolloutId: "attempt-1.1.0", outcome: "ok" })).toMatchObject({
      currentFwVersion: "1.1.0",
      fromVersion: "1.0.0",
      fwHealth: "healthy",
    });
    expect(version()).toBe("1.1.0 b 2");
    // The reboot took the agent down: another has proven the image.
    expect(device.starts()).toBe(2);

    device.forget();
    await ask("1.0.0", birth);
    await device.reported({ rolloutId: "attempt-1.0.0", outcome: "ok-already", currentFwVersion: "1.0.0" });
    expect([version(), await next()]).toEqual(["1.0.0 a 3", "a"]);
    expect(downloads).toEqual(["/1.1.0"]);
  });

  it("falls back from an image that is sick, over two reboots that end the agent", async ({ skip }) => {
    if (!isThere) skip(NEEDS);
    const { device, pack, ask, version } = await startSwupdateDevice();
    await ask("1.1.0", await pack("1.1.0", { selfTest: "no sensor" }));
    expect(await device.reported({ outcome: "failed" })).toMatchObject({
      errorCode: "SELF_TEST_FAILED",
      fwUpdateStatus: "rolledback",
      currentFwVersion: "1.0.0",
      fwUpdateSubstatus: "selfTest: ./board ended with 1: self-test: no sensor",
    });
    expect(version()).toBe("1.0.0 a 3");
    expect(device.starts()).toBe(3);
  });

  it("refuses an update that is broken, or a stranger's, and the device stays as it is", async ({ skip }) => {
    if (!isThere) skip(NEEDS);
    const { device, pack, ask, version, next } = await startSwupdateDevice();
    const broken = await pack("1.1.0");
    broken[broken.length - 100_000]! ^= 1;
    await ask("1.1.0", broken);
    expect(await device.reported({ rolloutId: "attempt-1.1.0", outcome: "failed" })).toMatchObject({
      errorCode: "INSTALL_FAILED",
      fwUpdateStatus: "error",
      currentFwVersion: "1.0.0",
      fwUpdateSubstatus: expect.stringMatching(
        /^install: the shell line ended with 1: .*SWUPDATE failed/,
      ) as string,
    });
    await ask("1.2.0", await pack("1.2.0", { signer: "stranger" }));
    expect(await device.reported({ rolloutId: "attempt-1.2.0", outcome: "failed" })).toMatchObject({
      errorCode: "INSTALL_FAILED",
      currentFwVersion: "1.0.0",
    });
    expect([version(), await next()]).toEqual(["1.0.0 a 1", "a"]);
    await ask("1.3.0", await pack("1.3.0"));
    await device.reported({ rolloutId: "attempt-1.3.0", outcome: "ok", currentFwVersion: "1.3.0" });
  });

  it("that is cut off with the agent, half-way through a slot, installs at the next start", async ({
    skip,
  }) => {
    if (!isThere) skip(NEEDS);
    const { device, directory, pack, ask, version } = await startSwupdateDevice();
    const slot = join(directory, "slot-b.img");
    const swu = await pack("1.1.0", { bytes: SLOT_BYTES });
    const writing = new Promise<undefined>((resolve) => {
      const watcher = watch(slot, () => {
        watcher.close();
        resolve(undefined);
      });
    });
    await ask("1.1.0", swu);
    await writing;
    device.kill();
    await endLeftovers(join(directory, "agent"));
    expect(await lastBytes(slot)).toEqual(Buffer.alloc(16));
    await device.reported({ rolloutId: "attempt-1.1.0", outcome: "ok", currentFwVersion: "1.1.0" });
    expect(version()).toBe("1.1.0 b 2");
    expect(await lastBytes(slot)).not.toEqual(Buffer.alloc(16));
    // The first was killed, the second ended by the reboot.
    expect(device.starts()).toBe(3);
  });
});

async function lastBytes(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(16), 0, 16, SLOT_BYTES - 16);
    return buffer;
  } finally {
    await handle.close();
  }
}
