import { describe, expect, it } from "vitest";
import { iotHub } from "../../../rollout/adapters/iot-hub.ts";
import { connectRegistry } from "../../../rollout/adapters/registry.ts";
import { startScriptedService } from "../../support/scripted-service.ts";
import { aDocument, hubAtAStandstill } from "./hub-at-a-standstill.ts";

// Microsoft's own client against the embedded hub with faults, on a clock that stands unless somebody waits.

const LIST = { match: { route: "GET /configurations" } } as const;
const PUT = { match: { route: "PUT /configurations/:id" } } as const;

describe("a stop", () => {
  it("is sent at once though a queue of reads waits for its turn, and the hub takes it", async () => {
    await using at = await hubAtAStandstill();
    const created = await at.port.create(aDocument("one"));
    at.clock.stop();
    const reads = Array.from({ length: 40 }, () => at.port.list().catch(() => undefined));
    // 20 a minute: one for the create, five in reserve, so 14 are sent and 26 wait.
    await expect.poll(() => at.hub.calls().configurations).toBe(15);
    expect(at.clock.waits).toHaveLength(26);
    const { configurations } = await at.port.list({ urgent: true });
    expect(configurations).toEqual([created]);
    const emptied = await at.port.replace({ ...created, condition: "" }, created.etag, { urgent: true });
    expect(emptied.condition).toBe("");
    expect(at.hub.calls()).toMatchObject({ configurations: 17, throttled: 0 });
    expect(at.clock.waits).toHaveLength(26);
    expect(reads).toHaveLength(40);
  });

  it("that a throttle refuses is sent again when the hub lets it: refused, it had no effect", async () => {
    await using at = await hubAtAStandstill();
    const created = await at.port.create(aDocument("one"));
    at.hub.faults.add({ ...PUT, kind: "status", status: 429, times: 2 });
    await at.port.replace({ ...created, condition: "" }, created.etag, { urgent: true });
    expect(at.hub.calls().answers.configurations).toEqual({ 200: 2, 429: 2 });
  });

  it("is carried to its end when the command is interrupted", async () => {
    const command = new AbortController();
    await using at = await hubAtAStandstill({ signal: command.signal });
    const created = await at.port.create(aDocument("one"));
    command.abort();
    await expect(at.port.list()).rejects.toMatchObject({ code: "INTERRUPTED" });
    await at.port.list({ urgent: true });
    await at.port.replace({ ...created, condition: "" }, created.etag, { urgent: true });
    expect(at.hub.calls().configurations).toBe(3);
  });
});

describe("a refusal by the throttle", () => {
  it("that says nothing of time is tried again after a wait, and empties our bucket", async () => {
    await using at = await hubAtAStandstill();
    at.hub.faults.add({ ...LIST, kind: "status", status: 429, times: 1 });
    await at.port.list();
    expect(at.hub.calls().answers.configurations).toEqual({ 200: 1, 429: 1 });
    // Emptied: its own second try waited for one token and for the five of the reserve, 3 s each.
    const waited = at.clock.waits.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(18_000);
    expect(waited).toBeLessThan(23_000);
    // And the next call is not free either: nothing came back since.
    const before = at.clock.waits.length;
    await at.port.list();
    expect(at.clock.waits.slice(before)).toEqual([3_000]);
  });

  it("is not tried again before the time the hub names", async () => {
    await using at = await hubAtAStandstill();
    // Another user's calls, unpaced, use the minute up: the hub's own throttle answers, with Retry-After.
    const other = at.another({ tier: "S3", units: 10 });
    for (let call = 0; call < 20; call++) await other.list();
    expect(at.clock.waits).toEqual([]);
    await at.port.list({ urgent: true });
    expect(at.hub.calls().answers.configurations).toEqual({ 200: 21, 429: 1 });
    expect(at.clock.waits).toHaveLength(1);
    expect(at.clock.waits[0]).toBeGreaterThanOrEqual(3_000);
  });

  it("of a write is told, with the time, and the write is not sent again", async () => {
    await using at = await hubAtAStandstill();
    const other = at.another({ tier: "S3", units: 10 });
    for (let call = 0; call < 20; call++) await other.list();
    await expect(at.port.create(aDocument("one"))).rejects.toMatchObject({
      code: "HUB_THROTTLED",
      retryAfterMs: 3_000,
    });
    expect(at.hub.calls().answers.configurations).toEqual({ 200: 20, 429: 1 });
    // What comes next waits for the hub's bucket, though ours was nearly full.
    await at.port.list();
    expect(at.clock.waits).toEqual([18_000]);
    expect(at.hub.calls().throttled).toBe(1);
  });
});

