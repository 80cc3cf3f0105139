import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startProgram, stockEnvironment } from "../../examples/single-device/processes.ts";
import { startHub } from "../../local/hub/hub.ts";
import { systemClock } from "../../rollout/adapters/clock.ts";
import { folderRecords } from "../../rollout/adapters/folder-records.ts";
import { iotHub } from "../../rollout/adapters/iot-hub.ts";
import { connectRegistry } from "../../rollout/adapters/registry.ts";
import { reconcile, type ReconcilePorts } from "../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../rollout/reconcile/stop-release.ts";
import { named, percent } from "../../rollout/wavegate.ts";
import { temporaryDirectory } from "../device/temporary-directory.ts";
import { aRelease, declared, imagesOf } from "../support/declarations.ts";

// A device that knows only the lab's fields, under a real controller: docs/single-device.md says what becomes of it.

const DEVICE = "sensor-th-0155";
const HOUR_MS = 3_600_000;
describe("the lab's device", () => {
  it("takes a release and the way back, and no gate ever takes its word for it", async () => {
    await using hub = await startHub({ throttle: "off" });
    for (const [bucket, deviceId] of [DEVICE, "sensor-th-0156"].entries())
      hub.createDevice({ deviceId, tags: { product: "thermostat", rollout: { bucket } } });
    const caFile = join(await temporaryDirectory(), "ca.pem");
    await writeFile(caFile, hub.caPem);
    const environment = { ...stockEnvironment({ hub, deviceId: DEVICE, caFile }), LAB_SECOND_MS: "1" };
    await using device = startProgram(["lab-device.ts"], environment, () => undefined);
    await device.until(/runs 1\.0\.0/);
    let laterMs = 0;
    const real = systemClock();
    const clock = { ...real, now: () => real.now() + laterMs };
    const registry = connectRegistry({
      kind: "connection string",
      connectionString: hub.serviceConnectionString,
      ca: hub.caPem,
    });
    const images = imagesOf("1.0.0", "1.1.0");
    const ports: ReconcilePorts = {
      hubs: [iotHub({ name: "lab", registry, clock, tier: "S3", units: 10 })],
      records: folderRecords(await temporaryDirectory()),
      images: {
        base: "https://images.test/firmware",
        describe: (path) => Promise.resolve(images.get(path)),
      },
      clock,
    };
    const product = declared(
      aRelease("1.1.0", {
        waves: [
          { name: "one device", cohort: named([DEVICE]), kind: "smoke" },
          { name: "everyone", cohort: percent(100), kind: "smoke" },
        ],
      }),
    );
    const rest = async (): Promise<string | undefined> => {
      for (;;) {
        const { steps, status, problems } = await reconcile(product, ports, { actor: "test", queryLagMs: 0 });
        expect(problems).toBeUndefined();
        if (steps.length === 0) return status?.text;
      }
    };
    await rest();
    hub.evaluateNow();
    await device.until(/runs 1\.1\.0/);
    laterMs = 48 * HOUR_MS;
    hub.twins.touch(DEVICE);
    expect(await rest()).toMatch(/0 of 1 devices made contact/);
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "test", reason: "it tells nothing" },
      ports,
    );
    hub.evaluateNow();
    await expect.poll(() => device.lines.at(-1)).toBe("up      current runs 1.0.0");
    expect(device.lines.filter((line) => line.includes("runs 1.0.0"))).toHaveLength(2);
  });
});
