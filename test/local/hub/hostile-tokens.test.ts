import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEntraToken } from "../../../local/hub/entra-token.ts";
import { startHub, type LocalHub } from "../../../local/hub/hub.ts";
import { aConnectPacket, aSasToken, secretsOf } from "./raw-connect.ts";
import { openRawMqtt } from "./raw-mqtt.ts";
import { sendToService } from "./service-request.ts";

/** What an attacker may have got hold of. */
interface Loot {
  /** Name of the hub. */
  readonly host: string;
  readonly ownerKey: string;
  readonly deviceKey: string;
  readonly otherDeviceKey: string;
  readonly policyKey: (name: keyof LocalHub["policies"]) => string;
}

type Forge = (loot: Loot) => string;

let hub: LocalHub;
let loot: Loot;

beforeAll(async () => {
  hub = await startHub({ throttle: "off", entra: { issuerKey: "k".repeat(32) } });
  for (const deviceId of ["d1", "d10"]) hub.createDevice({ deviceId });
  const { host, key } = secretsOf(hub, "d1");
  loot = {
    host,
    ownerKey: hub.serviceKey,
    deviceKey: key,
    otherDeviceKey: secretsOf(hub, "d10").key,
    policyKey: (name) => hub.policies[name].primaryKey,
  };
});
afterAll(() => hub.close());

const strangeKey = Buffer.alloc(32, 9).toString("base64");
const hour = (): number => Math.floor(Date.now() / 1000) + 3600;
/** A field of a token, put in another's place. */
const edited = (token: string, field: string, change: (value: string) => string): string =>
  token.replace(
    new RegExp(`([ &]${field}=)([^&]*)`, "u"),
    (_all, name: string, value: string) => name + change(value),
  );
const without = (token: string, field: string): string =>
  token.replace(new RegExp(`(?<=[ &])${field}=[^&]*&?`, "u"), "").replace(/&$/u, "");

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The same 32 bytes to a lenient reader: two bits of the last digit of base64 carry nothing. */
const withStrayBits = (sig: string): string =>
  encodeURIComponent(
    decodeURIComponent(sig).replace(/.(?==$)/u, (digit) => DIGITS.charAt(DIGITS.indexOf(digit) + 1)),
  );

/** What may be done to any token that is good otherwise. */
const TAMPERED: readonly (readonly [string, (good: string) => string])[] = [
  ["without sr", (good) => without(good, "sr")],
  ["without sig", (good) => without(good, "sig")],
  ["without se", (good) => without(good, "se")],
  ["with sr twice", (good) => `${good}&sr=localhost`],
  ["with sig twice", (good) => `${good}&sig=AAAA`],
  ["with se twice", (good) => `${good}&se=${hour() + 60}`],
  ["with skn twice", (good) => `${good}&skn=iothubowner&skn=iothubowner`],
  // Whether a reader takes the first or the last of two, one of these is good to it.
  ["with another sr before the good one", (good) => good.replace(" ", " sr=localhost%2Ftwins&")],
  ["with another sig before the good one", (good) => good.replace(" ", " sig=AAAA&")],
  ["with another se before the good one", (good) => good.replace(" ", " se=1&")],
  ["with another skn before the good one", (good) => good.replace(" ", " skn=root&skn=&")],
  ["with a field that has no value", (good) => `${good}&x`],
  ["with a later se than was signed", (good) => edited(good, "se", () => String(hour() + 999))],
  ["with a huge se", (good) => edited(good, "se", () => "9".repeat(20))],
  ["with a negative se", (good) => edited(good, "se", () => "-1")],
  ["with a broken se", (good) => edited(good, "se", (value) => `${value}.5`)],
  ["with an se in hexadecimal", (good) => edited(good, "se", () => "0xffffffff")],
  ["with an se with an exponent", (good) => edited(good, "se", () => "1e11")],
  ["with an empty se", (good) => edited(good, "se", () => "")],
  ["with an empty sig", (good) => edited(good, "sig", () => "")],
  ["with half a sig", (good) => edited(good, "sig", (value) => value.slice(0, 20))],
  ["with a sig that is encoded twice", (good) => edited(good, "sig", encodeURIComponent)],
  ["with a sig that only lenient readers read", (good) => edited(good, "sig", (value) => `${value}%20`)],
  ["with a sig in whose last digit unused bits are set", (good) => edited(good, "sig", withStrayBits)],
  ["with a sig of other bytes", (good) => edited(good, "sig", () => encodeURIComponent(strangeKey))],
  ["with a stray percent sign", (good) => edited(good, "sr", (value) => `${value}%`)],
  ["with an empty sr", (good) => edited(good, "sr", () => "")],
  ["with another sr than was signed", (good) => edited(good, "sr", () => "localhost")],
  [
    "with an sr that is encoded once more",
    (good) => edited(good, "sr", (value) => encodeURIComponent(`${value}/`)),
  ],
  ["with a blank in it", (good) => good.replace("&", "& ")],
  ["of another scheme", (good) => good.replace("SharedAccessSignature", "SharedAccessKey")],
  ["longer than any", (good) => `${good}&x=${"a".repeat(5000)}`],
];

