import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configurationDocument } from "../../../local/hub/configuration.ts";
import { createConfigurationStore } from "../../../local/hub/configuration-store.ts";
import { parseConfiguration } from "../../../local/hub/configuration-terms.ts";
import { twinDocument } from "../../../local/hub/device-documents.ts";
import { createDeviceStore } from "../../../local/hub/device-store.ts";
import { createEvaluator, type EvaluatedStores } from "../../../local/hub/evaluation.ts";
import type { JsonObject } from "../../../local/hub/json-value.ts";

type Step =
  | { readonly kind: "register" | "remove"; readonly device: number }
  | { readonly kind: "tag"; readonly device: number; readonly group: number }
  | { readonly kind: "report"; readonly device: number; readonly state: string }
  | { readonly kind: "desire"; readonly device: number; readonly value: number | null }
  | {
      readonly kind: "configure";
      readonly configuration: number;
      readonly condition: string;
      readonly priority: number;
    }
  | { readonly kind: "unconfigure"; readonly configuration: number }
  | { readonly kind: "evaluate" };

const device = fc.nat(5);
const configuration = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("register", "register", "remove"), device }),
  fc.record({ kind: fc.constant("tag"), device, group: fc.nat(2) }),
  fc.record({ kind: fc.constant("report"), device, state: fc.constantFrom("ok", "failed") }),
  fc.record({ kind: fc.constant("desire"), device, value: fc.constantFrom(1, 2, null) }),
  fc.record({
    kind: fc.constant("configure"),
    configuration,
    condition: fc.constantFrom(
      "",
      "*",
      "tags.group = 1",
      "tags.group = 2",
      "properties.reported.state = 'ok'",
    ),
    priority: fc.nat(2),
  }),
  fc.record({ kind: fc.constant("unconfigure"), configuration }),
  fc.record({ kind: fc.constant("evaluate") }),
);

/** A hub's stores; `isFresh` has each run start from nothing instead of from what the run before remembered. */
function aWorld(
  isFresh: boolean,
  options: Pick<EvaluatedStores, "assign" | "reassert"> = {},
): (step: Step) => unknown {
  let time = 0;
  const clock = { now: () => (time += 1), sleep: () => Promise.resolve() };
  const devices = createDeviceStore({ clock, maxDevices: 100 });
  const configurations = createConfigurationStore({
    clock,
    maxConfigurations: 100,
    onChange: () => undefined,
  });
  const stores = { devices, configurations, onDelete: "remove", ...options } as const;
  const remembering = createEvaluator(stores);
  const run = (next: Step): void => {
    const id = "device" in next ? `d${next.device}` : "";
    switch (next.kind) {
      case "register":
        if (devices.find(id) === undefined)
          devices.register({ deviceId: id, primaryKey: "a2V5", secondaryKey: "a2V5" });
        return;
      case "remove":
        if (devices.find(id) !== undefined) devices.remove(id);
        return;
      case "tag":
        if (devices.find(id) !== undefined) devices.mergeTwin(id, { tags: { group: next.group } });
        return;
      case "report":
        if (devices.find(id) !== undefined) devices.mergeReported(id, { state: next.state });
        return;
      case "desire":
        if (devices.find(id) !== undefined) devices.mergeTwin(id, { desired: { a: { b: next.value } } });
        return;
      case "configure": {
        const name = `c${next.configuration}`;
        const isThere = configurations.all().some((known) => known.id === name);
        const written = parseConfiguration(name, body(name, next));
        if (isThere) configurations.update(written, { etag: "*", isQuoted: true });
        else configurations.create(written);
        return;
      }
      case "unconfigure": {
        const name = `c${next.configuration}`;
        if (configurations.all().some((known) => known.id === name)) configurations.remove(name, undefined);
        return;
      }
      case "evaluate":
        (isFresh ? createEvaluator(stores) : remembering)();
    }
  };
  return (next) => {
    run(next);
    const twins = [...devices.all()].map((twin) => ({ ...twinDocument(twin), deviceEtag: "" }));
    return { twins, configurations: configurations.all().map((one) => configurationDocument(one)) };
  };
}

function body(
  id: string,
  { condition, priority, configuration: number }: Step & { kind: "configure" },
): JsonObject {
  const value = number % 2 === 0 ? { b: number, c: number } : number;
  return {
    id,
    content: { deviceContent: { [number < 2 ? "properties.desired.a" : "properties.desired.a.b"]: value } },
    targetCondition: condition,
    priority,
    metrics: {
      queries: {
        ok: "SELECT deviceId FROM devices WHERE properties.reported.state = 'ok'",
        applied: `SELECT deviceId FROM devices WHERE configurations.[[${id}]].status = 'Applied'`,
        desired: "SELECT deviceId FROM devices WHERE IS_DEFINED(properties.desired.a.b)",
        groups: "SELECT tags.group, COUNT() AS n FROM devices GROUP BY tags.group",
      },
    },
  };
}

describe("an evaluation that remembers the one before", () => {
  it.each([
    {},
    { assign: "merge" as const },
    { reassert: true },
    { assign: "merge" as const, reassert: true },
  ])(
    "comes to what one that looks at everybody comes to, whatever happened in between, with %j",
    (options) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
          const [remembering, fresh] = [aWorld(false, options), aWorld(true, options)];
          for (const next of [...steps, { kind: "evaluate" } as const])
            expect(remembering(next)).toEqual(fresh(next));
        }),
        { numRuns: 300 },
      );
    },
  );
});
