import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { enrollmentGroupCalls } from "../../infra/devices/enrollment-group-calls.ts";
import { enrollmentGroupProvider } from "../../infra/devices/enrollment-group-provider.ts";
import type { Properties, ResourceLife } from "../../infra/devices/resource-life.ts";
import { startGroupServer, type GroupServer } from "../support/enrollment-groups.ts";

const HOST = "fleet.azure-devices-provisioning.net";
let service: GroupServer;
let provider: ResourceLife;

beforeEach(async () => {
  service = await startGroupServer();
  provider = enrollmentGroupProvider({
    connect: () =>
      Promise.resolve(
        enrollmentGroupCalls({
          origin: service.origin,
          token: () => Promise.resolve("token-of-the-operator"),
          retries: { attempts: 3, firstMs: 1, mostMs: 5 },
        }),
      ),
    patience: { attempts: 0, waitMs: 1 },
  });
});
afterEach(() => service[Symbol.asyncDispose]());

/** Checked inputs, as Pulumi hands them on. */
async function inputsOf(changes: Properties = {}): Promise<Properties> {
  const { inputs, failures } = await provider.check({}, given(changes));
  expect(failures).toEqual([]);
  return inputs;
}

function given(changes: Properties = {}): Properties {
  return {
    dpsHostName: HOST,
    enrollmentGroupId: "thermostats",
    attestation: { type: "caReferences", primary: "factory-ca" },
    product: "thermostat",
    stratum: "rev-a",
    ring: "late",
    ...changes,
  };
}