const owner = (resource: string, rest: { policy?: string; expiry?: string } = {}): Forge => {
  return ({ ownerKey }) => aSasToken({ key: ownerKey, resource, policy: "iothubowner", ...rest });
};

/** Tokens for the service API, all asking for device d1. */
const SERVICE: readonly (readonly [string, Forge])[] = [
  ["of another key", () => aSasToken({ key: strangeKey, resource: "localhost", policy: "iothubowner" })],
  ["of an empty key", () => aSasToken({ key: "", resource: "localhost", policy: "iothubowner" })],
  ["that has expired", owner("localhost", { expiry: String(hour() - 3600 - 301) })],
  ["that expired in 1970", owner("localhost", { expiry: "0" })],
  ["signed to expire after the year 9999", owner("localhost", { expiry: "253402300800" })],
  ["for another hub", owner("elsewhere.azure-devices.net")],
  ["for a host that starts alike", owner("localhost.example.com")],
  ["for a host behind a user name", owner("localhost@example.com")],
  ["for a host with a trailing dot", owner("localhost.")],
  ["for no host", owner("%2Fdevices%2Fd1")],
  ["for a URL", owner("https%3A%2F%2Flocalhost")],
  ["for another device", owner("localhost/devices/d10")],
  ["for a device whose name starts alike", owner("localhost/devices/d")],
  ["for what lies under the device", owner("localhost/devices/d1/modules")],
  ["for the device and an empty segment", owner("localhost/devices/d1/")],
  ["for an empty segment", owner("localhost//devices/d1")],
  ["for a path that climbs", owner("localhost/devices/d10/../d1")],
  ["for the device in capitals", owner("localhost/devices/D1")],
  ["for twins", owner("localhost/twins/d1")],
  ["with its sr encoded twice", owner("localhost%252Fdevices%252Fd1")],
  ["with a line break in its sr", owner("localhost%0D%0A%2Fdevices%2Fd1")],
  ["with a NUL in its sr", owner("localhost%2Fdevices%2Fd1%00")],
  ["without skn", ({ ownerKey }) => aSasToken({ key: ownerKey, resource: "localhost" })],
  ["with an empty skn", owner("localhost", { policy: "" })],
  ["of an unknown policy", owner("localhost", { policy: "root" })],
  ["of a policy named as every object has it", owner("localhost", { policy: "constructor" })],
  ["of a policy named as a prototype is", owner("localhost", { policy: "__proto__" })],
  ["of its policy in capitals", owner("localhost", { policy: "IotHubOwner" })],
  [
    "that a device made for itself",
    ({ deviceKey: key, host }) => aSasToken({ key, resource: `${host}%2Fdevices%2Fd1` }),
  ],
  [
    "that a device made under the owner's name",
    ({ deviceKey: key }) => aSasToken({ key, resource: "localhost", policy: "iothubowner" }),
  ],
  [
    "of the policy device",
    ({ policyKey }) => aSasToken({ key: policyKey("device"), resource: "localhost", policy: "device" }),
  ],
  [
    "of the policy service, which has no right to devices",
    ({ policyKey }) => aSasToken({ key: policyKey("service"), resource: "localhost", policy: "service" }),
  ],
  [
    "signed by another policy's key",
    ({ policyKey }) =>
      aSasToken({ key: policyKey("service"), resource: "localhost", policy: "registryRead" }),
  ],
];

const device = (resource: string, rest: { policy?: string; expiry?: string } = {}): Forge => {
  return ({ deviceKey: key, host }) => aSasToken({ key, resource: resource.replace("HOST", host), ...rest });
};
const ofPolicy = (policy: keyof LocalHub["policies"], resource = "localhost"): Forge => {
  return ({ policyKey }) => aSasToken({ key: policyKey(policy), resource, policy });
};

