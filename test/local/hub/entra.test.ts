import { createHmac } from "node:crypto";
import { Agent } from "node:https";
import iothub from "azure-iothub";
import { describe, expect, it } from "vitest";
import { createEntraToken } from "../../../local/hub/entra-token.ts";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { registryWithToken } from "../../support/iot-hub-registry.ts";
import { aConfiguration, openHub, refusal } from "./hub-fixture.ts";
import { aSasToken } from "./raw-connect.ts";
import { sendToService } from "./service-request.ts";

const issuerKey = "a secret of at least thirty-two bytes";
const HUB = "Microsoft.Devices/IotHubs";

/** Microsoft's Registry with a credential, as a program in Azure has it. */
function registryOf(hub: LocalHub, token: string): iothub.Registry {
  const registry = iothub.Registry.fromTokenCredential(hub.hostName, {
    getToken: (scope) => {
      expect(scope).toBe("https://iothubs.azure.net/.default");
      return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  });
  // There is no public way to a port with a credential: the specification names this private one [facts 4.3].
  const { _restApiClient: rest } = registry as unknown as {
    _restApiClient: { setOptions: (options: { http: { agent: Agent } }) => void };
  };
  rest.setOptions({ http: { agent: new Agent({ port: hub.httpsPort, ca: hub.caPem }) } });
  return registry;
}

function aToken(roles: readonly string[]): string {
  return createEntraToken({ issuerKey, roles, name: "rollout" });
}

/** A token made by hand, so that every part of it can be forged. */
function aForgedToken({
  header = {},
  claims = {},
  key = issuerKey,
}: { header?: object; claims?: object; key?: string | undefined } = {}): string {
  const seconds = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: "HS256", typ: "JWT", ...header },
    { aud: "https://iothubs.azure.net", exp: seconds + 3600, roles: ["IoT Hub Data Contributor"], ...claims },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

const getDevice = async (hub: LocalHub, token: string): Promise<number | undefined> => {
  const path = "/devices/d1?api-version=2021-04-12";
  return (await sendToService(hub, path, { headers: { Authorization: `Bearer ${token}` } })).status;
};

describe("a bearer token", () => {
  it("is taken from Microsoft's Registry when the hub is told to, and refused when not", async () => {
    await using fixture = await openHub({ entra: { issuerKey } });
    await using closed = await openHub();
    for (const { hub } of [fixture, closed]) hub.createDevice({ deviceId: "d1" });
    const token = aToken(["IoT Hub Data Contributor"]);
    const registry = registryOf(fixture.hub, token);
    expect((await registry.get("d1")).responseBody.deviceId).toBe("d1");
    await registry.addConfiguration(aConfiguration("c1"));
    expect((await registry.createQuery("SELECT * FROM devices").next()).result).toHaveLength(1);
    expect(await refusal(registryOf(closed.hub, token).get("d1"))).toMatchObject({
      status: 401,
      code: "IotHubUnauthorizedAccess",
      kind: "UnauthorizedError",
    });
  });

  it("does not keep shared access signatures out", async () => {
    await using fixture = await openHub({ entra: { issuerKey } });
    expect((await fixture.registry.list()).responseBody).toEqual([]);
  });

  const seconds = Math.floor(Date.now() / 1000);
  it.each<[string, () => string]>([
    ["signed by another key", () => aForgedToken({ key: "b".repeat(40) })],
    ["signed by an empty key", () => aForgedToken({ key: "" })],
    ["without a signature", () => aForgedToken().replace(/[^.]*$/u, "")],
    ["of the algorithm none", () => aForgedToken({ header: { alg: "none" } }).replace(/[^.]*$/u, "")],
    ["of the algorithm none, though signed", () => aForgedToken({ header: { alg: "none" } })],
    ["of the algorithm none in capitals", () => aForgedToken({ header: { alg: "NONE" } })],
    ["of another algorithm", () => aForgedToken({ header: { alg: "RS256" } })],
    ["with a header that must be understood", () => aForgedToken({ header: { crit: ["exp"] } })],
    ["for another audience", () => aForgedToken({ claims: { aud: "https://management.azure.com" } })],
    [
      "for an audience that starts alike",
      () => aForgedToken({ claims: { aud: "https://iothubs.azure.net.example" } }),
    ],
    ["for no audience", () => aForgedToken({ claims: { aud: undefined } })],
    ["that has expired", () => aForgedToken({ claims: { exp: seconds - 400 } })],
    ["that never expires", () => aForgedToken({ claims: { exp: undefined } })],
    ["with text for an expiry", () => aForgedToken({ claims: { exp: String(seconds + 3600) } })],
    ["with a huge expiry", () => aForgedToken({ claims: { exp: 1e300 } })],
    ["with a negative expiry", () => aForgedToken({ claims: { exp: -1 } })],
    ["that is not valid yet", () => aForgedToken({ claims: { nbf: seconds + 4000 } })],
    ["with roles that are no list", () => aForgedToken({ claims: { roles: "IoT Hub Data Contributor" } })],
    [
      "with too many roles",
      () => aForgedToken({ claims: { roles: Array(101).fill("IoT Hub Data Contributor") } }),
    ],
    ["with a part too many", () => `${aForgedToken()}.x`],
    ["with a part too few", () => aForgedToken().replace(/\.[^.]*$/u, "")],
    [
      "whose claims were changed",
      () => aForgedToken().replace(/\.[^.]+\./u, `.${Buffer.from('{"exp":1e12}').toString("base64url")}.`),
    ],
    ["whose claims are no JSON", () => "e30.e30e.e30"],
    [
      "that is a shared access signature",
      () => aSasToken({ key: issuerKey, resource: "localhost", policy: "iothubowner" }),
    ],
  ])("%s is 401", async (_case, token) => {
    await using fixture = await openHub({ entra: { issuerKey } });
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await getDevice(fixture.hub, aForgedToken())).toBe(200);
    expect(await getDevice(fixture.hub, token())).toBe(401);
  });

  it("is taken within the allowed skew, and not beyond it", async () => {
    await using fixture = await openHub({ entra: { issuerKey } });
    await using strict = await openHub({ entra: { issuerKey }, tokenSkewMs: 0 });
    for (const { hub } of [fixture, strict]) hub.createDevice({ deviceId: "d1" });
    const expired = aForgedToken({ claims: { exp: Math.floor(Date.now() / 1000) - 10 } });
    expect([await getDevice(fixture.hub, expired), await getDevice(strict.hub, expired)]).toEqual([200, 401]);
  });

  it("without a signature is taken only by a hub that was told to, and a signed one is not", async () => {
    await using fixture = await openHub({ entra: { unsigned: true } });
    fixture.hub.createDevice({ deviceId: "d1" });
    const unsigned = aForgedToken({ header: { alg: "none" } });
    expect(await getDevice(fixture.hub, unsigned.replace(/[^.]*$/u, ""))).toBe(200);
    expect(await getDevice(fixture.hub, unsigned)).toBe(401);
    expect(await getDevice(fixture.hub, aForgedToken())).toBe(401);
  });

  it("needs a key that is long enough", async () => {
    await expect(openHub({ entra: { issuerKey: "short" } })).rejects.toThrow(/issuerKey has under 32 bytes/u);
  });
});

