import { expect } from "vitest";
import { refusal, valuesOf } from "../support/service-answer.ts";
import { describeArea } from "./area.ts";

const DONE = { isSuccessful: true, errors: [], warnings: [] };

describeArea("bulk identities", (it) => {
  it("are created, updated and removed by the SDK's methods [facts 4.1]", async (hub) => {
    const devices = [hub.newId(), hub.newId(), hub.newId()].map((deviceId) => ({ deviceId }));
    expect((await hub.registry.addDevices(devices)).responseBody).toEqual(DONE);
    const [first, ...others] = devices;
    const { authentication } = (await hub.registry.get(first!.deviceId)).responseBody;
    const disabled = [{ deviceId: first!.deviceId, authentication, status: "disabled" as const }];
    expect((await hub.registry.updateDevices(disabled, true)).responseBody).toEqual(DONE);
    expect((await hub.registry.get(first!.deviceId)).responseBody.status).toBe("disabled");
    expect((await hub.registry.removeDevices(others, true)).responseBody).toEqual(DONE);
    expect(await refusal(hub.registry.get(others[0]!.deviceId))).toMatchObject({ status: 404 });
    expect((await hub.registry.get(first!.deviceId)).responseBody.deviceId).toBe(first!.deviceId);
  });

  it("are done where they can be, with 400 and the others' errors [G]", async (hub) => {
    const there = await hub.newDevice();
    const [fresh, gone] = [hub.newId(), hub.newId()];
    const body = [
      { id: fresh, importMode: "CREATE" },
      { id: there, importMode: "create" },
      { id: gone, importMode: "Delete" },
    ];
    const answer = await hub.ask("POST /devices", { body });
    expect({ status: answer.status, code: answer.code }).toEqual({
      status: 400,
      code: "BulkRegistryOperationFailure",
    });
    expect(answer.body).toMatchObject({
      isSuccessful: false,
      errors: [
        { deviceId: there, errorCode: "DeviceAlreadyExists" },
        { deviceId: gone, errorCode: "DeviceNotFound" },
      ],
    });
    expect((await hub.registry.get(fresh)).responseBody.status).toBe("enabled");
  });

  it("that fail in part are an ArgumentError in the SDK [G]", async (hub) => {
    const there = await hub.newDevice();
    const call = hub.registry.addDevices([{ deviceId: there }, { deviceId: hub.newId() }]);
    expect(await refusal(call)).toMatchObject({ status: 400, kind: "ArgumentError" });
  });

  it("write the twin with the identity", async (hub) => {
    const id = hub.newId();
    const item = {
      id,
      importMode: "createOrUpdate",
      tags: { site: { floor: 1 } },
      properties: { desired: { fw: { v: 1 } } },
    };
    expect((await hub.ask("POST /devices", { body: [item] })).body).toEqual(DONE);
    const { responseBody: twin } = await hub.registry.getTwin(id);
    expect(twin.tags).toEqual({ site: { floor: 1 } });
    expect(valuesOf(twin.properties.desired)).toEqual({ fw: { v: 1 } });
  });

  it("are removed by an etag only while they have it", async (hub) => {
    const id = await hub.newDevice();
    // The SDK's identities have an etag, which it does not declare.
    const device = (await hub.registry.get(id)).responseBody as unknown as { etag: string };
    const { authentication } = (await hub.registry.get(id)).responseBody;
    await hub.registry.update({ deviceId: id, authentication, status: "disabled" });
    const item = { id, eTag: device.etag, importMode: "deleteIfMatchETag" };
    expect((await hub.ask("POST /devices", { body: [item] })).body).toMatchObject({
      isSuccessful: false,
      errors: [{ deviceId: id, errorCode: "PreconditionFailed" }],
    });
    expect((await hub.registry.get(id)).responseBody.deviceId).toBe(id);
  });

  for (const [what, body] of [
    ["more than 100", Array.from({ length: 101 }, () => ({ id: "a", importMode: "delete" }))],
    ["none", []],
  ] as const) {
    it(`are refused when there are ${what}`, async (hub) => {
      // Beyond what the pace would let through as one call, and refused before any of it is done.
      const answer = await hub.ask("POST /devices", { body: JSON.stringify(body) });
      expect(answer.status).toBe(400);
    });
  }
});