describe("an enrollment group's life (against the documented wire shape; no service was asked)", () => {
  it("is made with its attestation and the tags of its product, stratum and ring, and no bucket", async () => {
    const { id, outs } = await provider.create(await inputsOf());
    expect(id).toBe(`${HOST}/thermostats`);
    const put = service.requests.at(-1);
    expect(put).toMatchObject({
      method: "PUT",
      path: "/enrollmentGroups/thermostats",
      version: "2021-10-01",
      authorization: "Bearer token-of-the-operator",
      ifMatch: undefined,
    });
    expect(put?.body).toEqual({
      enrollmentGroupId: "thermostats",
      attestation: { type: "x509", x509: { caReferences: { primary: "factory-ca" } } },
      initialTwin: { tags: { product: "thermostat", rollout: { stratum: "rev-a", ring: "late" } } },
      allocationPolicy: "hashed",
      provisioningStatus: "enabled",
      reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: true },
    });
    expect(outs).toEqual(await inputsOf());
  });

  it("has nothing to change after it was made, nor after a refresh", async () => {
    const inputs = await inputsOf({ iotHubs: ["fleet.azure-devices.net"], hold: true, reprovision: "never" });
    const { id, outs } = await provider.create(inputs);
    expect(await provider.diff(id, outs, inputs)).toEqual({ changes: false, replaces: [] });
    const { props } = await provider.read(id, outs);
    expect(props).toEqual(outs);
  });

  it("changes in place under its etag, and keeps the tags and properties that others gave it", async () => {
    const { id, outs } = await provider.create(await inputsOf());
    const stored = service.groups.get("thermostats");
    service.groups.set("thermostats", {
      ...stored,
      etag: '"theirs"',
      initialTwin: {
        tags: { product: "thermostat", site: "oslo" },
        properties: { desired: { interval: 60 } },
      },
    });
    await provider.update(id, outs, await inputsOf({ ring: "canary" }));
    expect(service.requests.at(-1)).toMatchObject({
      method: "PUT",
      ifMatch: '"theirs"',
      body: {
        initialTwin: {
          tags: { product: "thermostat", site: "oslo", rollout: { stratum: "rev-a", ring: "canary" } },
          properties: { desired: { interval: 60 } },
        },
      },
    });
  });

  it("takes a bucket away that somebody gave the group", async () => {
    const { id, outs } = await provider.create(await inputsOf());
    const stored = service.groups.get("thermostats");
    service.groups.set("thermostats", {
      ...stored,
      etag: '"theirs"',
      initialTwin: { tags: { rollout: { bucket: 7 } } },
    });
    await provider.update(id, outs, await inputsOf());
    expect(service.groups.get("thermostats")).not.toHaveProperty("initialTwin.tags.rollout.bucket");
  });

  it("is not written when somebody else was faster, and says what to do", async () => {
    const { id, outs } = await provider.create(await inputsOf());
    service.onceRead = () => {
      const stored = service.groups.get("thermostats");
      service.groups.set("thermostats", { ...stored, etag: '"newer"' });
    };
    const read = provider.update(id, outs, await inputsOf({ ring: "canary" }));
    await expect(read).rejects.toThrow("somebody changed it in between; run pulumi refresh and pulumi up");
  });

  it.each([
    ["dpsHostName", "other.azure-devices-provisioning.net"],
    ["enrollmentGroupId", "others"],
  ])("is another group when its %s changes", async (key, value) => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    expect(await provider.diff(id, outs, { ...inputs, [key]: value })).toEqual({
      changes: true,
      replaces: [key],
    });
  });

  it("shows drift, is gone when it was deleted outside, and is deleted twice without complaint", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    const stored = service.groups.get("thermostats");
    service.groups.set("thermostats", { ...stored, etag: '"theirs"', provisioningStatus: "disabled" });
    const { props } = await provider.read(id, outs);
    expect(await provider.diff(id, props, inputs)).toEqual({ changes: true, replaces: [] });
    await provider.delete(id, outs);
    expect(service.requests.at(-1)).toMatchObject({ method: "DELETE", ifMatch: '"theirs"' });
    expect(await provider.read(id, outs)).toEqual({ id: "", props: {} });
    await provider.delete(id, outs);
  });

  it("does not replace a group that is there already", async () => {
    service.groups.set("thermostats", {
      etag: '"1"',
      enrollmentGroupId: "thermostats",
      attestation: { type: "x509" },
    });
    await expect(provider.create(await inputsOf())).rejects.toThrow("it exists already");
    expect(service.requests.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("asks for keys of the service's making only when told to, and keeps none in the state", async () => {
    const inputs = await inputsOf({ attestation: { type: "symmetricKey" } });
    const { id, outs } = await provider.create(inputs);
    expect(service.requests.at(-1)?.body).toMatchObject({
      attestation: { type: "symmetricKey", symmetricKey: { primaryKey: "", secondaryKey: "" } },
    });
    expect(outs["attestation"]).toEqual({ type: "symmetricKey" });
    expect((await provider.read(id, outs)).props["attestation"]).toEqual({ type: "symmetricKey" });
  });

  it("is tried again when the service limits calls", async () => {
    service.failures.push({ status: 429, retryAfter: "0" }, { status: 503 });
    await provider.create(await inputsOf());
    expect(service.requests.map(({ method }) => method)).toEqual(["GET", "GET", "GET", "PUT"]);
  });
});

describe("an enrollment group in bad weather", () => {
  it("is written again when the connection was cut, which fetch tells in the cause alone", async () => {
    service.failures.push({ status: "cut" }, { status: "cut" });
    await provider.create(await inputsOf());
    expect(service.groups.has("thermostats")).toBe(true);
  });

  it("stays in the state when an answer was lost and later attempts were refused for their number", async () => {
    const inputs = { ...(await inputsOf()), __provider: "text of the provider" };
    const refused = Array.from({ length: 3 }, () => ({ status: 429, retryAfter: "0" }));
    service.onceRead = () => service.failures.push({ status: "cut" }, ...refused);
    await expect(provider.create(inputs)).rejects.toMatchObject({
      message: expect.stringContaining("HTTP 429") as unknown,
      id: `${HOST}/thermostats`,
      properties: inputs,
    });
  });

  it("stays in the state when no answer told whether it was made; the next run writes it, or says that it is gone", async () => {
    const inputs = { ...(await inputsOf()), __provider: "text of the provider" };
    service.onceRead = () => service.failures.push(...Array.from({ length: 4 }, () => ({ status: 503 })));
    const failure: unknown = await provider.create(inputs).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^cannot make enrollment group thermostats .* HTTP 503/) as unknown,
      id: `${HOST}/thermostats`,
      properties: inputs,
    });
    const { properties, id } = failure as { properties: Properties; id: string };
    // It was not made: the next run says so, and a refresh takes it out of the state.
    await expect(provider.update(id, properties, inputs)).rejects.toThrow("it is gone; run pulumi refresh");
    expect(await provider.read(id, properties)).toEqual({ id: "", props: {} });
    // It was made: the next run writes it.
    await provider.create(inputs);
    const { outs } = await provider.update(id, properties, inputs);
    expect(outs).toEqual(await inputsOf());
  });

  it("is deleted when somebody deletes it in the same moment", async () => {
    const { id, outs } = await provider.create(await inputsOf());
    service.onceRead = () => service.failures.push({ status: 404 });
    await provider.delete(id, outs);
  });

  it("is no other group while a preview does not know the service's name", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    const unknown = { ...inputs, dpsHostName: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
    expect(await provider.diff(id, outs, unknown)).toEqual({ changes: true, replaces: [] });
  });
});

describe("the inputs of an enrollment group", () => {
  it("take no bucket, and say why", async () => {
    const { failures } = await provider.check({}, given({ bucket: 7 }));
    expect(failures).toEqual([
      {
        property: "bucket",
        reason: expect.stringMatching(/every device .* would get the same.* Remove it/) as unknown,
      },
    ]);
  });

  it("are refused with every problem at once, a private key among them", async () => {
    const { failures } = await provider.check(
      {},
      given({
        dpsHostName: "no host",
        enrollmentGroupId: "-",
        attestation: { type: "signingCertificates", primary: "-----BEGIN PRIVATE KEY-----" },
        product: "Thermo Stat",
        allocationPolicy: "random",
      }),
    );
    expect(failures.map(({ property }) => property).sort()).toEqual([
      "allocationPolicy",
      "attestation.primary",
      "dpsHostName",
      "enrollmentGroupId",
      "product",
    ]);
  });
});