describe("the roles in a bearer token", () => {
  const outcomes = async (roles: readonly string[]): Promise<Record<string, number>> => {
    await using fixture = await openHub({
      entra: { issuerKey, roles: { "config reader": [`${HUB}/configurations/READ`] } },
    });
    fixture.hub.createDevice({ deviceId: "d1" });
    const registry = registryOf(fixture.hub, aToken(roles));
    const status = async (call: Promise<unknown>): Promise<number> =>
      (await refusal(call.then(() => Promise.reject(new Error("allowed")))).catch(() => ({ status: 200 })))
        .status;
    return {
      "devices/read": await status(registry.get("d1")),
      "devices/write": await status(registry.create({ deviceId: "d2" })),
      "twins/read": await status(registry.createQuery("SELECT * FROM devices").next()),
      "twins/write": await status(registry.updateTwin("d1", { tags: { a: 1 } }, "*")),
      "configurations/read": await status(registry.getConfigurations()),
      "configurations/write": await status(registry.addConfiguration(aConfiguration("c1"))),
    };
  };

  it.each([
    ["IoT Hub Data Contributor", [200, 200, 200, 200, 200, 200]],
    ["IoT Hub Data Reader", [200, 401, 200, 401, 200, 401]],
    ["IoT Hub Registry Contributor", [200, 200, 401, 401, 401, 401]],
    ["IoT Hub Twin Contributor", [401, 401, 200, 200, 401, 401]],
    ["config reader", [401, 401, 401, 401, 200, 401]],
    ["Owner", [401, 401, 401, 401, 401, 401]],
    ["constructor", [401, 401, 401, 401, 401, 401]],
  ])("allow %s exactly its data actions", async (role, expected) => {
    expect(Object.values(await outcomes([role]))).toEqual(expected);
  });

  it("add up, and none allow nothing", async () => {
    expect(Object.values(await outcomes(["IoT Hub Twin Contributor", "config reader"]))).toEqual([
      401, 401, 200, 200, 200, 401,
    ]);
    expect(Object.values(await outcomes([]))).toEqual([401, 401, 401, 401, 401, 401]);
  });

  it("that do not suffice are told in Azure's words, as 401", async () => {
    await using fixture = await openHub({ entra: { issuerKey } });
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await refusal(registryOf(fixture.hub, aToken([])).getTwin("d1"))).toMatchObject({
      status: 401,
      code: "IotHubUnauthorized",
      kind: "UnauthorizedError",
      message: "Principal rollout is not authorized for GET on /twins/d1 due to no assigned permissions",
    });
  });
});

