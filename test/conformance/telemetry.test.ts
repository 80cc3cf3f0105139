import { Message } from "azure-iot-device";
import { expect } from "vitest";
import { describeArea } from "./area.ts";

describeArea("telemetry", (it) => {
  for (const transport of ["Mqtt", "MqttWs"] as const) {
    it(`is acknowledged, with properties, over ${transport} [facts 5.2]`, async (hub) => {
      const deviceId = await hub.newDevice();
      await using device = await hub.connect(deviceId, { transport });
      const message = new Message(JSON.stringify({ t: 21.5 }));
      message.contentType = "application/json";
      message.contentEncoding = "utf-8";
      message.messageId = "m1";
      message.properties.add("alert", "no & never");
      await device.client.sendEvent(message);
      await hub.eventually(async () => {
        const { lastActivityTime } = (await hub.registry.get(deviceId)).responseBody;
        expect(lastActivityTime).not.toMatch(/^0001/u);
      });
    });
  }

  it("is taken at quality 0 and at 1, retained or not", async (hub) => {
    const deviceId = await hub.newDevice();
    await using device = await hub.connectRaw(deviceId);
    const topic = `devices/${deviceId}/messages/events/`;
    device.publish(topic, { payload: "zero" });
    device.publish(topic, { payload: "one", qos: 1 });
    expect(await device.receive("puback")).toBeDefined();
    device.publish(`${topic}a=1&b=%20`, { payload: "kept?", qos: 1, retain: true });
    expect(await device.receive("puback")).toBeDefined();
    expect(await device.isCut()).toBe(false);
  });

  it("of 256 KB is refused by the SDK itself", async (hub) => {
    await using device = await hub.connect(await hub.newDevice());
    await expect(device.client.sendEvent(new Message("x".repeat(256 * 1024 + 1)))).rejects.toThrow();
  });
});
