import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { generate } from "mqtt-packet";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority, type CertificateAuthority } from "../../../local/hub/certificates.ts";
import {
  issueDeviceCertificate,
  type DeviceCertificate,
  type DeviceCertificateOptions,
} from "../../../local/hub/device-certificate.ts";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { connectDevice } from "./device-client.ts";
import { openHub, refusal } from "./hub-fixture.ts";
import { aConnectPacket, aSasToken } from "./raw-connect.ts";
import { openRawMqtt } from "./raw-mqtt.ts";

const HOUR_MS = 3_600_000;
const ago = (ms: number): Date => new Date(Date.now() - ms);

/** The answer to a CONNECT as d1 that shows a certificate in its handshake. */
async function connack(
  hub: LocalHub,
  x509: DeviceCertificate | undefined,
  password?: string,
): Promise<number | undefined> {
  await using raw = await openRawMqtt(hub, x509);
  raw.send(aConnectPacket("d1", { host: "localhost", ...(password === undefined ? {} : { password }) }));
  return (await raw.receive("connack"))?.returnCode;
}

describe("a device known by the thumbprint of its certificate", () => {
  it.each(["sha1", "sha256"] as const)("is registered and connects by Microsoft's SDKs: %s", async (hash) => {
    await using fixture = await openHub();
    const [primary, secondary] = await Promise.all([
      issueDeviceCertificate("d1"),
      issueDeviceCertificate("d1"),
    ]);
    const x509Thumbprint = {
      primaryThumbprint: primary[hash].toLowerCase(),
      secondaryThumbprint: secondary[hash],
    };
    // Without a type the SDK makes it selfSigned.
    const { responseBody } = await fixture.registry.create({
      deviceId: "d1",
      authentication: { x509Thumbprint },
    });
    expect(responseBody.authentication).toEqual({
      type: "selfSigned",
      x509Thumbprint,
      symmetricKey: { primaryKey: null, secondaryKey: null },
    });
    expect(fixture.hub.deviceConnectionString("d1")).toMatch(
      /^HostName=localhost:\d+;DeviceId=d1;x509=true$/u,
    );
    for (const x509 of [primary, secondary]) {
      await using device = await connectDevice(fixture.hub, "d1", { x509 });
      await device.report({ by: x509.sha1 });
    }
    const { responseBody: twin } = await fixture.registry.getTwin("d1");
    expect(twin).toMatchObject({
      authenticationType: "selfSigned",
      x509Thumbprint,
      properties: { reported: { by: secondary.sha1 } },
    });
  });

  it("hears patches and comes back by itself, like any other", async () => {
    await using fixture = await openHub();
    const x509 = await issueDeviceCertificate("d1");
    fixture.hub.createDevice({
      deviceId: "d1",
      authentication: { type: "selfSigned", primaryThumbprint: x509.sha256, secondaryThumbprint: undefined },
    });
    await using device = await connectDevice(fixture.hub, "d1", { x509 });
    fixture.hub.dropConnection("d1");
    await expect.poll(() => fixture.hub.calls().devices.connections).toBe(2);
    const heard = device.nextDesired();
    await fixture.registry.updateTwin("d1", { properties: { desired: { again: true } } }, "*");
    expect(await heard).toMatchObject({ again: true });
  });

  it.each<[string, DeviceCertificateOptions]>([
    ["has expired", { validFrom: ago(2 * HOUR_MS), validUntil: ago(HOUR_MS) }],
    ["is not valid yet", { validFrom: ago(-HOUR_MS), validUntil: ago(-2 * HOUR_MS) }],
  ])("is refused when its certificate %s", async (_case, options) => {
    await using fixture = await openHub();
    const x509 = await issueDeviceCertificate("d1", options);
    const thumbprints = { primaryThumbprint: x509.sha256, secondaryThumbprint: undefined };
    fixture.hub.createDevice({ deviceId: "d1", authentication: { type: "selfSigned", ...thumbprints } });
    expect(await connack(fixture.hub, x509)).toBe(5);
  });

  it("is refused over WebSockets, where nobody asks for a certificate, as on Azure", async () => {
    await using fixture = await openHub({ name: "mine" });
    const x509 = await issueDeviceCertificate("d1");
    const thumbprints = { primaryThumbprint: x509.sha256, secondaryThumbprint: undefined };
    fixture.hub.createDevice({ deviceId: "d1", authentication: { type: "selfSigned", ...thumbprints } });
    const connectionString = "HostName=mine.azure-devices.net;DeviceId=d1;x509=true";
    await expect(
      connectDevice(fixture.hub, "d1", { transport: "MqttWs", connectionString, x509, retries: false }),
    ).rejects.toThrow(/Not authorized/u);
  });

  it("is cut when its certificate expires", async () => {
    await using fixture = await openHub();
    // Certificates count whole seconds: at least two are left.
    const x509 = await issueDeviceCertificate("d1", { validUntil: new Date(Date.now() + 3000) });
    const thumbprints = { primaryThumbprint: x509.sha256, secondaryThumbprint: undefined };
    fixture.hub.createDevice({ deviceId: "d1", authentication: { type: "selfSigned", ...thumbprints } });
    await using raw = await openRawMqtt(fixture.hub, x509);
    raw.send(aConnectPacket("d1", { host: "localhost" }));
    expect((await raw.receive("connack"))?.returnCode).toBe(0);
    expect(await raw.receive("pingresp")).toBeUndefined();
  });

  it("is refused with another certificate, with none, and with a token of any kind", async () => {
    await using fixture = await openHub({ policyKeys: { device: keysOf(1) } });
    const [own, other] = await Promise.all([issueDeviceCertificate("d1"), issueDeviceCertificate("d1")]);
    const thumbprints = { primaryThumbprint: own.sha256, secondaryThumbprint: own.sha1 };
    const primaryKey = keysOf(2).primaryKey;
    fixture.hub.createDevice({
      deviceId: "d1",
      primaryKey,
      authentication: { type: "selfSigned", ...thumbprints },
    });
    const resource = "localhost%2Fdevices%2Fd1";
    const ownToken = aSasToken({ key: primaryKey, resource });
    const policyToken = aSasToken({ key: keysOf(1).primaryKey, resource, policy: "device" });
    expect(await connack(fixture.hub, own)).toBe(0);
    expect(await connack(fixture.hub, other)).toBe(5);
    expect(await connack(fixture.hub, undefined)).toBe(5);
    for (const token of [ownToken, policyToken]) {
      expect(await connack(fixture.hub, undefined, token)).toBe(5);
      expect(await connack(fixture.hub, own, token)).toBe(5);
    }
  });

  it.each([
    "AB12",
    "g".repeat(40),
    "a".repeat(41),
    "a".repeat(64).replace(/../gu, "a:"),
    ` ${"a".repeat(39)}`,
  ])("is not registered with the thumbprint %j", async (primaryThumbprint) => {
    await using fixture = await openHub();
    const authentication = {
      type: "selfSigned" as const,
      x509Thumbprint: { primaryThumbprint, secondaryThumbprint: "" },
    };
    const { status, code, message } = await refusal(
      fixture.registry.create({ deviceId: "d1", authentication }),
    );
    expect({ status, code }).toEqual({ status: 400, code: "ArgumentInvalid" });
    expect(message).toMatch(/SHA-1 or SHA-256.*40 or 64 hexadecimal digits/u);
  });

  it("is not registered without any thumbprint", async () => {
    await using fixture = await openHub();
    const { status, message } = await refusal(
      fixture.registry.create({ deviceId: "d1", authentication: { type: "selfSigned" } }),
    );
    expect({ status, message }).toMatchObject({
      status: 400,
      message: expect.stringContaining("neither thumbprint") as string,
    });
  });
});