describe("the data actions of a hub's calls", () => {
  it("are listed by call and caller, for the calls that were let in", async () => {
    await using fixture = await openHub({ entra: { issuerKey } });
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(fixture.hub.dataActions()).toEqual([]);
    const rollout = registryOf(fixture.hub, aToken(["IoT Hub Data Reader"]));
    await rollout.getConfigurations();
    await refusal(rollout.getTwin("d2"));
    await refusal(rollout.addConfiguration(aConfiguration("c1")));
    for (const id of ["c1", "c2"]) await fixture.registry.addConfiguration(aConfiguration(id));
    expect(fixture.hub.dataActions()).toEqual([
      { call: "GET /configurations", caller: "rollout", actions: [`${HUB}/configurations/read`], times: 1 },
      { call: "GET /twins/:id", caller: "rollout", actions: [`${HUB}/twins/read`], times: 1 },
      {
        call: "PUT /configurations/:id",
        caller: "iothubowner",
        actions: [`${HUB}/configurations/write`],
        times: 2,
      },
    ]);
  });

  it("are enough for a role that has exactly them", async () => {
    await using recorded = await openHub();
    const work = async (registry: iothub.Registry): Promise<void> => {
      await registry.addConfiguration(aConfiguration("c1"));
      await registry.getConfigurations();
      await registry.createQuery("SELECT COUNT() AS n FROM devices").next();
    };
    await work(recorded.registry);
    const actions = recorded.hub.dataActions().flatMap((use) => use.actions);
    expect(new Set(actions).size).toBe(3);
    const missing = actions.slice(1);
    await using fixture = await openHub({ entra: { issuerKey, roles: { exact: actions, missing } } });
    await work(registryWithToken(fixture.hub, `Bearer ${aToken(["exact"])}`));
    await fixture.registry.removeConfiguration("c1");
    expect(
      await refusal(work(registryWithToken(fixture.hub, `Bearer ${aToken(["missing"])}`))),
    ).toMatchObject({ status: 401 });
  });
});
