import type iothub from "azure-iothub";
import { expect } from "vitest";
import { aConfiguration } from "./hub-fixture.ts";

/** Writes without end until the hub is gone; `check` holds what a hub has against all that it ever accepted. */
export interface Writer {
  /** One write; rejects when the hub did not answer. */
  readonly write: () => Promise<void>;
  /** Throws when an accepted write is missing, or a version went back; adds up how many were accepted. */
  readonly check: () => Promise<number>;
}

/** Registers devices, and removes every third again. */
export function registrar(registry: iothub.Registry): Writer {
  const keys = new Map<string, string>();
  const removed = new Set<string>();
  let count = 0;
  return {
    write: async () => {
      count += 1;
      const deviceId = `registered-${count}`;
      const { responseBody } = await registry.create({ deviceId });
      const key = responseBody.authentication?.symmetricKey?.primaryKey ?? "";
      if (count % 3 > 0) {
        keys.set(deviceId, key);
        return;
      }
      await registry.delete(deviceId);
      removed.add(deviceId);
    },
    check: async () => {
      const { responseBody } = await registry.list();
      const found = new Map(
        responseBody.map((one) => [one.deviceId, one.authentication?.symmetricKey?.primaryKey]),
      );
      for (const [deviceId, key] of keys) expect([deviceId, found.get(deviceId)]).toEqual([deviceId, key]);
      for (const deviceId of removed) expect([deviceId, found.has(deviceId)]).toEqual([deviceId, false]);
      return keys.size + 2 * removed.size;
    },
  };
}

/** Writes tags and desired properties of a twin in one patch: both are there or neither. */
export function patcher(registry: iothub.Registry, deviceId: string): Writer {
  let asked = 0;
  let accepted = 0;
  let last = { n: 0, version: 0, etag: 0 };
  const look = ({ etag, properties: { desired } }: iothub.Twin): typeof last => ({
    n: Number(desired["n"] ?? 0),
    version: Number(desired["$version"]),
    // Eight bytes [facts 2.1].
    etag: Number(Buffer.from(etag.replaceAll('"', ""), "base64").readBigUInt64BE()),
  });
  return {
    write: async () => {
      asked += 1;
      const patch = { tags: { n: asked }, properties: { desired: { n: asked } } };
      const { responseBody } = await registry.updateTwin(deviceId, patch, "*");
      last = look(responseBody);
      accepted += 1;
    },
    check: async () => {
      const { responseBody } = await registry.getTwin(deviceId);
      const now = look(responseBody);
      expect(responseBody.tags["n"] ?? 0).toBe(now.n);
      expectNotBack(deviceId, last, now);
      expect(now.n).toBeLessThanOrEqual(asked);
      last = now;
      return accepted;
    },
  };
}

/** Adds a configuration, then changes it by its etag again and again. */
export function configurer(registry: iothub.Registry, id: string): Writer {
  let accepted = 0;
  let last = { priority: 0, etag: 0 };
  const look = ({ priority = 0, etag = "" }: iothub.Configuration): typeof last => ({
    priority,
    // A number in digits, "MQ==" for 1 [facts 1.1].
    etag: Number(Buffer.from(etag, "base64").toString()),
  });
  // The SDK types the answer as any.
  const stored = (answer: { responseBody: unknown }): iothub.Configuration =>
    answer.responseBody as iothub.Configuration;
  return {
    write: async () => {
      const { responseBody } = await registry.getConfigurations();
      const known = responseBody.find((one) => one.id === id);
      const answer =
        known === undefined
          ? await registry.addConfiguration(aConfiguration(id, { priority: 1, targetCondition: "" }))
          : await registry.updateConfiguration({ ...known, priority: (known.priority ?? 0) + 1 });
      last = look(stored(answer));
      accepted += 1;
    },
    check: async () => {
      const { responseBody } = await registry.getConfigurations();
      const known = responseBody.find((one) => one.id === id);
      if (known === undefined) expect(accepted).toBe(0);
      else {
        expectNotBack(id, last, look(known));
        last = look(known);
      }
      return accepted;
    },
  };
}

/** More than the SDK has under way at once; together well within what a twin may hold. */
const REPORTED_NAMES = 997;

/** Reports through a device's own connection, which comes back by itself; `report` rejects when it is cut meanwhile. */
export function reporter(
  registry: iothub.Registry,
  deviceId: string,
  report: (patch: Record<string, unknown>) => Promise<void>,
): Writer {
  let asked = 0;
  let accepted = 0;
  let last: Readonly<Record<string, number>> = {};
  return {
    write: async () => {
      asked += 1;
      // A property of its own each: what the hub did not answer the SDK sends again, maybe after later reports.
      const written = { [`n${asked % REPORTED_NAMES}`]: asked };
      await report(written);
      last = { ...last, ...written };
      accepted += 1;
    },
    check: async () => {
      const { responseBody } = await registry.getTwin(deviceId);
      const { reported } = responseBody.properties;
      const now = Object.fromEntries(
        [...Object.keys(last), "$version"].map((name) => [name, Number(reported[name] ?? -1)]),
      );
      expectNotBack(deviceId, last, now);
      last = now;
      return accepted;
    },
  };
}

function expectNotBack(
  what: string,
  last: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): void {
  for (const [name, value] of Object.entries(last)) {
    if ((now[name] ?? -1) < value) {
      expect.fail(`${what}: ${name} was ${value} and is ${String(now[name])}: an accepted write is lost`);
    }
  }
}
