import { expect } from "vitest";
import { refusal, stored } from "../support/service-answer.ts";
import { aConfiguration } from "./a-configuration.ts";
import { describeArea } from "./area.ts";
import { PRECISE_TIME } from "./variable-parts.ts";

describeArea("configurations", (it) => {
  it("read back as the service writes them, results unknown until the first evaluation [facts 1.1]", async (hub) => {
    const id = hub.newConfigurationId();
    const targetCondition = `tags.conformance = '${hub.run}' AND tags.site = 'nowhere'`;
    const queries = { ok: `SELECT deviceId FROM devices WHERE ${targetCondition}` };
    const created = await stored(
      hub.registry.addConfiguration(
        aConfiguration(id, { targetCondition, labels: { who: "me" }, metrics: { queries } }),
      ),
    );
    expect(created).toEqual({
      id,
      schemaVersion: "2.0",
      labels: { who: "me" },
      content: { deviceContent: { "properties.desired.firmware": { version: id } } },
      contentType: null,
      targetCondition,
      createdTimeUtc: PRECISE_TIME,
      lastUpdatedTimeUtc: PRECISE_TIME,
      priority: 10,
      systemMetrics: {
        results: {},
        queries: {
          targetedCount: `select deviceId from devices where ${targetCondition}`,
          appliedCount: `select deviceId from devices where configurations.[[${id}]].status = 'Applied'`,
        },
      },
      metrics: { results: {}, queries },
      etag: "MQ==",
    });
    const { responseBody: listed } = await hub.registry.getConfigurations();
    expect(listed.find((one) => one.id === id)).toMatchObject({ id, etag: "MQ==", targetCondition });
    expect((await hub.registry.getConfiguration(id)).responseBody).toMatchObject({ id, etag: "MQ==" });
  });

  it("with an empty condition have an empty query for their targets", async (hub) => {
    const id = hub.newConfigurationId();
    const created = await stored(hub.registry.addConfiguration(aConfiguration(id)));
    expect(created).toMatchObject({
      targetCondition: "",
      systemMetrics: { queries: { targetedCount: "" } },
    });
  });

  it(
    "that target * ask for all devices [G]",
    { needs: "local", because: "the devices of others would be written to" },
    async (hub) => {
      const id = hub.newConfigurationId();
      const created = await stored(
        hub.registry.addConfiguration(aConfiguration(id, { targetCondition: "*" })),
      );
      expect(created.systemMetrics?.queries).toMatchObject({ targetedCount: "select deviceId from devices" });
      await hub.registry.removeConfiguration(id);
    },
  );

  it("change by their etag: condition, priority, labels and metrics [facts 1.4]", async (hub) => {
    const id = hub.newConfigurationId();
    const first = await stored(hub.registry.addConfiguration(aConfiguration(id)));
    const targetCondition = `tags.conformance = '${hub.run}' AND tags.a = 1`;
    const metrics = { queries: { all: `SELECT * FROM devices WHERE ${targetCondition}` } };
    const change = { ...first, targetCondition, priority: 11, labels: { b: "c" }, metrics };
    const second = await stored(hub.registry.updateConfiguration(change));
    expect(second).toMatchObject({ id, targetCondition, priority: 11, labels: { b: "c" }, metrics });
    expect(second.createdTimeUtc).toBe(first.createdTimeUtc);
    expect(Date.parse(second.lastUpdatedTimeUtc ?? "")).toBeGreaterThan(
      Date.parse(first.lastUpdatedTimeUtc ?? ""),
    );
    expect(second.etag).not.toBe(first.etag);
    expect(await refusal(hub.registry.updateConfiguration(change))).toMatchObject({
      status: 412,
      code: "PreconditionFailed",
      kind: "InvalidEtagError",
    });
    // By "*" the last writer wins.
    expect((await stored(hub.registry.updateConfiguration({ ...change, priority: 12 }, true))).priority).toBe(
      12,
    );
  });

  it("count the etag up with each accepted write [G]", async (hub) => {
    const id = hub.newConfigurationId();
    const first = await stored(hub.registry.addConfiguration(aConfiguration(id)));
    const second = await stored(hub.registry.updateConfiguration({ ...first, priority: 1 }));
    const third = await stored(hub.registry.updateConfiguration({ ...second, priority: 2 }));
    expect([first.etag, second.etag, third.etag]).toEqual(["MQ==", "Mg==", "Mw=="]);
  });

  for (const [what, header] of [
    ["without an If-Match", undefined],
    ["with an etag without quotes", "MQ=="],
  ] as const) {
    it(`that are updated ${what} are taken for a second creation, 409 [facts 1.4]`, async (hub) => {
      const id = hub.newConfigurationId();
      await hub.registry.addConfiguration(aConfiguration(id));
      const answer = await hub.ask(`PUT /configurations/${id}`, {
        body: aConfiguration(id, { priority: 11 }),
        headers: header === undefined ? {} : { "If-Match": header },
      });
      expect(answer).toMatchObject({ status: 409, code: "ConfigurationAlreadyExists" });
    });
  }

  it("exist once: 409 for a second by the SDK", async (hub) => {
    const id = hub.newConfigurationId();
    await hub.registry.addConfiguration(aConfiguration(id));
    expect(await refusal(hub.registry.addConfiguration(aConfiguration(id)))).toMatchObject({
      status: 409,
      code: "ConfigurationAlreadyExists",
      kind: "DeviceAlreadyExistsError",
    });
  });

  it("that are not there are 404 ConfigurationNotFound, a plain error in the SDK", async (hub) => {
    expect(await refusal(hub.registry.getConfiguration(hub.newConfigurationId()))).toMatchObject({
      status: 404,
      code: "ConfigurationNotFound",
      kind: "Error",
    });
  });

  it("that are not there are 404 to update [G]", async (hub) => {
    const missing = aConfiguration(hub.newConfigurationId());
    expect(await refusal(hub.registry.updateConfiguration(missing, true))).toMatchObject({ status: 404 });
  });

  it("have immutable content: CannotModifyImmutableConfigurationContent [facts 1.4]", async (hub) => {
    const id = hub.newConfigurationId();
    const first = await stored(hub.registry.addConfiguration(aConfiguration(id)));
    const content = { deviceContent: { "properties.desired.firmware": { version: "other" } } };
    const refused = await refusal(hub.registry.updateConfiguration({ ...first, content }));
    expect(refused.code).toBe("CannotModifyImmutableConfigurationContent");
    expect((await hub.registry.getConfiguration(id)).responseBody.content).toEqual(first.content);
  });

  it("whose content is changed answer 400 [G]", async (hub) => {
    const id = hub.newConfigurationId();
    const first = await stored(hub.registry.addConfiguration(aConfiguration(id)));
    const content = { deviceContent: { "properties.desired.firmware": { version: "other" } } };
    expect(await refusal(hub.registry.updateConfiguration({ ...first, content }))).toMatchObject({
      status: 400,
    });
  });

  it("may be updated without their content [G]", async (hub) => {
    const id = hub.newConfigurationId();
    const first = await stored(hub.registry.addConfiguration(aConfiguration(id)));
    const { status, body } = await hub.ask(`PUT /configurations/${id}`, {
      body: { id, priority: 3, targetCondition: "" },
      headers: { "If-Match": `"${first.etag}"` },
    });
    expect({ status, body }).toMatchObject({ status: 200, body: { priority: 3, content: first.content } });
  });

  it("ignore what only the service writes [G]", async (hub) => {
    const id = hub.newConfigurationId();
    const body = {
      ...aConfiguration(id),
      etag: "*",
      createdTimeUtc: "2001-01-01T00:00:00Z",
      systemMetrics: { results: { appliedCount: 9 }, queries: {} },
    };
    const { status, body: created } = await hub.ask(`PUT /configurations/${id}`, { body });
    expect(status).toBe(200);
    expect(created).toMatchObject({ etag: "MQ==", systemMetrics: { results: {} } });
    expect(created).not.toMatchObject({ createdTimeUtc: body.createdTimeUtc });
  });

  it("are removed by the SDK, and by a quoted etag only while they have it", async (hub) => {
    const id = hub.newConfigurationId();
    const first = await stored(hub.registry.addConfiguration(aConfiguration(id)));
    const second = await stored(hub.registry.updateConfiguration({ ...first, priority: 1 }));
    const remove = (etag: string): ReturnType<typeof hub.ask> =>
      hub.ask(`DELETE /configurations/${id}`, { headers: { "If-Match": `"${etag}"` } });
    expect(await remove(first.etag ?? "")).toMatchObject({ status: 412, code: "PreconditionFailed" });
    expect((await remove(second.etag ?? "")).status).toBe(204);
    await hub.registry.addConfiguration(aConfiguration(id));
    await hub.registry.removeConfiguration(id);
    expect(await refusal(hub.registry.getConfiguration(id))).toMatchObject({ status: 404 });
  });

  it(
    "cannot be the 101st [facts 1.3]",
    {
      needs: "local",
      because: "a hundred writes are five minutes of its limit, and others have configurations",
    },
    async (hub) => {
      const { responseBody: before } = await hub.registry.getConfigurations();
      const ids = Array.from({ length: 101 - before.length }, () => hub.newConfigurationId());
      for (const id of ids.slice(1)) await hub.registry.addConfiguration(aConfiguration(id));
      const [last = "", ...others] = ids;
      const refused = await refusal(hub.registry.addConfiguration(aConfiguration(last)));
      expect(refused).toMatchObject({ status: 413, code: "ConfigurationCountLimitExceeded", kind: "Error" });
      for (const id of others) await hub.registry.removeConfiguration(id);
    },
  );

  for (const [what, change, code] of [
    ["no content", { content: {} }, "InvalidConfigurationContent"],
    [
      "a path outside desired",
      { content: { deviceContent: { "tags.a": 1 } } },
      "InvalidConfigurationContent",
    ],
    [
      "content of devices and of modules",
      {
        content: {
          deviceContent: { "properties.desired.a": 1 },
          moduleContent: { "properties.desired.a": 1 },
        },
      },
      "InvalidConfigurationContent",
    ],
    [
      "a metric that is no query",
      { metrics: { queries: { m: "SELECT FROM" } } },
      "InvalidConfigurationCustomMetricsQuery",
    ],
  ] as const) {
    it(`are refused with ${what}: ${code}`, async (hub) => {
      const configuration = aConfiguration(hub.newConfigurationId(), change);
      expect(await refusal(hub.registry.addConfiguration(configuration))).toMatchObject({
        status: 400,
        code,
      });
    });
  }

  it("are refused in the service's words where their content is none [facts 1.2]", async (hub) => {
    const configuration = aConfiguration(hub.newConfigurationId(), { content: { deviceContent: { a: 1 } } });
    expect((await refusal(hub.registry.addConfiguration(configuration))).message).toContain(
      "The content provided for configuration is invalid. Please check and try again",
    );
  });

  for (const [what, name, change] of [
    ["an upper-case id", "UPPER", {}],
    ["a dot in the id", "a.b", {}],
    ["a negative priority", "", { priority: -1 }],
    ["a label with a blank", "", { labels: { a: "b c" } }],
    [
      "six metrics",
      "",
      {
        metrics: {
          queries: Object.fromEntries(
            Array.from({ length: 6 }, (_, key) => [
              `m${key}`,
              "SELECT * FROM devices WHERE deviceId = 'none'",
            ]),
          ),
        },
      },
    ],
  ] as const) {
    it(`are refused with ${what} [G]`, async (hub) => {
      const configuration = aConfiguration(hub.newConfigurationId(name), change);
      expect(await refusal(hub.registry.addConfiguration(configuration))).toMatchObject({ status: 400 });
    });
  }
});
