import { expect } from "vitest";
import { describeArea } from "./area.ts";
import { TEXT } from "./variable-parts.ts";

const OTHER_KEY = Buffer.alloc(32).toString("base64");
const READ = "GET /devices/";
const KEYS_ARE_AZURES = "the keys of other policies are told by the resource provider alone";

describeArea("access", (it) => {
  it("is given by a token for the hub", async (hub) => {
    const deviceId = await hub.newDevice();
    expect((await hub.ask(`${READ}${deviceId}`)).status).toBe(200);
  });

  for (const [what, token] of [
    ["another key", { key: OTHER_KEY }],
    ["an expiry an hour ago", { expirySeconds: -3600 }],
    ["a policy that is not there", { policy: "conformance-none" }],
    ["another hub's name", { resource: "elsewhere.azure-devices.net" }],
  ] as const) {
    it(`is refused to a token with ${what} [facts 4.2]`, async (hub) => {
      const deviceId = await hub.newDevice();
      const { status, code, body } = await hub.ask(`${READ}${deviceId}`, { token });
      expect({ status, code }).toEqual({ status: 401, code: "IotHubUnauthorizedAccess" });
      expect(body).toEqual({
        Message: expect.stringMatching(/^ErrorCode:IotHubUnauthorizedAccess;/u) as string,
        ExceptionMessage: TEXT,
      });
    });
  }

  for (const Authorization of [
    "",
    "Bearer x",
    "SharedAccessSignature",
    "SharedAccessSignature sr=%&sig=a&se=1",
  ]) {
    it(`is refused to ${JSON.stringify(Authorization)}`, async (hub) => {
      const deviceId = await hub.newDevice();
      expect((await hub.ask(`${READ}${deviceId}`, { headers: { Authorization } })).status).toBe(401);
    });
  }

  it("to one device is given by a token for that device, and to no other [G]", async (hub) => {
    const [one, other] = [await hub.newDevice(), await hub.newDevice()];
    const token = { resource: `${hub.serviceHost}/devices/${one}` };
    expect((await hub.ask(`${READ}${one}`, { token })).status).toBe(200);
    expect((await hub.ask(`${READ}${other}`, { token })).status).toBe(401);
  });

  it("lasts five minutes longer than the token says [G]", async (hub) => {
    const deviceId = await hub.newDevice();
    const { status } = await hub.ask(`${READ}${deviceId}`, { token: { expirySeconds: -200 } });
    expect(status).toBe(200);
  });

  for (const [policy, allowed] of [
    ["service", ["reads a twin", "lists configurations"]],
    ["registryRead", ["reads an identity"]],
    ["registryReadWrite", ["reads an identity", "writes an identity"]],
    ["device", []],
  ] as const) {
    it(
      `of the policy ${policy} is to ${allowed.join(", ") || "nothing of the service"}`,
      {
        needs: "local",
        because: KEYS_ARE_AZURES,
      },
      async (hub) => {
        const deviceId = await hub.newDevice();
        const token = { policy, key: hub.local().policyKey(policy) };
        const calls = {
          "reads an identity": () => hub.ask(`${READ}${deviceId}`, { token }),
          "writes an identity": () =>
            hub.ask(`PUT /devices/${deviceId}`, {
              token,
              body: { deviceId, status: "disabled" },
              headers: { "If-Match": '"*"' },
            }),
          "reads a twin": () => hub.ask(`GET /twins/${deviceId}`, { token }),
          "lists configurations": () => hub.ask("GET /configurations", { token }),
        };
        const statuses: Record<string, number | undefined> = {};
        for (const [name, call] of Object.entries(calls)) statuses[name] = (await call()).status;
        const isAllowed = (name: string): boolean => allowed.some((one) => one === name);
        expect(statuses).toEqual(
          Object.fromEntries(Object.keys(calls).map((name) => [name, isAllowed(name) ? 200 : 401])),
        );
      },
    );
  }
});
