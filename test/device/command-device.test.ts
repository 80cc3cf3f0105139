import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority } from "../../local/hub/certificates.ts";
import type { CertificateAuthority } from "../../local/hub/certificates.ts";
import type { LocalHub } from "../../local/hub/hub.ts";
import { startHub } from "../../local/hub/hub.ts";
import { startImageServer } from "./image-server.ts";
import type { SupervisedDevice } from "./supervised-device.ts";
import { superviseDevice } from "./supervised-device.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

// examples/command-device as its README says, with real processes, against the local hub.

const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "command-device");

let authority: CertificateAuthority;
let hub: LocalHub;
beforeAll(async () => {
  authority = await createCertificateAuthority();
  hub = await startHub({ certificate: authority, throttle: "off" });
});
afterAll(() => hub.close());

const firmware = (version: string): Promise<Buffer> =>
  readFile(join(EXAMPLE, "firmware", `thermostat-${version}.sh`));

async function startExample(deviceId: string): Promise<{
  readonly device: SupervisedDevice;
  readonly board: (...args: string[]) => string;
  readonly ask: (version: string, bytes?: Uint8Array) => Promise<void>;
}> {
  const directory = await temporaryDirectory();
  const state = join(directory, "agent");
  await mkdir(state);
  await writeFile(join(directory, "ca.pem"), authority.certPem);
  const environment = { PATH: process.env["PATH"], BOARD_DIRECTORY: directory };
  const board = (...args: string[]): string =>
    execFileSync(join(EXAMPLE, "board"), args, { env: environment, encoding: "utf8" }).trim();
  board("birth", join(EXAMPLE, "firmware", "thermostat-1.0.0.sh"));
  const served = new Map<string, Uint8Array>();
  const store = await startImageServer((request, response) => {
    response.end(served.get(request.url ?? ""));
  }, authority);
  const device = superviseDevice({
    hub,
    deviceId,
    script: join(EXAMPLE, "start.ts"),
    environment: {
      BOARD_DIRECTORY: directory,
      STATE_DIRECTORY: state,
      HEALTH_SECONDS: "0",
      FACTORY_SHA256: createHash("sha256")
        .update(await firmware("1.0.0"))
        .digest("hex"),
      CA_FILE: join(directory, "ca.pem"),
    },
  });
  return {
    device,
    board,
    async ask(version, given) {
      const bytes = given ?? (await firmware(version));
      served.set(`/${version}`, bytes);
      await device.ask({ version, uri: store.uri(`/${version}`), bytes });
    },
  };
}

describe("the example of a device that is updated by commands", () => {
  it("is updated, taken back by its slots, left by bad firmware, and refuses what is none", async () => {
    const { device, board, ask } = await startExample("example-1");
    await ask("1.0.0");
    await device.reported({ rolloutId: "attempt-1.0.0", outcome: "ok-already" });
    await ask("1.1.0");
    expect(await device.reported({ rolloutId: "attempt-1.1.0", outcome: "ok" })).toMatchObject({
      currentFwVersion: "1.1.0",
      fromVersion: "1.0.0",
    });
    await device.seen(
      ({ type, step, percent }) => type === "progress" && step === "install" && percent === 100,
    );
    expect(board("version")).toMatch(/^1\.1\.0 b /);

    device.forget();
    await ask("1.0.0");
    await device.reported({ rolloutId: "attempt-1.0.0", outcome: "ok-already", currentFwVersion: "1.0.0" });
    expect(board("version")).toMatch(/^1\.0\.0 a /);

    await ask("1.2.0");
    expect(await device.reported({ rolloutId: "attempt-1.2.0", outcome: "failed" })).toMatchObject({
      errorCode: "SELF_TEST_FAILED",
      fwUpdateStatus: "rolledback",
      currentFwVersion: "1.0.0",
      fwUpdateSubstatus: "selfTest: ./board ended with 1: the sensor does not answer",
    });
    await ask("1.3.0", Buffer.from("no firmware at all\n"));
    expect(await device.reported({ rolloutId: "attempt-1.3.0", outcome: "failed" })).toMatchObject({
      errorCode: "PRODUCT_MISMATCH",
      fwUpdateStatus: "error",
      currentFwVersion: "1.0.0",
    });
    expect(board("version")).toMatch(/^1\.0\.0 a /);
  });

  it("goes on after kill -9 while it installs", async () => {
    const { device, board, ask } = await startExample("example-2");
    await device.reported({ currentFwVersion: "1.0.0" });
    await ask("1.1.0");
    await device.seen(
      ({ type, reported }) => type === "reported" && JSON.stringify(reported).includes("applying"),
    );
    device.kill();
    await device.reported({ rolloutId: "attempt-1.1.0", outcome: "ok", currentFwVersion: "1.1.0" });
    expect(device.starts()).toBe(2);
    expect(board("version")).toMatch(/^1\.1\.0 b /);
  });
});
