import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settingsOf, startLocalStack, type LocalStack } from "../support/pulumi/local-stack.ts";
import { UNKNOWN } from "../support/pulumi/wire-values.ts";

const SET_TYPE = "pulumi-nodejs:dynamic/wavegate:DeviceSet";

describe("the life of a set of devices in the real program", { timeout: 120_000 }, () => {
  let local: LocalStack;
  const sets = (count: number, more: Record<string, unknown> = {}): Record<string, string> => {
    const devices = Array.from({ length: count }, (_, index) => `lot7-${String(index).padStart(4, "0")}`);
    const set = { name: "lot-7", product: "thermostat", stratum: "rev-a", devices, ...more };
    return settingsOf({ deviceSets: [set] });
  };
  const writes = (): number => local.hub.calls().registry + local.hub.calls().twinWrites;

  beforeAll(async () => {
    local = await startLocalStack({
      hub: { tier: "S3" },
      configuration: { environment: "development", protect: false, hubTier: "S3" },
    });
    local.stack.configure(sets(250));
  });
  afterAll(() => local[Symbol.asyncDispose]());

  it("is one resource: nothing asked in a preview, 250 devices made by 3 calls, none in a second up", async () => {
    const preview = await local.stack.preview();
    expect(preview.errors).toEqual([]);
    const registered = preview.registrations.find(({ type }) => type === SET_TYPE);
    expect([registered?.inputs["hostName"], local.hub.calls().total]).toEqual([UNKNOWN, 0]);

    const up = await local.stack.up();
    expect(up.errors).toEqual([]);
    expect(up.counts).toEqual(preview.counts);
    expect([local.hub.calls().total, writes()]).toEqual([3, 3]);

    const again = await local.stack.up();
    expect(again.counts).toEqual({ same: local.stack.state.size });
    expect(local.hub.calls().total).toBe(3);
  });

  it("updates what changed, finds nothing in a refresh, and is destroyed by bulk calls", async () => {
    local.stack.configure(sets(240, { devices: undefined }));
    const refused = await local.stack.up();
    expect(refused.errors.join("\n")).toContain("wavegate:deviceSets[0].devices");
    local.stack.configure(sets(240));
    const before = writes();
    const shrunk = await local.stack.up();
    expect(shrunk.counts).toEqual({ update: 1, same: local.stack.state.size - 1 });
    expect(writes() - before).toBe(1);
    expect(await local.stack.refresh()).toEqual({ gone: [], drifted: [] });
    const last = writes();
    expect((await local.stack.destroy()).errors).toEqual([]);
    expect(writes() - last).toBe(3);
  });
});