describe("a device with a certificate of a registered authority", () => {
  let authority: CertificateAuthority;
  beforeAll(async () => {
    authority = await createCertificateAuthority();
  });

  it("is registered and connects by Microsoft's SDKs", async () => {
    const other = await createCertificateAuthority();
    await using fixture = await openHub({ deviceAuthorities: [other.certPem, authority.certPem] });
    const { responseBody } = await fixture.registry.create({
      deviceId: "d1",
      authentication: { type: "certificateAuthority" },
    });
    expect(responseBody.authentication).toMatchObject({
      type: "certificateAuthority",
      symmetricKey: { primaryKey: null },
      x509Thumbprint: { primaryThumbprint: null },
    });
    const x509 = await issueDeviceCertificate("d1", { authority });
    await using device = await connectDevice(fixture.hub, "d1", { x509 });
    await device.report({ by: "authority" });
    expect((await fixture.registry.getTwin("d1")).responseBody).toMatchObject({
      authenticationType: "certificateAuthority",
    });
  });

  it.each<[string, string, (authority: CertificateAuthority) => Promise<DeviceCertificateOptions>]>([
    ["for another device", "d2", (own) => Promise.resolve({ authority: own })],
    ["for a name that only starts alike", "d1\0", (own) => Promise.resolve({ authority: own })],
    ["for its name in capitals", "D1", (own) => Promise.resolve({ authority: own })],
    ["of another authority", "d1", async () => ({ authority: await createCertificateAuthority() })],
    ["that it signed itself", "d1", () => Promise.resolve({})],
    [
      "that has expired",
      "d1",
      (own) => Promise.resolve({ authority: own, validFrom: ago(2 * HOUR_MS), validUntil: ago(HOUR_MS) }),
    ],
    [
      "that is not valid yet",
      "d1",
      (own) => Promise.resolve({ authority: own, validFrom: ago(-HOUR_MS), validUntil: ago(-2 * HOUR_MS) }),
    ],
  ])("is refused with a certificate %s", async (_case, name, options) => {
    await using fixture = await openHub({ deviceAuthorities: [authority.certPem] });
    fixture.hub.createDevice({ deviceId: "d1", authentication: { type: "certificateAuthority" } });
    expect(await connack(fixture.hub, await issueDeviceCertificate(name, await options(authority)))).toBe(5);
  });

  it("may resume its TLS session, and is held against its certificate again", async () => {
    await using fixture = await openHub({ deviceAuthorities: [authority.certPem] });
    fixture.hub.createDevice({ deviceId: "d1", authentication: { type: "certificateAuthority" } });
    const x509 = await issueDeviceCertificate("d1", { authority });
    const tls = { port: fixture.hub.mqttPort, host: "127.0.0.1", ca: fixture.hub.caPem };
    const connected = (session?: Buffer): TLSSocket =>
      connect({ ...tls, cert: x509.certPem, key: x509.keyPem, ...(session && { session }) });
    const first = connected();
    const [session] = (await once(first, "session")) as [Buffer];
    first.destroy();
    const second = connected(session);
    await once(second, "secureConnect");
    second.write(generate(aConnectPacket("d1", { host: "localhost" })));
    const [answer] = (await once(second, "data")) as [Buffer];
    // CONNACK, no session, return code 0 [MQTT-3.2].
    expect({ resumed: second.isSessionReused(), answer: [...answer] }).toEqual({
      resumed: true,
      answer: [0x20, 2, 0, 0],
    });
    second.destroy();
  });

  it("is refused by a hub on which no authority is registered", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1", authentication: { type: "certificateAuthority" } });
    expect(await connack(fixture.hub, await issueDeviceCertificate("d1", { authority }))).toBe(5);
  });

  it("may be neither a device of keys nor one of a thumbprint", async () => {
    await using fixture = await openHub({ deviceAuthorities: [authority.certPem] });
    const x509 = await issueDeviceCertificate("d1", { authority });
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await connack(fixture.hub, x509)).toBe(5);
    await fixture.registry.update({
      deviceId: "d1",
      authentication: { x509Thumbprint: { primaryThumbprint: "a".repeat(40) } },
    });
    expect(await connack(fixture.hub, x509)).toBe(5);
  });
});

