import { expect } from "vitest";
import { describeArea } from "./area.ts";
import { NUMBER } from "./variable-parts.ts";

describeArea("statistics", (it) => {
  it("count devices, enabled and disabled [facts 4.1]", async (hub) => {
    const deviceId = await hub.newDevice();
    const { responseBody } = await hub.registry.getRegistryStatistics();
    const { totalDeviceCount, enabledDeviceCount, disabledDeviceCount } = responseBody;
    expect(responseBody).toEqual({
      totalDeviceCount: NUMBER,
      enabledDeviceCount: NUMBER,
      disabledDeviceCount: NUMBER,
    });
    expect(totalDeviceCount).toBeGreaterThan(0);
    expect(enabledDeviceCount + disabledDeviceCount).toBe(totalDeviceCount);
    const { authentication } = (await hub.registry.get(deviceId)).responseBody;
    await hub.registry.update({ deviceId, authentication, status: "disabled" });
    await hub.eventually(async () => {
      const { responseBody: after } = await hub.registry.getRegistryStatistics();
      expect(after.disabledDeviceCount).toBeGreaterThan(0);
    });
  });

  it("count connected devices [facts 4.1]", async (hub) => {
    await using device = await hub.connect(await hub.newDevice());
    expect(device.twin).toBeDefined();
    await hub.eventually(async () => {
      const { status, body } = await hub.ask("GET /statistics/service");
      expect({ status, body }).toEqual({ status: 200, body: { connectedDeviceCount: NUMBER } });
      expect((body as { connectedDeviceCount: number }).connectedDeviceCount).toBeGreaterThan(0);
    });
  });
});