describe("a hub in trouble", () => {
  it.each(["drop before", "lost answer"] as const)("%s: a read is asked again", async (kind) => {
    await using at = await hubAtAStandstill();
    at.hub.faults.add({ ...LIST, kind, times: 2 });
    expect((await at.port.list()).configurations).toEqual([]);
    expect(at.hub.calls().configurations).toBe(3);
    expect(at.clock.waits).toHaveLength(2);
  });

  it.each([500, 503] as const)(
    "%i for ever: a read is asked five times, with growing patience",
    async (status) => {
      await using at = await hubAtAStandstill();
      using fault = at.hub.faults.add({ ...LIST, kind: "status", status });
      await expect(at.port.list()).rejects.toMatchObject({ code: "HUB_FAILED" });
      expect(fault.hits()).toBe(5);
      expect(at.clock.waits).toHaveLength(4);
      expect(at.clock.waits.every((ms) => ms >= 0 && ms <= 30_000)).toBe(true);
    },
  );

  it("that keeps failing is left alone two minutes after the first try", async () => {
    await using at = await hubAtAStandstill();
    using fault = at.hub.faults.add({ ...LIST, kind: "status", status: 503 });
    const { clock } = at;
    const slow = at.another({
      clock: {
        ...clock,
        sleep: (ms) => {
          clock.advance(ms + 50_000);
          return Promise.resolve();
        },
      },
    });
    await expect(slow.list()).rejects.toMatchObject({ code: "HUB_FAILED" });
    // At 0, after 50 s and after 100 s and a little; a fourth would begin after 150 s.
    expect(fault.hits()).toBeGreaterThanOrEqual(3);
    expect(fault.hits()).toBeLessThanOrEqual(4);
  });

  it.each(["drop before", "lost answer"] as const)("%s: a write is sent once", async (kind) => {
    await using at = await hubAtAStandstill();
    at.hub.faults.add({ ...PUT, kind, times: 1 });
    await expect(at.port.create(aDocument("one"))).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    expect(at.hub.calls().configurations).toBe(1);
    expect(at.clock.waits).toEqual([]);
    // Only a new look tells which of the two it was.
    expect((await at.port.list()).configurations).toHaveLength(kind === "lost answer" ? 1 : 0);
  });

  it("does not let a query start again at its first page", async () => {
    await using at = await hubAtAStandstill();
    for (let index = 0; index < 130; index++) {
      const rollout = { stratum: `lot-${index}` };
      at.hub.createDevice({ deviceId: `d${index}`, tags: { product: "x", rollout } });
    }
    at.hub.faults.add({
      match: { call: "queries" },
      kind: "status",
      status: 503,
      probability: 0.5,
      times: 3,
    });
    const counts = await at.port.count(
      "SELECT tags.rollout.stratum AS stratum, COUNT() AS devices FROM devices WHERE tags.product = 'x' GROUP BY tags.rollout.stratum",
    );
    expect(Object.keys(counts)).toHaveLength(130);
    expect(Object.values(counts).every((devices) => devices === 1)).toBe(true);
  });
});

describe("a hub that goes silent", () => {
  it("is given up, and the socket with it", async () => {
    await using service = await startScriptedService();
    await using at = await hubAtAStandstill();
    const port = iotHub({
      name: "test",
      registry: connectRegistry({
        kind: "connection string",
        connectionString: service.connectionString,
        ca: service.caPem,
      }),
      clock: at.clock,
      tier: "S1",
      units: 1,
      callTimeoutMs: 1_000,
    });
    service.script = ["silence"];
    await expect(port.create(aDocument("one"))).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    await service.givenUp();
    expect(service.requests()).toBe(1);
    service.script = ["silence", { status: 200, body: "[]" }];
    expect((await port.list()).configurations).toEqual([]);
  });

  it("is given up at once by an interruption of a read", async () => {
    await using at = await hubAtAStandstill();
    at.hub.faults.add({ ...LIST, kind: "no answer" });
    const interrupt = new AbortController();
    const listing = at.port.list({ signal: interrupt.signal });
    const failed = expect(listing).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expect.poll(() => at.hub.calls().configurations).toBe(1);
    interrupt.abort();
    await failed;
    expect(at.hub.calls().configurations).toBe(1);
  });

  it("is waited for by a write that was sent: whether it took effect is worth the wait", async () => {
    await using at = await hubAtAStandstill({ callTimeoutMs: 1_000 });
    at.hub.faults.add({ ...PUT, kind: "no answer" });
    const interrupt = new AbortController();
    const failed = expect(
      at.port.create(aDocument("one"), { signal: interrupt.signal }),
    ).rejects.toMatchObject({
      code: "HUB_UNREACHABLE",
      message: "create configuration one on test: no answer within 1 seconds",
    });
    await expect.poll(() => at.hub.calls().configurations).toBe(1);
    interrupt.abort();
    await failed;
  });
});

describe("an interruption", () => {
  it("ends the wait for a turn, and nothing is sent", async () => {
    await using at = await hubAtAStandstill();
    for (let call = 0; call < 15; call++) await at.port.list();
    at.clock.stop();
    const interrupt = new AbortController();
    const failed = expect(
      at.port.create(aDocument("one"), { signal: interrupt.signal }),
    ).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expect.poll(() => at.clock.waits).toHaveLength(1);
    interrupt.abort();
    await failed;
    expect(at.hub.calls().configurations).toBe(15);
  });

  it("ends the wait between two tries", async () => {
    await using at = await hubAtAStandstill();
    using fault = at.hub.faults.add({ ...LIST, kind: "status", status: 503 });
    at.clock.stop();
    const interrupt = new AbortController();
    const failed = expect(at.port.list({ signal: interrupt.signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    await expect.poll(() => at.clock.waits.length).toBe(1);
    interrupt.abort();
    await failed;
    expect(fault.hits()).toBe(1);
  });

  it("that came before keeps everything from being sent", async () => {
    await using at = await hubAtAStandstill();
    const signal = AbortSignal.abort();
    await expect(at.port.list({ signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expect(at.port.create(aDocument("one"), { signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(at.hub.calls().total).toBe(0);
  });
});

describe("a write whose turn comes too late", () => {
  it("is not sent: what decided it is over a minute old", async () => {
    await using at = await hubAtAStandstill();
    const listedAt = at.clock.monotonic();
    for (let call = 0; call < 15; call++) await at.port.list();
    // Its turn comes in 3 s.
    await expect(at.port.create(aDocument("one"), { sendBy: listedAt + 2_000 })).rejects.toMatchObject({
      code: "OBSERVATION_STALE",
    });
    expect(at.hub.calls().configurations).toBe(15);
    await at.port.create(aDocument("one"), { sendBy: at.clock.monotonic() + 60_000 });
    expect(at.hub.calls()).toMatchObject({ configurations: 16, throttled: 0 });
  });
});