/** Passwords of a device that says it is d1. */
const DEVICE: readonly (readonly [string, Forge])[] = [
  ["of another key", ({ host }) => aSasToken({ key: strangeKey, resource: `${host}%2Fdevices%2Fd1` })],
  [
    "of another device, for itself",
    ({ otherDeviceKey: key, host }) => aSasToken({ key, resource: `${host}%2Fdevices%2Fd10` }),
  ],
  [
    "of another device, for this one",
    ({ otherDeviceKey: key, host }) => aSasToken({ key, resource: `${host}%2Fdevices%2Fd1` }),
  ],
  ["for another device", device("HOST%2Fdevices%2Fd10")],
  ["for a device whose name starts alike", device("HOST%2Fdevices%2Fd")],
  ["for a module of the device", device("HOST%2Fdevices%2Fd1%2Fmodules%2Fm")],
  ["for the device and an empty segment", device("HOST%2Fdevices%2Fd1%2F")],
  ["for the device in capitals", device("HOST%2Fdevices%2FD1")],
  ["for a wildcard", device("HOST%2Fdevices%2F%2B")],
  ["for another hub", device("elsewhere.azure-devices.net%2Fdevices%2Fd1")],
  ["for a host that ends alike", device("evil-HOST%2Fdevices%2Fd1")],
  ["with its sr encoded twice", device("HOST%252Fdevices%252Fd1")],
  ["with a line break in its sr", device("HOST%2Fdevices%2Fd1%0D%0A")],
  ["with a NUL in its sr", device("HOST%2Fdevices%2Fd1%00")],
  ["that has expired", device("HOST%2Fdevices%2Fd1", { expiry: String(hour() - 3600 - 301) })],
  ["signed to expire after the year 9999", device("HOST%2Fdevices%2Fd1", { expiry: "999999999999" })],
  ["under the name of a policy", device("HOST%2Fdevices%2Fd1", { policy: "device" })],
  ["under the name of no policy", device("HOST%2Fdevices%2Fd1", { policy: "toString" })],
  ["of the policy service", ofPolicy("service")],
  ["of the policy registryReadWrite", ofPolicy("registryReadWrite")],
  ["of the policy device, for another device", ofPolicy("device", "localhost%2Fdevices%2Fd10")],
  ["of the policy device, for twins", ofPolicy("device", "localhost%2Ftwins")],
  ["that is none", () => "secret"],
  ["that is the device's key", ({ deviceKey }) => deviceKey],
  ["that is empty", () => ""],
  [
    "that is a bearer token",
    () => `Bearer ${createEntraToken({ issuerKey: "k".repeat(32), roles: ["IoT Hub Data Contributor"] })}`,
  ],
  ["with a line break behind it", (all) => `${device("HOST%2Fdevices%2Fd1")(all)}\r\n`],
  ["with a line break before its se", (all) => device("HOST%2Fdevices%2Fd1")(all).replace("&se=", "&se=\n")],
  ["with a NUL behind it", (all) => `${device("HOST%2Fdevices%2Fd1")(all)}\0`],
  ["with bytes that are no text", (all) => `${device("HOST%2Fdevices%2Fd1")(all)}&x=\ufffd`],
];

const getDevice = async (authorization: string | undefined): Promise<number | undefined> => {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return (await sendToService(hub, "/devices/d1?api-version=2021-04-12", { headers })).status;
};

const connack = async (password: string, as = "d1", username?: string): Promise<number | undefined> => {
  await using raw = await openRawMqtt(hub);
  const { host } = loot;
  // A session to be kept needs a client id [MQTT-3.1.3-7].
  raw.send(
    aConnectPacket(as, { host, password, clean: as === "", ...(username === undefined ? {} : { username }) }),
  );
  return (await raw.receive("connack"))?.returnCode;
};

describe("a service token", () => {
  const good = owner("localhost");

  it("that is good is taken, for the host or the device", async () => {
    expect(await getDevice(good(loot))).toBe(200);
    expect(await getDevice(owner("localhost%2Fdevices%2Fd1")(loot))).toBe(200);
    expect(await getDevice(undefined)).toBe(401);
  });

  it.each(SERVICE)("%s is 401", async (_case, forge) => {
    expect(await getDevice(forge(loot))).toBe(401);
  });

  it.each(TAMPERED)("%s is 401", async (_case, tamper) => {
    const token = owner("localhost%2Fdevices%2Fd1")(loot);
    const tampered = tamper(token);
    expect(tampered).not.toBe(token);
    expect(await getDevice(tampered)).toBe(401);
  });
});

describe("a device's password", () => {
  const good = device("HOST%2Fdevices%2Fd1");

  it("that is good is taken, also one of a policy that may connect devices", async () => {
    expect(await connack(good(loot))).toBe(0);
    expect(await connack(ofPolicy("device")(loot))).toBe(0);
    expect(await connack(ofPolicy("iothubowner", "localhost%2Fdevices%2Fd1")(loot))).toBe(0);
  });

  it.each(DEVICE)("%s is CONNACK 5", async (_case, forge) => {
    expect(await connack(forge(loot))).toBe(5);
  });

  it.each(TAMPERED)("%s is CONNACK 5", async (_case, tamper) => {
    expect(await connack(tamper(good(loot)))).toBe(5);
  });

  it.each([
    ["another device's client id", "d10", undefined],
    ["its client id in capitals", "D1", undefined],
    ["a module's client id", "d1/m", undefined],
    ["a client id that ends in a slash", "d1/", undefined],
    ["too many segments", "d1/m/x", undefined],
    ["no client id", "", undefined],
    ["another device's user name", "d1", "localhost/d10/?api-version=2021-04-12"],
    ["the user name of a device of as many characters", "d1", "localhost/d2/?api-version=2021-04-12"],
    ["a module's user name", "d1", "localhost/d1/m/?api-version=2021-04-12"],
    ["a user name without api-version", "d1", "localhost/d1/"],
    ["a user name of another hub", "d1", "elsewhere.azure-devices.net/d1/?api-version=2021-04-12"],
    ["an empty user name", "d1", ""],
  ])("that is good is CONNACK 5 under %s", async (_case, clientId, username) => {
    expect(await connack(good(loot), clientId, username)).toBe(5);
  });
});
