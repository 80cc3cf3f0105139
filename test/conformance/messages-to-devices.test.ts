import { once } from "node:events";
import type { Message } from "azure-iot-device";
import { expect } from "vitest";
import { describeArea } from "./area.ts";
import type { HubUnderTest } from "./hub-under-test.ts";
import type { ServiceAnswer } from "./raw-service.ts";

// The SDK sends by AMQP, which the local hub does not speak; of the HTTPS way no current document tells.
function send(
  hub: HubUnderTest,
  deviceId: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ServiceAnswer> {
  const to = { "iothub-to": `/devices/${deviceId}/messages/deviceBound` };
  return hub.ask("POST /messages/deviceBound", { body: "hello", headers: { ...to, ...headers } });
}

describeArea("messages to devices", (it) => {
  for (const transport of ["Mqtt", "MqttWs"] as const) {
    it(`reach Microsoft's SDK with their properties over ${transport} [G]`, async (hub) => {
      const deviceId = await hub.newDevice();
      expect((await send(hub, deviceId, { "iothub-messageid": "m1", "iothub-app-ring": "7" })).status).toBe(
        204,
      );
      await using device = await hub.connect(deviceId, { transport });
      // Also one that waited until the device came.
      const [message] = (await once(device.client, "message")) as [Message];
      expect(Buffer.from(message.getData() as Buffer).toString()).toBe("hello"); // what came over MQTT is a buffer
      expect(message.messageId).toBe("m1");
      expect(message.properties.getValue("ring")).toBe("7");
    });
  }

  it("are counted in the twin while they wait [G]", async (hub) => {
    const deviceId = await hub.newDevice();
    await send(hub, deviceId);
    await send(hub, deviceId);
    await hub.eventually(async () => {
      const { responseBody } = await hub.registry.getTwin(deviceId);
      expect(responseBody).toMatchObject({ cloudToDeviceMessageCount: 2 });
    });
  });

  it("to a device that is not there are 404 [G]", async (hub) => {
    expect(await send(hub, hub.newId())).toMatchObject({ status: 404, code: "DeviceNotFound" });
  });

  it("are none in the answer to the purge of an empty queue", async (hub) => {
    const deviceId = await hub.newDevice();
    expect(await hub.ask(`DELETE /devices/${deviceId}/commands`)).toMatchObject({
      status: 200,
      body: { deviceId, totalMessagesPurged: 0 },
    });
  });
});
