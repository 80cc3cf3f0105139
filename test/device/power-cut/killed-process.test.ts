import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FirmwareReported } from "../../../rollout/model/twin-contract.ts";
import { systemDisk } from "../../../device/disk.ts";
import { installFactoryImage } from "../../../device/drivers/wasm/factory-image.ts";
import { httpsImages } from "../../../device/image-request.ts";
import type { FirmwareImage } from "../firmware-images.ts";
import { firmwareImage } from "../firmware-images.ts";
import { desiredFor } from "../paper-device.ts";
import { startRangeServer } from "../range-server.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { boundaryTable } from "./boundary-table.ts";
import type { DeviceOrders } from "./device-process.ts";
import { atRest, bootableDigests, inPieces, powerOn } from "./device-life.ts";
import { LOSSES } from "./power-cut-disk.ts";

/** Every how many-th boundary is cut; each is a process. `SOAK` cuts at all. */
const EVERY = process.env["SOAK"] === undefined ? 43 : 1;
const GOOD_BOARD = { revision: 1, sensorLot: 1 };
/** The board on which 1.2.0 does not come up. */
const BOARD_B7 = { revision: 2, sensorLot: 7 };

const images = new Map<string, FirmwareImage>();
beforeAll(async () => {
  for (const version of ["1.0.0", "1.1.0", "1.2.0"] as const)
    images.set(version, await firmwareImage(version));
});

const table = boundaryTable("kill -9 of a device process");
afterAll(() => {
  table.print();
});

/** Run a device until it rests or dies: the operations of its disk, or the signal it died of. */
async function runProcess(orders: DeviceOrders): Promise<string[] | NodeJS.Signals> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "device-process.ts"), JSON.stringify(orders)],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once("close", (_, signal) => {
      resolve(signal);
    });
  });
  const [out, trouble, signal] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (signal !== null) return signal;
  if (out === "") throw new Error(`the device process failed: ${trouble}`);
  // Written by device-process.ts.
  return JSON.parse(out) as string[];
}

describe("a device process that is killed at a boundary of its disk", () => {
  it.each([
    { version: "1.1.0", hardware: GOOD_BOARD, outcome: "ok", runs: "1.1.0", codes: [""] },
    {
      version: "1.2.0",
      hardware: BOARD_B7,
      outcome: "failed",
      runs: "1.0.0",
      // Tries before the kill are counted, and what they died of is not known.
      codes: ["SELF_TEST_FAILED", "BOOT_FAILED"],
    },
  ])(
    "brings $version to its end at the next start: $outcome",
    { timeout: 30 * 60_000 },
    async ({ version, hardware, outcome, runs, codes }) => {
      const image = images.get(version)!;
      const birth = images.get("1.0.0")!;
      const store = await startRangeServer(image.bytes, {});
      const desired = desiredFor(
        { rolloutId: "attempt-1", version, image: { sha256: image.sha256, states: version } },
        { fwPackageURI: store.uri("/a"), fwPackageSize: image.bytes.length },
      );
      const born = async (): Promise<DeviceOrders> => {
        const directory = await temporaryDirectory();
        await installFactoryImage({ stateDirectory: directory, image: birth.bytes });
        return { directory, caPem: store.caPem, hardware, watchdogMs: 10_000, desired, loss: "nothing" };
      };
      const operations = await runProcess(await born());
      if (typeof operations === "string") throw new Error(`died of ${operations}`);
      // An update whose download is kept as it comes.
      expect(operations).toContain("rename slot-b.wasm.part.json.new");

      const cuts = LOSSES.flatMap((loss, offset) =>
        operations
          .map((name, at) => ({ name, at, loss }))
          .filter(({ at }) => (at + 5 * offset) % EVERY === 0),
      );
      for (const { name, at, loss } of cuts) {
        const where = `${name}, number ${at}, lost: ${loss}`;
        const orders = await born();
        expect(await runProcess({ ...orders, at, loss }), where).toBe("SIGKILL");
        const { directory } = orders;
        for (const digest of await bootableDigests(systemDisk, directory))
          expect([birth.sha256, image.sha256], where).toContain(digest);

        const reports: FirmwareReported[] = [];
        const restart = async (): Promise<FirmwareReported> => {
          const onReport = (reported: FirmwareReported): unknown => reports.push(reported);
          const loop = await powerOn({
            ...orders,
            disk: systemDisk,
            ask: inPieces(httpsImages(orders)),
            onReport,
          });
          loop.hear(desired);
          await atRest(loop, Infinity);
          await loop.stop();
          return reports.at(-1)!;
        };
        const end = await restart();
        expect(end, where).toMatchObject({ outcome, currentFwVersion: runs, rolloutId: "attempt-1" });
        expect(codes, where).toContain(end.errorCode);
        const asked = store.requests.length;
        expect(await restart(), where).toMatchObject({ outcome, currentFwVersion: runs });
        expect(store.requests, where).toHaveLength(asked);
        table.add(name, end.errorCode === "" ? end.outcome : end.errorCode);
      }
    },
  );
});