describe("the authorities registered on a hub", () => {
  it.each<[string, () => Promise<string>, RegExp]>([
    ["text", () => Promise.resolve("none"), /deviceAuthorities\[0\] is no certificate/u],
    ["a device's certificate", async () => (await issueDeviceCertificate("d1")).certPem, /no authority/u],
  ])("may not be %s", async (_case, pem, expected) => {
    await expect(openHub({ deviceAuthorities: [await pem()] })).rejects.toThrow(expected);
  });
});

describe("a device without a proof of its own", () => {
  it("is registered, and connects by a policy's key alone", async () => {
    await using fixture = await openHub();
    const { responseBody } = await fixture.registry.create({
      deviceId: "d1",
      authentication: { type: "none" },
    });
    expect(responseBody.authentication).toMatchObject({ type: "none", symmetricKey: { primaryKey: null } });
    await using device = await connectDevice(fixture.hub, "d1");
    await device.report({ by: "policy" });
    expect((await fixture.registry.getTwin("d1")).responseBody).toMatchObject({ authenticationType: "none" });
  });
});

describe("another way to authenticate", () => {
  it("may be given to a device, whose old keys are gone when it goes back to keys [G]", async () => {
    await using fixture = await openHub();
    const keys = keysOf(3);
    await fixture.registry.create({ deviceId: "d1", authentication: { symmetricKey: keys } });
    await fixture.registry.update({ deviceId: "d1", authentication: { type: "certificateAuthority" } });
    const { responseBody } = await fixture.registry.update({ deviceId: "d1" });
    expect(responseBody.authentication).toMatchObject({ type: "sas" });
    expect(responseBody.authentication?.symmetricKey?.primaryKey).toMatch(/^[A-Za-z0-9+/]{43}=$/u);
    expect(responseBody.authentication?.symmetricKey?.primaryKey).not.toBe(keys.primaryKey);
  });

  it("is refused when the service does not know it", async () => {
    await using fixture = await openHub();
    const authentication = { type: "password" as "sas" }; // what the SDK's type keeps out
    expect(await refusal(fixture.registry.create({ deviceId: "d1", authentication }))).toMatchObject({
      status: 400,
    });
  });
});

function keysOf(seed: number): { primaryKey: string; secondaryKey: string } {
  return {
    primaryKey: Buffer.alloc(32, seed).toString("base64"),
    secondaryKey: Buffer.alloc(32, seed + 100).toString("base64"),
  };
}
