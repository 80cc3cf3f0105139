import { describe, expect, it } from "vitest";
import { connectDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal, valuesOf, type HubFixture } from "./hub-fixture.ts";

async function desired({ registry }: HubFixture): Promise<unknown> {
  return valuesOf((await registry.getTwin("d1")).responseBody.properties.desired);
}

describe("what the documents leave open", () => {
  it.each([
    [undefined, { firmware: { version: "mine" } }, 0],
    [true, { firmware: { version: "fw-1" } }, 1],
  ])("an edited value under a configuration, with reassert %j [G]", async (reassert, expected, writes) => {
    await using fixture = await openHub(reassert === undefined ? {} : { reassert });
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await registry.addConfiguration(aConfiguration("fw-1"));
    hub.evaluateNow();
    const edit = { firmware: { version: "mine" } };
    await registry.updateTwin("d1", { properties: { desired: edit } }, "*");
    expect(hub.evaluateNow().writes).toBe(writes);
    expect(await desired(fixture)).toEqual(expected);
    expect(hub.evaluateNow().writes).toBe(0);
  });

  it("writes an edited value again also when another configuration comes in the same run, with reassert [G]", async () => {
    await using fixture = await openHub({ reassert: true });
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await registry.addConfiguration(aConfiguration("fw-1"));
    hub.evaluateNow();
    await registry.updateTwin("d1", { properties: { desired: { firmware: { version: "mine" } } } }, "*");
    await registry.addConfiguration({
      ...aConfiguration("other"),
      content: { deviceContent: { "properties.desired.other": 1 } },
    });
    hub.evaluateNow();
    expect(await desired(fixture)).toEqual({ firmware: { version: "fw-1" }, other: 1 });
  });

  it("leaves properties that no configuration has alone, also with reassert [G]", async () => {
    await using fixture = await openHub({ reassert: true });
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await registry.addConfiguration(aConfiguration("fw-1"));
    hub.evaluateNow();
    await registry.updateTwin("d1", { properties: { desired: { mine: 1 } } }, "*");
    expect(hub.evaluateNow().writes).toBe(0);
    expect(await desired(fixture)).toEqual({ firmware: { version: "fw-1" }, mine: 1 });
  });

  it.each([
    [undefined, { firmware: { version: "fw-1" } }, {}],
    ["merge" as const, { firmware: { version: "fw-1", mine: 1 } }, { firmware: { mine: 1 } }],
  ])("content at a path that has something, with assign %j [G]", async (assign, during, after) => {
    await using fixture = await openHub(assign === undefined ? {} : { assign });
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await registry.updateTwin("d1", { properties: { desired: { firmware: { mine: 1 } } } }, "*");
    await registry.addConfiguration(aConfiguration("fw-1"));
    hub.evaluateNow();
    expect(await desired(fixture)).toEqual(during);
    await registry.removeConfiguration("fw-1");
    hub.evaluateNow();
    expect(await desired(fixture)).toEqual(after);
  });

  it.each([
    [undefined, { a: { y: 2 } }, "Targeted"],
    ["merge" as const, { a: { x: 1, y: 2 } }, "Applied"],
  ])("a higher configuration above the path of a lower, with assign %j [G]", async (assign, value, low) => {
    await using fixture = await openHub(assign === undefined ? {} : { assign });
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const content = (path: string, at: object | number): { deviceContent: Record<string, unknown> } => ({
      deviceContent: { [`properties.desired.${path}`]: at },
    });
    await registry.addConfiguration({
      ...aConfiguration("low", { priority: 1 }),
      content: content("a.x", 1),
    });
    await registry.addConfiguration({
      ...aConfiguration("high", { priority: 2 }),
      content: content("a", { y: 2 }),
    });
    hub.evaluateNow();
    expect(await desired(fixture)).toEqual(value);
    expect((await registry.getTwin("d1")).responseBody).toMatchObject({
      configurations: { low: { status: low }, high: { status: "Applied" } },
    });
  });

  it('takes a configuration\'s leaves away when another at the same path has none of them, with assign "merge" [G]', async () => {
    await using fixture = await openHub({ assign: "merge" });
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const content = (at: object): { deviceContent: Record<string, unknown> } => ({
      deviceContent: { "properties.desired.a": at },
    });
    await registry.addConfiguration({
      ...aConfiguration("low", { priority: 1 }),
      content: content({ x: 1, z: 1 }),
    });
    hub.evaluateNow();
    await registry.addConfiguration({
      ...aConfiguration("high", { priority: 2 }),
      content: content({ y: 2, z: 2 }),
    });
    hub.evaluateNow();
    expect(await desired(fixture)).toEqual({ a: { y: 2, z: 2 } });
  });

  it.each([
    [undefined, undefined],
    [true, 429],
  ])(
    "the throttle of GET of one configuration, with countConfigurationGets %j [G]",
    async (count, status) => {
      await using fixture = await openHub({
        throttle: "strict",
        ...(count === undefined ? {} : { countConfigurationGets: count }),
      });
      await fixture.registry.addConfiguration(aConfiguration("fw-1"));
      for (let index = 0; index < 19; index++) await fixture.registry.getConfiguration("fw-1");
      const last = fixture.registry.getConfiguration("fw-1");
      if (status === undefined) expect((await last).responseBody.id).toBe("fw-1");
      else expect(await refusal(last)).toMatchObject({ status });
    },
  );

  it.each([
    [undefined, true],
    [true, false],
  ])("the etag of a twin after a report, with reportedChangesEtag %j [G]", async (changes, isSame) => {
    await using fixture = await openHub(changes === undefined ? {} : { reportedChangesEtag: changes });
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1");
    const { etag } = (await fixture.registry.getTwin("d1")).responseBody;
    await device.report({ a: 1 });
    expect((await fixture.registry.getTwin("d1")).responseBody.etag === etag).toBe(isSame);
  });

  it.each([
    [undefined, true],
    ["regenerate" as const, false],
  ])("keys that an update leaves blank, with blankKeys %j [G]", async (blankKeys, isSame) => {
    await using fixture = await openHub(blankKeys === undefined ? {} : { blankKeys });
    const { responseBody: before } = await fixture.registry.create({ deviceId: "d1" });
    const { responseBody: after } = await fixture.registry.update({ deviceId: "d1" });
    const keys = [before, after].map(({ authentication }) => authentication?.symmetricKey?.primaryKey);
    expect(keys[0] === keys[1]).toBe(isSame);
    expect(Buffer.from(keys[1] ?? "", "base64")).toHaveLength(32);
  });

  it.each([
    [undefined, 10],
    [20 as const, 20],
  ])("the configurations of a free hub, with freeConfigurations %j [G]", async (freeConfigurations, most) => {
    await using fixture = await openHub({
      tier: "F1",
      ...(freeConfigurations === undefined ? {} : { freeConfigurations }),
    });
    for (let index = 0; index < most; index++)
      await fixture.registry.addConfiguration(aConfiguration(`c${index}`));
    expect(await refusal(fixture.registry.addConfiguration(aConfiguration("more")))).toMatchObject({
      status: 413,
      code: "ConfigurationCountLimitExceeded",
    });
  });

  it.each([
    [undefined, 400],
    [404 as const, 404],
  ])("changed content, with contentChangeStatus %j [G]", async (contentChangeStatus, status) => {
    await using fixture = await openHub(contentChangeStatus === undefined ? {} : { contentChangeStatus });
    const { registry } = fixture;
    await registry.addConfiguration(aConfiguration("fw-1"));
    const content = { deviceContent: { "properties.desired.firmware": { version: "other" } } };
    expect(
      await refusal(registry.updateConfiguration({ ...aConfiguration("fw-1"), content }, true)),
    ).toMatchObject({
      status,
      code: "CannotModifyImmutableConfigurationContent",
    });
  });

  it.each([
    [undefined, null],
    ["assignment" as const, "assignment"],
  ])("the contentType of a configuration, with configurationContentType %j [G]", async (option, shown) => {
    await using fixture = await openHub(option === undefined ? {} : { configurationContentType: option });
    await fixture.registry.addConfiguration(aConfiguration("fw-1"));
    expect((await fixture.registry.getConfiguration("fw-1")).responseBody).toMatchObject({
      contentType: shown,
    });
    expect((await fixture.registry.getConfigurations()).responseBody).toMatchObject([{ contentType: shown }]);
  });

  it("a dot in the id of a configuration, with configurationIds [G]", async () => {
    await using strict = await openHub();
    expect(await refusal(strict.registry.addConfiguration(aConfiguration("fw-1.0")))).toMatchObject({
      status: 400,
    });
    await using wide = await openHub({ configurationIds: "not forbidden" });
    await wide.registry.addConfiguration(aConfiguration("fw-1.0"));
    for (const id of ["FW", "a b", "a<b", "a|b", "a[b"]) {
      expect(await refusal(wide.registry.addConfiguration(aConfiguration(id)))).toMatchObject({
        status: 400,
      });
    }
  });

  it.each([
    [undefined, 100],
    [1000 as const, 120],
  ])("a page of a query, with largestPage %j [G]", async (largestPage, rows) => {
    await using fixture = await openHub(largestPage === undefined ? {} : { largestPage });
    for (let index = 0; index < 120; index++) fixture.hub.createDevice({ deviceId: `d${index}` });
    const { result } = (await fixture.registry.createQuery("SELECT deviceId FROM devices").next()) as {
      result: unknown[];
    };
    expect(result).toHaveLength(rows);
  });
});
