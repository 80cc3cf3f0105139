import { describe, expect, it } from "vitest";
import { ask } from "./authorized-request.ts";
import { openHub, refusal, valuesOf } from "./hub-fixture.ts";

const DONE = { isSuccessful: true, errors: [], warnings: [] };

describe("bulk identities", () => {
  it("does the good items and tells of the others, with 400 [facts 4.1]", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "there" });
    const answer = await ask(fixture.hub, "POST /devices", {
      body: [
        { id: "new", importMode: "CREATE" },
        { id: "there", importMode: "create" },
        { id: "gone", importMode: "Delete" },
        { id: "bad id", importMode: "create" },
        { id: "there/m", importMode: "delete" },
        { id: "x", importMode: "explode" },
        { id: 7 },
        { id: "there", moduleId: "m", importMode: "createOrUpdate" },
        "nothing",
      ],
    });
    expect(answer.status).toBe(400);
    expect(answer.headers["iothub-errorcode"]).toBe("BulkRegistryOperationFailure");
    expect(answer.body).toMatchObject({ isSuccessful: false, warnings: [] });
    const { errors } = answer.body as {
      errors: { deviceId: string; errorCode: string; errorStatus: string }[];
    };
    expect(errors.map(({ deviceId, errorCode }) => [deviceId, errorCode])).toEqual([
      ["there", "DeviceAlreadyExists"],
      ["gone", "DeviceNotFound"],
      ["bad id", "ArgumentInvalid"],
      ["there/m", "ArgumentInvalid"],
      ["x", "ArgumentInvalid"],
      ["", "ArgumentInvalid"],
      ["", "ArgumentInvalid"],
    ]);
    expect((await fixture.registry.get("new")).responseBody.status).toBe("enabled");
    expect((await fixture.registry.getModule("there", "m")).responseBody.moduleId).toBe("m");
  });

  it("updates and removes by etag only what has not changed since", async () => {
    await using fixture = await openHub();
    const { registry, hub } = fixture;
    hub.createDevice({ deviceId: "a" });
    // The SDK's identities have an `etag`, which it does not declare; the documented items have an `eTag`.
    const device = (await registry.get("a")).responseBody as unknown as { deviceId: string; etag: string };
    const eTag = device.etag;
    expect((await registry.updateDevices([{ ...device, status: "disabled" }], false)).responseBody).toEqual(
      DONE,
    );
    const stale = { id: "a", eTag, importMode: "deleteIfMatchETag" };
    expect((await ask(hub, "POST /devices", { body: [stale] })).body).toMatchObject({
      errors: [{ deviceId: "a", errorCode: "PreconditionFailed" }],
    });
    const { etag } = (await registry.get("a")).responseBody as unknown as { etag: string };
    expect((await ask(hub, "POST /devices", { body: [{ ...stale, eTag: `"${etag}"` }] })).body).toEqual(DONE);
    expect((await registry.list()).responseBody).toEqual([]);
  });

  it("writes the twin with the identity, and replaces the parts that an update names", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    const item = {
      id: "a",
      importMode: "createOrUpdate",
      tags: { site: { floor: 1, room: 2 } },
      properties: { desired: { fw: { v: 1 }, $version: 7, $metadata: {} } },
    };
    expect((await ask(hub, "POST /devices", { body: [item] })).body).toEqual(DONE);
    const next = { ...item, tags: { site: { floor: 2 } }, properties: undefined };
    expect((await ask(hub, "POST /devices", { body: [next] })).body).toEqual(DONE);
    const { responseBody: twin } = await registry.getTwin("a");
    expect(twin.tags).toEqual({ site: { floor: 2 } });
    expect(valuesOf(twin.properties.desired)).toEqual({ fw: { v: 1 } });
    const stale = { ...next, tags: { site: 3 }, twinETag: "AAAAAAAAAAE=" };
    expect((await ask(hub, "POST /devices", { body: [stale] })).body).toMatchObject({
      errors: [{ deviceId: "a", errorCode: "PreconditionFailed" }],
    });
  });

  it("registers a device whose twin cannot be as the item says, with a warning [G]", async () => {
    await using fixture = await openHub();
    const item = { id: "a", importMode: "create", tags: { "no good": 1 } };
    expect(await ask(fixture.hub, "POST /devices", { body: [item] })).toMatchObject({
      status: 200,
      body: {
        isSuccessful: true,
        errors: [],
        warnings: [{ deviceId: "a", warningCode: "DeviceRegisteredWithoutTwin" }],
      },
    });
    expect((await fixture.registry.getTwin("a")).responseBody.tags).toEqual({});
  });

  it("refuses what is no array", async () => {
    await using fixture = await openHub();
    expect(await ask(fixture.hub, "POST /devices", { body: {} })).toMatchObject({ status: 400 });
  });

  it("of N devices counts N operations of the registry's throttle [facts 1.9]", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    const devices = Array.from({ length: 60 }, (_, index) => ({ deviceId: `d${index}` }));
    await fixture.registry.addDevices(devices);
    expect(await refusal(fixture.registry.removeDevices(devices, true))).toMatchObject({ status: 429 });
    await fixture.registry.removeDevices(devices.slice(0, 40), true);
  });
});
