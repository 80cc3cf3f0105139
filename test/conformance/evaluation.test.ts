import { expect } from "vitest";
import { stored, valuesOf } from "../support/service-answer.ts";
import { aConfiguration } from "./a-configuration.ts";
import { describeArea } from "./area.ts";
import type { HubUnderTest } from "./hub-under-test.ts";

/** Desired properties of a device, and what its twin says of these configurations. */
async function managed(
  hub: HubUnderTest,
  deviceId: string,
): Promise<{ desired: unknown; statuses: unknown }> {
  const { responseBody: twin } = await hub.registry.getTwin(deviceId);
  return {
    desired: valuesOf(twin.properties.desired),
    // The SDK passes the section on without declaring it.
    statuses: (twin as unknown as { configurations?: unknown }).configurations,
  };
}

const APPLIED = { status: "Applied" };
const TARGETED = { status: "Targeted" };

describeArea("evaluation", (it) => {
  it("writes content to the devices of the condition, and counts them and the rows of metrics [facts 1.6, 1.8]", async (hub) => {
    const { ids, where } = await hub.newFlock({ site: "a" }, { site: "a" }, { site: "b" });
    const [first = "", , third = ""] = ids;
    const id = hub.newConfigurationId();
    await hub.registry.addConfiguration(
      aConfiguration(id, {
        targetCondition: `${where} AND tags.site = 'a'`,
        metrics: {
          queries: {
            all: `SELECT deviceId FROM devices WHERE ${where}`,
            applied: `SELECT deviceId FROM devices WHERE configurations.[[${id}]].status = 'Applied'`,
          },
        },
      }),
    );
    await hub.evaluated(async () => {
      const { systemMetrics, metrics } = (await hub.registry.getConfiguration(id)).responseBody;
      expect(systemMetrics?.results).toEqual({ targetedCount: 2, appliedCount: 2 });
      expect(metrics?.results).toEqual({ all: 3, applied: 2 });
    });
    expect(await managed(hub, first)).toEqual({
      desired: { firmware: { version: id } },
      statuses: { [id]: APPLIED },
    });
    expect(await managed(hub, third)).toEqual({ desired: {}, statuses: undefined });
  });

  it("gives a path to the highest priority, and to the later created of equal ones [facts 1.6]", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [low, first, second] = ["low", "first", "second"].map((name) => hub.newConfigurationId(name));
    for (const [id = "", priority] of [
      [low, 1],
      [first, 5],
      [second, 5],
    ] as const)
      await hub.registry.addConfiguration(aConfiguration(id, { targetCondition: where, priority }));
    await hub.evaluated(async () => {
      expect(await managed(hub, ids[0]!)).toEqual({
        desired: { firmware: { version: second } },
        statuses: { [low!]: TARGETED, [first!]: TARGETED, [second!]: APPLIED },
      });
    });
  });

  it("lets different paths of several configurations stand beside each other, and what nobody configured alone", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    await hub.registry.updateTwin(deviceId, { properties: { desired: { interval: 30 } } }, "*");
    const contents = { a: { "properties.desired.a": 1 }, b: { "properties.desired.b.c": { d: 2 } } };
    for (const [name, deviceContent] of Object.entries(contents)) {
      const configuration = aConfiguration(hub.newConfigurationId(name), { targetCondition: where });
      await hub.registry.addConfiguration({ ...configuration, content: { deviceContent } });
    }
    await hub.evaluated(async () => {
      expect((await managed(hub, deviceId)).desired).toEqual({ interval: 30, a: 1, b: { c: { d: 2 } } });
    });
  });

  it("falls back to the next lower priority when a device leaves, a condition is emptied, a configuration deleted [facts 1.7]", async (hub) => {
    const { ids, where } = await hub.newFlock({ ring: 1 }, { ring: 1 });
    const [leaver = "", stayer = ""] = ids;
    const [base, next, top] = ["base", "next", "top"].map((name) => hub.newConfigurationId(name));
    const add = (id = "", priority: number, targetCondition: string): ReturnType<typeof stored> =>
      stored(hub.registry.addConfiguration(aConfiguration(id, { priority, targetCondition })));
    await add(base, 1, where);
    await add(next, 2, `${where} AND tags.ring = 1`);
    const highest = await add(top, 3, `${where} AND tags.ring = 1`);
    const versions = async (): Promise<unknown> =>
      Promise.all([leaver, stayer].map(async (id) => (await managed(hub, id)).desired));
    const version = (id: string | undefined): object => ({ firmware: { version: id } });
    await hub.evaluated(async () => {
      expect(await versions()).toEqual([version(top), version(top)]);
    });
    await hub.registry.updateTwin(leaver, { tags: { ring: 2 } }, "*");
    await hub.registry.updateConfiguration({ ...highest, targetCondition: "" });
    await hub.evaluated(async () => {
      expect(await versions()).toEqual([version(base), version(next)]);
    });
    await hub.registry.removeConfiguration(next!);
    await hub.evaluated(async () => {
      expect(await versions()).toEqual([version(base), version(base)]);
      expect((await managed(hub, stayer)).statuses).toEqual({ [base!]: APPLIED });
    });
  });

  it("takes content away where no configuration covers the path any more [facts 1.7]", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    await hub.registry.updateTwin(deviceId, { properties: { desired: { interval: 30 } } }, "*");
    const configuration = await stored(
      hub.registry.addConfiguration(aConfiguration(hub.newConfigurationId(), { targetCondition: where })),
    );
    await hub.evaluated(async () => {
      expect((await managed(hub, deviceId)).desired).toMatchObject({
        firmware: { version: configuration.id },
      });
    });
    await hub.registry.updateConfiguration({ ...configuration, targetCondition: "" });
    await hub.evaluated(async () => {
      expect(await managed(hub, deviceId)).toEqual({ desired: { interval: 30 }, statuses: undefined });
    });
  });

  it("takes content away whose configuration was deleted [G]", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    const id = hub.newConfigurationId();
    await hub.registry.addConfiguration(aConfiguration(id, { targetCondition: where }));
    await hub.evaluated(async () => {
      expect((await managed(hub, deviceId)).statuses).toEqual({ [id]: APPLIED });
    });
    await hub.registry.removeConfiguration(id);
    await hub.evaluated(async () => {
      expect(await managed(hub, deviceId)).toEqual({ desired: {}, statuses: undefined });
    });
  });

  it("swaps two configurations when a priority is raised, and tells the connected device", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    const [low, high] = ["low", "high"].map((name) => hub.newConfigurationId(name));
    const first = await stored(
      hub.registry.addConfiguration(aConfiguration(low!, { targetCondition: where, priority: 1 })),
    );
    await hub.registry.addConfiguration(aConfiguration(high!, { targetCondition: where, priority: 2 }));
    await hub.evaluated(async () => {
      expect((await managed(hub, deviceId)).statuses).toEqual({ [low!]: TARGETED, [high!]: APPLIED });
    });
    await using device = await hub.connect(deviceId);
    expect(device.twin.properties.desired).toMatchObject({ firmware: { version: high } });
    const heard = device.nextDesired();
    await hub.registry.updateConfiguration({ ...first, priority: 3 });
    await hub.evaluated(async () => {
      expect(await managed(hub, deviceId)).toEqual({
        desired: { firmware: { version: low } },
        statuses: { [low!]: APPLIED, [high!]: TARGETED },
      });
    });
    expect(await heard).toMatchObject({ firmware: { version: low } });
  });

  it("leaves a value alone that a person edited [G]", async (hub) => {
    const { ids, where } = await hub.newFlock({}, {});
    const [deviceId = "", other = ""] = ids;
    const id = hub.newConfigurationId();
    const created = await stored(
      hub.registry.addConfiguration(
        aConfiguration(id, { targetCondition: `${where} AND deviceId = '${deviceId}'` }),
      ),
    );
    await hub.evaluated(async () => {
      expect((await managed(hub, deviceId)).statuses).toEqual({ [id]: APPLIED });
    });
    const edit = { properties: { desired: { firmware: { version: "mine" } } } };
    await hub.registry.updateTwin(deviceId, edit, "*");
    // Another device joins, so that there is an evaluation to be seen.
    await hub.registry.updateConfiguration({ ...created, targetCondition: where });
    await hub.evaluated(async () => {
      expect((await managed(hub, other)).statuses).toEqual({ [id]: APPLIED });
    });
    expect((await managed(hub, deviceId)).desired).toEqual({ firmware: { version: "mine" } });
  });

  it("replaces what was at a path, and does not merge [G]", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    const own = { properties: { desired: { firmware: { mine: 1 } } } };
    await hub.registry.updateTwin(deviceId, own, "*");
    const id = hub.newConfigurationId();
    await hub.registry.addConfiguration(aConfiguration(id, { targetCondition: where }));
    await hub.evaluated(async () => {
      expect((await managed(hub, deviceId)).desired).toEqual({ firmware: { version: id } });
    });
  });

  it("takes the path properties.desired for each of its members [G]", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    await hub.registry.updateTwin(deviceId, { properties: { desired: { mine: 1 } } }, "*");
    const configuration = aConfiguration(hub.newConfigurationId(), { targetCondition: where });
    const content = { deviceContent: { "properties.desired": { a: 1, b: { c: 2 } } } };
    await hub.registry.addConfiguration({ ...configuration, content });
    await hub.evaluated(async () => {
      expect((await managed(hub, deviceId)).desired).toEqual({ mine: 1, a: 1, b: { c: 2 } });
    });
  });

  it("puts a higher path on top of a lower one under it, which is Targeted then [G]", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    const [low, high] = ["low", "high"].map((name) => hub.newConfigurationId(name));
    const add = async (id = "", priority: number, deviceContent: Record<string, unknown>): Promise<void> => {
      const configuration = aConfiguration(id, { targetCondition: where, priority });
      await hub.registry.addConfiguration({ ...configuration, content: { deviceContent } });
    };
    await add(low, 1, { "properties.desired.a.x": 1 });
    await add(high, 2, { "properties.desired.a": { y: 2 } });
    await hub.evaluated(async () => {
      expect(await managed(hub, deviceId)).toEqual({
        desired: { a: { y: 2 } },
        statuses: { [low!]: TARGETED, [high!]: APPLIED },
      });
    });
  });

  it("counts a type of the condition that is another as no match [facts 1.5]", async (hub) => {
    const { where } = await hub.newFlock({ building: 9 }, { building: "9" });
    const id = hub.newConfigurationId();
    const targetCondition = `${where} AND tags.building = 9`;
    await hub.registry.addConfiguration(aConfiguration(id, { targetCondition }));
    await hub.evaluated(async () => {
      expect((await hub.registry.getConfiguration(id)).responseBody.systemMetrics?.results).toEqual({
        targetedCount: 1,
        appliedCount: 1,
      });
    });
  });
});
