import { describe, expect, it } from "vitest";
import { createEntraToken } from "../../../local/hub/entra-token.ts";
import { startHub } from "../../../local/hub/hub.ts";
import { systemClock } from "../../../rollout/adapters/clock.ts";
import { iotHub } from "../../../rollout/adapters/iot-hub.ts";
import { connectRegistry } from "../../../rollout/adapters/registry.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import { aDocument } from "./hub-at-a-standstill.ts";

// The way on Azure: a credential, and the same HTTP layer as everywhere.

const issuerKey = "a secret of at least thirty-two bytes";

describe("a hub reached by a credential", () => {
  it("takes tokens for IoT Hub, and refuses those without the role", async () => {
    await using hub = await startHub({ entra: { issuerKey } });
    const scopes: unknown[] = [];
    const portOf = (roles: readonly string[]): HubPort => {
      const token = createEntraToken({ issuerKey, roles, name: "rollout" });
      const registry = connectRegistry({
        kind: "credential",
        hostName: `${hub.hostName}:${hub.httpsPort}`,
        credential: {
          getToken: (scope) => {
            scopes.push(scope);
            return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
          },
        },
        ca: hub.caPem,
      });
      return iotHub({ name: "test", registry, clock: systemClock(), tier: "S1", units: 1 });
    };
    const created = await portOf(["IoT Hub Data Contributor"]).create(aDocument("one"));
    expect((await portOf(["IoT Hub Data Reader"]).list()).configurations).toEqual([created]);
    expect(new Set(scopes)).toEqual(new Set(["https://iothubs.azure.net/.default"]));
    await expect(portOf(["IoT Hub Data Reader"]).replace(created, created.etag)).rejects.toMatchObject({
      code: "HUB_UNAUTHORIZED",
    });
  });

  it("gives up the wait for a token when it is interrupted", async () => {
    await using hub = await startHub();
    const interrupt = new AbortController();
    const asked = Promise.withResolvers<undefined>();
    const registry = connectRegistry({
      kind: "credential",
      hostName: `${hub.hostName}:${hub.httpsPort}`,
      credential: {
        getToken: () => {
          asked.resolve(undefined);
          return new Promise(() => undefined);
        },
      },
      ca: hub.caPem,
    });
    const port = iotHub({ name: "test", registry, clock: systemClock(), tier: "S1", units: 1 });
    const failed = expect(port.list({ signal: interrupt.signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    await asked.promise;
    interrupt.abort();
    await failed;
    expect(hub.calls().total).toBe(0);
  });
});
