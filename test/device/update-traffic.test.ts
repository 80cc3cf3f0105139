import { expect, it } from "vitest";
import { startAgent } from "../../device/agent.ts";
import { systemClock } from "../../device/clock.ts";
import { wasmDriver } from "../../device/drivers/wasm/wasm-driver.ts";
import { installFactoryImage } from "../../device/drivers/wasm/factory-image.ts";
import { createCertificateAuthority } from "../../local/hub/certificates.ts";
import { startHub } from "../../local/hub/hub.ts";
import { hubLimits } from "../../rollout/model/hub-limits.ts";
import { deviceTraffic } from "../../rollout/plan/device-traffic.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";
import { firmwareImage } from "./firmware-images.ts";
import { startImageServer } from "./image-server.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

// The plan's prices (rollout/plan/device-traffic.ts) against what the agent really does, counted by the hub.

it.each(["S1", "F1"] as const)(
  "an update by our agent costs no more than the plan says, on %s",
  async (tier) => {
    const authority = await createCertificateAuthority();
    await using hub = await startHub({ certificate: authority, tier });
    const image = await firmwareImage("1.1.0");
    const server = await startImageServer((_, response) => {
      response.end(image.bytes);
    }, authority);
    const directory = await temporaryDirectory();
    await installFactoryImage({ stateDirectory: directory, image: (await firmwareImage("1.0.0")).bytes });
    const { promise: updated, resolve } = Promise.withResolvers<undefined>();
    const { promise: ready, resolve: isReady } = Promise.withResolvers<undefined>();
    const agent = await startAgent({
      connectionString: hub.createDevice({ deviceId: "one", tags: { product: "thermostat" } }),
      caPem: authority.certPem,
      stateDirectory: directory,
      driver: wasmDriver({ directory, hardware: { revision: 1, sensorLot: 1 } }),
      clock: systemClock,
      healthTimeMs: 10,
      onEvent: (event) => {
        if (event.type !== "reported") return;
        isReady(undefined);
        if (event.reported.outcome === "ok") resolve(undefined);
      },
    });
    try {
      await ready;
      const firmware = {
        fwVersion: "1.1.0",
        fwPackageURI: server.uri("/1.1.0"),
        fwPackageCheckValue: image.sha256,
        fwPackageSize: image.bytes.length,
        fwManifest: "",
        fwManifestSignature: "",
        rolloutId: "fw--thermostat--1-1-0--1",
      };
      const before = { ...hub.calls().devices, messages: hub.quota().used };
      await connectRegistry(hub).addConfiguration({
        id: "fw--thermostat--1-1-0--1",
        schemaVersion: "1.0",
        labels: {},
        content: { deviceContent: { "properties.desired.firmware": firmware } },
        targetCondition: "tags.product = 'thermostat'",
        priority: 10,
        metrics: { queries: {} },
      });
      hub.evaluateNow();
      await updated;
      const after = { ...hub.calls().devices, messages: hub.quota().used };
      const spent = {
        writes: 1 + after.reports - before.reports,
        reads: after.twinReads - before.twinReads,
        notifications: after.desiredPatches - before.desiredPatches,
        messages: after.messages - before.messages,
      };
      const price = deviceTraffic(hubLimits(tier, 1));
      expect(spent.writes).toBeLessThanOrEqual(price.writes);
      expect(spent.reads).toBeLessThanOrEqual(price.reads);
      expect(spent.notifications).toBe(price.notifications);
      expect(spent.messages).toBeLessThanOrEqual(price.messages);
      // And not a price for something else: it has one report to spare for a lost connection.
      expect(spent.writes).toBeGreaterThanOrEqual(price.writes - 2);
    } finally {
      await agent.close();
    }
  },
);
