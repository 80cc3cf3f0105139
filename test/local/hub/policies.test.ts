import { describe, expect, it } from "vitest";
import type { HubPolicy, LocalHub, PolicyName } from "../../../local/hub/hub.ts";
import { connectRegistry, type ReachableHub } from "../../support/iot-hub-registry.ts";
import { ask } from "./authorized-request.ts";
import { connectDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal } from "./hub-fixture.ts";

/** Microsoft's Registry with a policy's connection string, whose port is taken off as the SDK needs it. */
function registryOf(
  hub: LocalHub,
  { name, connectionString }: HubPolicy,
): ReturnType<typeof connectRegistry> {
  const [, key = ""] = /SharedAccessKey=([^;]+)$/u.exec(connectionString) ?? [];
  return connectRegistry({ ...hub, serviceKey: key, policyName: name } satisfies ReachableHub);
}

const CALLS = {
  "reads an identity": (registry) => registry.get("d1"),
  "lists identities": (registry) => registry.list(),
  "creates an identity": (registry) => registry.create({ deviceId: "d2" }),
  "updates an identity": (registry) => registry.update({ deviceId: "d1" }),
  "deletes an identity": (registry) => registry.delete("d1"),
  "reads a twin": (registry) => registry.getTwin("d1"),
  "writes a twin": (registry) => registry.updateTwin("d1", { tags: { a: 1 } }, "*"),
  queries: (registry) => registry.createQuery("SELECT * FROM devices").next(),
  "creates a configuration": (registry) => registry.addConfiguration(aConfiguration("c2")),
  "updates a configuration": (registry) => registry.updateConfiguration(aConfiguration("c1"), true),
  "reads a configuration": (registry) => registry.getConfiguration("c1"),
  "lists configurations": (registry) => registry.getConfigurations(),
  "deletes a configuration": (registry) => registry.removeConfiguration("c1"),
} as const satisfies Record<string, (registry: ReturnType<typeof connectRegistry>) => Promise<unknown>>;

type Call = keyof typeof CALLS;

const READS = ["reads an identity", "lists identities"] as const satisfies readonly Call[];
const WRITES = [
  "creates an identity",
  "updates an identity",
  "deletes an identity",
] as const satisfies readonly Call[];
const SERVICE = [
  "reads a twin",
  "writes a twin",
  "queries",
  "creates a configuration",
  "updates a configuration",
  "reads a configuration",
  "lists configurations",
  "deletes a configuration",
] as const satisfies readonly Call[];

const ALLOWED: Readonly<Record<PolicyName, readonly Call[]>> = {
  iothubowner: [...READS, ...WRITES, ...SERVICE],
  service: SERVICE,
  device: [],
  registryRead: READS,
  registryReadWrite: [...READS, ...WRITES],
};

// Object.keys loses what the record's type says about its keys.
const POLICIES = Object.keys(ALLOWED) as readonly PolicyName[];
const ALL = Object.keys(CALLS) as readonly Call[];

describe("a shared access policy", () => {
  it.each(POLICIES)(
    "%s allows what it has the right to, by Microsoft's Registry, and 401 else",
    async (name) => {
      const outcomes = new Map<Call, string>();
      for (const call of ALL) {
        await using fixture = await openHub();
        fixture.hub.createDevice({ deviceId: "d1" });
        await fixture.registry.addConfiguration(aConfiguration("c1"));
        const registry = registryOf(fixture.hub, fixture.hub.policies[name]);
        if (ALLOWED[name].includes(call)) {
          await CALLS[call](registry);
          outcomes.set(call, "allowed");
        } else {
          const { status, code } = await refusal(CALLS[call](registry));
          outcomes.set(call, `${status} ${code}`);
        }
      }
      expect(Object.fromEntries(outcomes)).toEqual(
        Object.fromEntries(
          ALL.map((call) => [
            call,
            ALLOWED[name].includes(call) ? "allowed" : "401 IotHubUnauthorizedAccess",
          ]),
        ),
      );
    },
  );

  it.each(POLICIES)("%s is good with its secondary key too, and with no other's", async (name) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const registry = connectRegistry({
      ...fixture.hub,
      serviceKey: fixture.hub.policies[name].secondaryKey,
      policyName: name,
    });
    const [call] = ALLOWED[name];
    if (call !== undefined) await CALLS[call](registry);
    for (const other of POLICIES.filter((policy) => policy !== name)) {
      const stray = { ...fixture.hub.policies[other], name };
      expect(
        await refusal(
          registryOf(fixture.hub, { ...stray, connectionString: stray.connectionString }).get("d1"),
        ),
      ).toMatchObject({ status: 401 });
    }
  });

  it.each([
    ["iothubowner", true],
    ["device", true],
    ["service", false],
    ["registryRead", false],
    ["registryReadWrite", false],
  ] as const)("%s connects a device by Microsoft's SDK: %j", async (name, isAllowed) => {
    await using fixture = await openHub({ name: "mine" });
    fixture.hub.createDevice({ deviceId: "d1" });
    const { primaryKey } = fixture.hub.policies[name];
    const connectionString = `HostName=mine.azure-devices.net;DeviceId=d1;SharedAccessKeyName=${name};SharedAccessKey=${primaryKey};GatewayHostName=localhost:${fixture.hub.mqttPort}`;
    const connecting = connectDevice(fixture.hub, "d1", { connectionString, retries: false });
    if (isAllowed) {
      await using device = await connecting;
      await device.report({ by: name });
    } else {
      await expect(connecting).rejects.toThrow(/Not authorized/u);
    }
  });

  it("keeps the keys it is given, so that a hub started again takes the tokens of the one before", async () => {
    const policyKeys = {
      service: {
        primaryKey: Buffer.alloc(32, 1).toString("base64"),
        secondaryKey: Buffer.alloc(32, 2).toString("base64"),
      },
    };
    await using first = await openHub({ policyKeys });
    await using second = await openHub({ policyKeys });
    expect(second.hub.policies.service).toMatchObject(policyKeys.service);
    const registry = registryOf(second.hub, {
      ...second.hub.policies.service,
      ...first.hub.policies.service,
    });
    expect((await registry.getConfigurations()).responseBody).toEqual([]);
    expect(second.hub.policies.device.primaryKey).not.toBe(first.hub.policies.device.primaryKey);
  });

  it("is refused a key that is none, before the hub starts", async () => {
    const primaryKey = Buffer.alloc(32).toString("base64");
    await expect(openHub({ policyKeys: { service: { primaryKey, secondaryKey: "short" } } })).rejects.toThrow(
      /policyKeys\.service/u,
    );
  });

  it("of the device side is told nothing of routes that are not there", async () => {
    await using fixture = await openHub();
    expect(await ask(fixture.hub, "GET /nothing", { policy: "device" })).toMatchObject({ status: 401 });
    expect(await ask(fixture.hub, "GET /nothing", { policy: "service" })).toMatchObject({ status: 501 });
  });

  it.each(["GET /jobs", "GET /jobs/j1", "DELETE /jobs/j1", "POST /jobs/create"])(
    "needs RegistryWrite for %s, since keys go with identities [G]",
    async (call) => {
      await using fixture = await openHub();
      for (const policy of ["service", "registryRead"] as const)
        expect(await ask(fixture.hub, call, { policy })).toMatchObject({ status: 401 });
      expect((await ask(fixture.hub, call, { policy: "registryReadWrite" })).status).not.toBe(401);
    },
  );
});
