import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPolicies } from "../../../local/hub/access-policy.ts";
import { SAS, type Authentication } from "../../../local/hub/authentication.ts";
import { callAt } from "../../../local/hub/mqtt/connection-expiry.ts";
import {
  authenticateDevice,
  type CredentialCheck,
  type DeviceIdentity,
} from "../../../local/hub/mqtt/device-credentials.ts";
import { aSasToken } from "./raw-connect.ts";

const keyOf = (seed: number): string => Buffer.alloc(32, seed).toString("base64");
const identity = (seed: number, rest: Partial<DeviceIdentity> = {}): DeviceIdentity => ({
  authentication: SAS,
  primaryKey: keyOf(seed),
  secondaryKey: keyOf(seed + 1),
  status: "enabled",
  ...rest,
});

describe("a module's credentials", () => {
  const policies = createPolicies();
  const identities = new Map([
    ["d", identity(1)],
    ["d/m", identity(3)],
    ["d/off", identity(5, { status: "disabled" })],
    ["d/none", identity(7, { authentication: { type: "none" } satisfies Authentication })],
  ]);
  const check: CredentialCheck = {
    hosts: ["hub"],
    policies,
    tokenSkewMs: 0,
    find: (deviceId, moduleId) =>
      identities.get(moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`),
  };
  const isIn = (clientId: string, key: string, resource: string, policy?: string): boolean =>
    authenticateDevice(
      {
        clientId,
        userName: `hub/${clientId}/?api-version=2021-04-12`,
        password: aSasToken({ key, resource, ...(policy === undefined ? {} : { policy }) }),
        certificate: undefined,
      },
      check,
    ) !== undefined;

  it.each<[string, [string, string, string, string?], boolean]>([
    ["its own key, for itself", ["d/m", keyOf(3), "hub/devices/d/modules/m"], true],
    ["its second key, percent-encoded", ["d/m", keyOf(4), "hub%2Fdevices%2Fd%2Fmodules%2Fm"], true],
    ["a policy's key", ["d/m", policies.device.primaryKey, "hub", "device"], true],
    ["its device's key", ["d/m", keyOf(1), "hub/devices/d/modules/m"], false],
    ["its own key, for another module", ["d/m", keyOf(3), "hub/devices/d/modules/m2"], false],
    ["its own key, as its device", ["d", keyOf(3), "hub/devices/d"], false],
    [
      "its device's key, as a module that is not there",
      ["d/m2", keyOf(1), "hub/devices/d/modules/m2"],
      false,
    ],
    ["its own key, while disabled", ["d/off", keyOf(5), "hub/devices/d/modules/off"], false],
    ["a key that does not count", ["d/none", keyOf(7), "hub/devices/d/modules/none"], false],
  ])("with %s", (_case, credentials, expected) => {
    expect(isIn(...credentials)).toBe(expected);
  });
});

describe("a call at an instant", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("comes then, though it be further off than a timer reaches", () => {
    const end = vi.fn();
    const days = 24 * 60 * 60 * 1000;
    callAt(Date.now() + 90 * days, end);
    vi.advanceTimersByTime(90 * days - 1);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledOnce();
  });

  it("comes at once when the instant is past, and never when it was called off", () => {
    const end = vi.fn();
    callAt(Date.now() - 1000, end);
    callAt(Date.now() + 1000, end)();
    vi.advanceTimersByTime(10_000);
    expect(end).toHaveBeenCalledOnce();
  });
});
