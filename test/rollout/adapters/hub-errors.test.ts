import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { iotHub } from "../../../rollout/adapters/iot-hub.ts";
import { connectRegistry } from "../../../rollout/adapters/registry.ts";
import type { Code, WavegateError } from "../../../rollout/model/problem.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import { aDocument } from "./hub-at-a-standstill.ts";
import { startScriptedService, type ScriptedService } from "../../support/scripted-service.ts";

// Microsoft's own client against a service that gives the answers of [facts 4.2], one by one.

let service: ScriptedService;
let port: HubPort;

beforeAll(async () => {
  service = await startScriptedService();
  const registry = connectRegistry({
    kind: "connection string",
    connectionString: service.connectionString,
    ca: service.caPem,
  });
  let time = 0;
  const sleep = (ms: number): Promise<void> => {
    time += ms;
    return Promise.resolve();
  };
  port = iotHub({
    name: "plant",
    registry,
    clock: { now: () => time, monotonic: () => time, sleep },
    tier: "S1",
    units: 1,
  });
});
afterAll(() => service[Symbol.asyncDispose]());

function named(code: string, text = "BadRequest"): string {
  return JSON.stringify({ Message: `ErrorCode:${code};${text}`, ExceptionMessage: "Tracking ID:0-G:0" });
}

/** What a write, which is sent once, fails with. */
async function failure(
  status: number,
  body: string,
  headers: Record<string, string>,
): Promise<WavegateError> {
  const before = service.requests();
  service.script = [{ status, body, headers }];
  const error: unknown = await port.create(aDocument("one")).then(
    () => "no failure",
    (caught: unknown) => caught,
  );
  expect(service.requests()).toBe(before + 1);
  return error as WavegateError; // asserted by the matchers below
}

describe("a failure of the hub", () => {
  const cases: readonly (readonly [number, string, Code])[] = [
    [400, "InvalidConfigurationTargetCondition", "HUB_REJECTED"],
    [400, "ArgumentInvalid", "HUB_REJECTED"],
    [401, "IotHubUnauthorizedAccess", "HUB_UNAUTHORIZED"],
    [401, "IotHubNotFound", "HUB_UNAUTHORIZED"],
    [403, "IotHubQuotaExceeded", "HUB_QUOTA"],
    [403, "IotHubSuspended", "HUB_UNAUTHORIZED"],
    [404, "ConfigurationNotFound", "HUB_NOT_FOUND"],
    [404, "IotHubNotFound", "HUB_UNAUTHORIZED"],
    [408, "DeviceTimeout", "HUB_FAILED"],
    [409, "ConfigurationAlreadyExists", "HUB_CONFLICT"],
    [412, "PreconditionFailed", "HUB_CONFLICT"],
    [413, "ConfigurationCountLimitExceeded", "HUB_REJECTED"],
    [429, "ThrottlingException", "HUB_THROTTLED"],
    [429, "ThrottleBacklogLimitExceeded", "HUB_THROTTLED"],
    [500, "ServerError", "HUB_FAILED"],
    [502, "BadGateway", "HUB_FAILED"],
    [503, "ServiceUnavailable", "HUB_FAILED"],
    [504, "GatewayTimeout", "HUB_FAILED"],
    [301, "Moved", "HUB_FAILED"],
  ];

  it.each(cases)("%i %s, by header or by body, is %3$s", async (status, serviceCode, code) => {
    const byHeader = await failure(status, "{}", { "iothub-errorcode": serviceCode });
    expect(byHeader).toMatchObject({ code });
    expect(byHeader.message).toContain("create configuration one on plant: ");
    expect(byHeader.message).toContain(serviceCode);
    expect(await failure(status, named(serviceCode), {})).toMatchObject({ code });
  });

  it("is known by the number in the JSON inside of Message too", async () => {
    const inner = { errorCode: 403002, trackingId: "0-G:0", message: "quota", timestampUtc: "" };
    const body = JSON.stringify({ Message: JSON.stringify(inner), ExceptionMessage: "" });
    expect(await failure(403, body, {})).toMatchObject({ code: "HUB_QUOTA" });
  });

  it("without any code of the hub goes by its status", async () => {
    expect(await failure(403, "forbidden", {})).toMatchObject({ code: "HUB_UNAUTHORIZED" });
    expect(await failure(429, "", {})).toMatchObject({ code: "HUB_THROTTLED", retryAfterMs: undefined });
  });

  it("says how long to wait where the hub says so", async () => {
    const code = { "iothub-errorcode": "ThrottlingException" };
    expect(await failure(429, "{}", { ...code, "retry-after": "11" })).toMatchObject({
      code: "HUB_THROTTLED",
      retryAfterMs: 11_000,
    });
    const date = "Thu, 01 Jan 2026 13:00:00 GMT";
    const until = "Thu, 01 Jan 2026 13:00:42 GMT";
    expect(await failure(503, "{}", { date, "retry-after": until })).toMatchObject({ retryAfterMs: 42_000 });
  });
});

describe("an answer that is none", () => {
  it.each([
    ["a page of a proxy", { "content-type": "text/html" }, "<html>welcome</html>"],
    ["JSON that ends in the middle", {}, '[{"id":'],
    ["JSON of another kind", {}, '{"value":[]}'],
  ])("%s is HUB_FAILED, not a bug and not an empty hub", async (_, headers, body) => {
    service.script = [{ status: 200, headers, body }];
    await expect(port.list()).rejects.toMatchObject({ code: "HUB_FAILED" });
  });

  it.each([
    ["ids of devices", () => port.deviceIds("SELECT deviceId FROM devices", 10)],
    ["a count", () => port.count("SELECT COUNT() AS devices FROM devices")],
    ["a device", () => port.device("d1")],
  ])("rows of another kind are HUB_FAILED where %s were asked for", async (_, ask) => {
    service.script = [{ status: 200, body: '[{"name":"d1"}]' }];
    await expect(ask()).rejects.toMatchObject({ code: "HUB_FAILED" });
    service.script = [{ status: 200, body: '{"rows":[]}' }];
    await expect(ask()).rejects.toMatchObject({ code: "HUB_FAILED" });
  });
});
