import { describe, expect, it } from "vitest";
import { startHub, type LocalHub, type PolicyName } from "../../../local/hub/hub.ts";
import { aConfiguration, openHub } from "./hub-fixture.ts";
import { createManualClock } from "./manual-clock.ts";
import { aSasToken } from "./raw-connect.ts";
import { sendToService, type ServiceAnswer } from "./service-request.ts";

/** Ask a control page with a token of a policy. */
function ask(
  hub: LocalHub,
  [method, path]: readonly [method: string, path: string],
  { body, policy = "iothubowner" }: { body?: unknown; policy?: PolicyName } = {},
): Promise<ServiceAnswer> {
  const token = aSasToken({ key: hub.policies[policy].primaryKey, resource: hub.hostName, policy });
  return sendToService(hub, `/control${path}`, {
    method,
    headers: { Authorization: token },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

const PAGES = [
  ["GET", "/snapshots"],
  ["PUT", "/snapshots/now"],
  ["POST", "/snapshots/now/restore"],
  ["POST", "/evaluations"],
  ["POST", "/devices"],
  ["POST", "/faults"],
  ["DELETE", "/faults"],
] as const;

describe("the control pages", () => {
  it.each(PAGES)("obey the policy iothubowner alone: %s %s", async (...page) => {
    await using fixture = await openHub();
    const { hub } = fixture;
    const [method, path] = page;
    expect((await sendToService(hub, `/control${path}`, { method })).status).toBe(401);
    for (const policy of ["service", "device", "registryRead", "registryReadWrite"] as const)
      expect((await ask(hub, page, { policy })).status).toBe(401);
    expect(hub.snapshots()).toEqual([]);
  });

  it("take no bearer token, whatever its holder is called", async () => {
    await using hub = await startHub({ clock: createManualClock(), entra: { unsigned: true } });
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const bearer = `Bearer ${part({ alg: "none" })}.${part({
      aud: "https://iothubs.azure.net",
      exp: Math.floor(Date.now() / 1000) + 60,
      roles: ["IoT Hub Data Contributor"],
      oid: "iothubowner",
    })}.`;
    const answer = await sendToService(hub, "/control/snapshots", { headers: { Authorization: bearer } });
    expect(answer.status).toBe(401);
  });

  it("save, list and go back to snapshots", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    expect(await ask(hub, ["PUT", "/snapshots/b"])).toMatchObject({ status: 200, body: { saved: "b" } });
    await ask(hub, ["PUT", "/snapshots/a"]);
    hub.createDevice({ deviceId: "d1" });
    expect((await ask(hub, ["GET", "/snapshots"])).body).toEqual({ snapshots: ["a", "b"] });
    expect((await ask(hub, ["POST", "/snapshots/a/restore"])).body).toEqual({ restored: "a" });
    hub.createDevice({ deviceId: "d1" });
    expect(await ask(hub, ["POST", "/snapshots/c/restore"])).toMatchObject({
      status: 400,
      body: { Message: 'ErrorCode:ArgumentInvalid;there is no snapshot "c"' },
    });
  });

  it("evaluate, and register a device with its tags", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    const { body } = await ask(hub, ["POST", "/devices"], { body: { deviceId: "d1", tags: { a: 1 } } });
    expect(body).toEqual({ connectionString: hub.deviceConnectionString("d1") });
    await registry.addConfiguration(aConfiguration("c1", { targetCondition: "tags.a = 1" }));
    expect((await ask(hub, ["POST", "/evaluations"])).body).toEqual({ devices: 1, writes: 1 });
    for (const [wrong, status] of [
      [{ deviceId: "d1" }, 409],
      [{ deviceId: "a b" }, 400],
      [{ deviceId: "d2", tags: 5 }, 400],
      [{ deviceId: "d2", tags: { "a.b": 1 } }, 400],
      [{ deviceId: "d2", more: 1 }, 400],
      ["[", 400],
      [undefined, 400],
    ] as const)
      expect((await ask(hub, ["POST", "/devices"], { body: wrong })).status).toBe(status);
  });

  it("add and clear faults, which never strike them, and refuse what is no rule", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    const rule = { match: { route: "GET /devices" }, kind: "status", status: 500 };
    expect((await ask(hub, ["POST", "/faults"], { body: rule })).body).toEqual({ faults: 1 });
    await ask(hub, ["POST", "/faults"], { body: { match: { api: "mqtt" }, kind: "delay", ms: 5 } });
    await ask(hub, ["POST", "/faults"], { body: { match: {}, kind: "drop before", probability: 1 } });
    await expect(registry.list()).rejects.toThrow();
    expect((await ask(hub, ["DELETE", "/faults"])).body).toEqual({ faults: 0 });
    await registry.list();
    for (const wrong of [
      { match: {} },
      { match: {}, kind: "status" },
      { match: {}, kind: "status", status: 200 },
      { match: {}, kind: "delay" },
      { match: {}, kind: "delay", ms: 1e12 },
      { match: {}, kind: "delay", ms: 1, times: 0 },
      { match: {}, kind: "delay", ms: 1, probability: 2 },
      { match: { path: "/" }, kind: "drop before" },
      { match: { call: "twinWrite" }, kind: "drop before" },
      { match: { route: { source: ".*" } }, kind: "drop before" },
    ]) {
      expect((await ask(hub, ["POST", "/faults"], { body: wrong })).status).toBe(400);
    }
    await registry.list();
  });

  it("take a hundred faults at most, and no body over the service's limit", async () => {
    await using fixture = await openHub();
    const body = { match: { deviceId: "nobody" }, kind: "drop before" };
    for (let index = 0; index < 100; index++) {
      expect((await ask(fixture.hub, ["POST", "/faults"], { body })).status).toBe(200);
    }
    expect((await ask(fixture.hub, ["POST", "/faults"], { body })).status).toBe(400);
    const large = JSON.stringify({ deviceId: "d1", tags: { a: "x".repeat(600 * 1024) } });
    expect((await ask(fixture.hub, ["POST", "/devices"], { body: large })).status).toBe(413);
  });

  it("are counted nowhere and not throttled", async () => {
    await using fixture = await openHub({ throttle: "strict", tier: "F1" });
    for (let index = 0; index < 120; index++) {
      expect((await ask(fixture.hub, ["GET", "/snapshots"])).status).toBe(200);
    }
    expect(fixture.hub.calls()).toMatchObject({ total: 0, answers: {} });
    expect(fixture.hub.quota().used).toBe(0);
  });
});
