import { expect } from "vitest";
import { refusal } from "../support/service-answer.ts";
import { describeArea } from "./area.ts";
import { issueDeviceCertificate } from "./hub-under-test.ts";
import { common, ETAG, KEY, NEVER, TEXT, TIME } from "./variable-parts.ts";

const KEYS = {
  primaryKey: Buffer.alloc(32, 1).toString("base64"),
  secondaryKey: Buffer.alloc(32, 2).toString("base64"),
};

describeArea("identities", (it) => {
  it("are created with keys of the hub's making, enabled and disconnected [facts 2.4]", async (hub) => {
    const deviceId = hub.newId();
    const { responseBody: created } = await hub.registry.create({ deviceId });
    expect(common(created)).toEqual({
      deviceId,
      generationId: TEXT,
      etag: ETAG,
      connectionState: "Disconnected",
      status: "enabled",
      connectionStateUpdatedTime: NEVER,
      statusUpdatedTime: NEVER,
      lastActivityTime: NEVER,
      cloudToDeviceMessageCount: 0,
      authentication: {
        symmetricKey: { primaryKey: KEY, secondaryKey: KEY },
        x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
        type: "sas",
      },
      capabilities: { iotEdge: false },
    });
    const { symmetricKey } = created.authentication ?? {};
    expect(symmetricKey?.primaryKey).not.toBe(symmetricKey?.secondaryKey);
    expect((await hub.registry.get(deviceId)).responseBody).toEqual(created);
  });

  it("have the caller's keys when it gives some", async (hub) => {
    const deviceId = hub.newId();
    const authentication = { symmetricKey: KEYS };
    const { responseBody } = await hub.registry.create({ deviceId, authentication });
    expect(responseBody.authentication).toMatchObject({ type: "sas", symmetricKey: KEYS });
  });

  it("keep their keys when an update leaves them blank [G]", async (hub) => {
    const deviceId = hub.newId();
    await hub.registry.create({ deviceId, authentication: { symmetricKey: KEYS } });
    const { responseBody } = await hub.registry.update({ deviceId, status: "enabled" });
    expect(responseBody.authentication?.symmetricKey).toEqual(KEYS);
  });

  it("are disabled with a reason, at a time, with another etag", async (hub) => {
    const deviceId = hub.newId();
    const { responseBody: before } = await hub.registry.create({ deviceId });
    const { authentication } = before;
    const { responseBody: after } = await hub.registry.update({
      deviceId,
      authentication,
      status: "disabled",
      statusReason: "lost",
    });
    expect(after).toMatchObject({ status: "disabled", statusReason: "lost", statusUpdatedTime: TIME });
    expect(after.statusUpdatedTime).not.toMatch(/^0001/u);
    expect(etagOf(after)).not.toEqual(etagOf(before));
    expect((await hub.registry.getTwin(deviceId)).responseBody).toMatchObject({ status: "disabled" });
  });

  it("exist once: 409 DeviceAlreadyExists for a second", async (hub) => {
    const deviceId = await hub.newDevice();
    expect(await refusal(hub.registry.create({ deviceId }))).toMatchObject({
      status: 409,
      code: "DeviceAlreadyExists",
      kind: "DeviceAlreadyExistsError",
    });
  });

  it("that are not there are 404 DeviceNotFound to read, to delete and as a twin", async (hub) => {
    const expected = { status: 404, code: "DeviceNotFound", kind: "DeviceNotFoundError" };
    const deviceId = hub.newId();
    expect(await refusal(hub.registry.get(deviceId))).toMatchObject(expected);
    expect(await refusal(hub.registry.getTwin(deviceId))).toMatchObject(expected);
    expect(await refusal(hub.registry.delete(deviceId))).toMatchObject(expected);
  });

  it("are listed, and gone with their twins once they are deleted", async (hub) => {
    const [first, second] = [await hub.newDevice(), await hub.newDevice()];
    const listed = async (): Promise<string[]> =>
      (await hub.registry.list()).responseBody
        .map(({ deviceId }) => deviceId)
        .filter((id) => id === first || id === second);
    expect((await listed()).toSorted()).toEqual([first, second].toSorted());
    await hub.registry.delete(first);
    expect(await listed()).toEqual([second]);
    expect(await refusal(hub.registry.getTwin(first))).toMatchObject({ status: 404, code: "DeviceNotFound" });
  });

  it("are updated and deleted by a quoted etag only while they have it, else 412", async (hub) => {
    const deviceId = hub.newId();
    const { responseBody: old } = await hub.registry.create({ deviceId });
    const { authentication } = old;
    await hub.registry.update({ deviceId, authentication, status: "disabled" });
    const stale = { "If-Match": `"${etagOf(old).etag}"` };
    const body = { deviceId, authentication, status: "enabled" };
    const refused = { status: 412, code: "PreconditionFailed" };
    expect(await hub.ask(`PUT /devices/${deviceId}`, { body, headers: stale })).toMatchObject(refused);
    expect(await hub.ask(`DELETE /devices/${deviceId}`, { headers: stale })).toMatchObject(refused);
    const { responseBody: now } = await hub.registry.get(deviceId);
    const headers = { "If-Match": `"${etagOf(now).etag}"` };
    expect((await hub.ask(`DELETE /devices/${deviceId}`, { headers })).status).toBe(204);
  });

  for (const end of ["-.%_*?!(),=@$'", "100%25", "a+b", "UPPER"]) {
    it(`may have an id with ${end}, read from the address as it was meant`, async (hub) => {
      const deviceId = `${hub.newId()}${end}`;
      try {
        await hub.registry.create({ deviceId });
        expect((await hub.registry.get(deviceId)).responseBody.deviceId).toBe(deviceId);
        expect((await hub.registry.getTwin(deviceId)).responseBody.deviceId).toBe(deviceId);
      } finally {
        await hub.registry.delete(deviceId);
      }
    });
  }

  for (const [what, id] of [
    ["a blank", "with space"],
    ["a letter beyond ASCII", "ü"],
    ["129 characters", "a".repeat(129)],
  ] as const) {
    it(`may have no id with ${what}`, async (hub) => {
      const call = `PUT /devices/${encodeURIComponent(id)}`;
      expect(await hub.ask(call, { body: { deviceId: id } })).toMatchObject({
        status: 400,
        code: "ArgumentInvalid",
      });
    });
  }

  it("are refused with keys that are no base64 of a key's length", async (hub) => {
    const authentication = { symmetricKey: { primaryKey: "short", secondaryKey: "short" } };
    const call = hub.registry.create({ deviceId: hub.newId(), authentication });
    expect(await refusal(call)).toMatchObject({ status: 400, kind: "ArgumentError" });
  });

  it("of certificates show thumbprints and no keys", async (hub) => {
    const x509Thumbprint = { primaryThumbprint: "A".repeat(40), secondaryThumbprint: "B".repeat(64) };
    const deviceId = hub.newId();
    const { responseBody } = await hub.registry.create({ deviceId, authentication: { x509Thumbprint } });
    expect(responseBody.authentication).toEqual({
      type: "selfSigned",
      x509Thumbprint,
      symmetricKey: { primaryKey: null, secondaryKey: null },
    });
    expect((await hub.registry.getTwin(deviceId)).responseBody).toMatchObject({
      authenticationType: "selfSigned",
      x509Thumbprint,
    });
  });

  it("of an authority show neither", async (hub) => {
    const deviceId = hub.newId();
    const authentication = { type: "certificateAuthority" as const };
    const { responseBody } = await hub.registry.create({ deviceId, authentication });
    expect(responseBody.authentication).toEqual({
      type: "certificateAuthority",
      x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
      symmetricKey: { primaryKey: null, secondaryKey: null },
    });
  });

  it("of certificates connect with the certificate of their thumbprint", async (hub) => {
    const deviceId = hub.newId();
    const x509 = await issueDeviceCertificate(deviceId);
    const x509Thumbprint = { primaryThumbprint: x509.sha1, secondaryThumbprint: x509.sha1 };
    await hub.registry.create({ deviceId, authentication: { x509Thumbprint } });
    const connectionString = `HostName=${hub.gatewayHost};DeviceId=${deviceId};x509=true`;
    await using device = await hub.connect(deviceId, { connectionString, x509 });
    await device.report({ by: "certificate" });
    const { responseBody: twin } = await hub.registry.getTwin(deviceId);
    expect(twin.properties.reported).toMatchObject({ by: "certificate" });
  });
});

// The SDK's identities have an etag, which it does not declare.
function etagOf(identity: object): { etag: string } {
  return { etag: (identity as { etag: string }).etag };
}
