import { describe, expect, it } from "vitest";
import { downloadDelayMs } from "../../device/download-spread.ts";
import type { Driver } from "../../device/drivers/driver.ts";
import { createManualClock } from "../local/hub/manual-clock.ts";
import { startConnectProxy } from "./connect-proxy.ts";
import { BYTES, deviceFor, SHA256 } from "./download-bench.ts";
import { startImageServer } from "./image-server.ts";
import type { RangeServerOptions } from "./range-server.ts";
import { startRangeServer } from "./range-server.ts";

describe("a download that broke off", () => {
  it("goes on where it was, and the digest is that of the whole", async () => {
    const store = await startRangeServer(BYTES, { breaksOffAfter: [30_000, 40_000] });
    const device = deviceFor(store.uri("/a"), store);
    await device.fetch();
    expect(device.finished()?.equals(BYTES)).toBe(true);
    expect(store.ranges).toEqual([undefined, "bytes=30000-", "bytes=70000-"]);
  });

  it("goes on after the power was cut, from what had been kept", async () => {
    const store = await startRangeServer(BYTES, { breaksOffAfter: [50_000] });
    const device = deviceFor(store.uri("/a"), store);
    const cut = new AbortController();
    const dying = { ...device.clock, sleep: () => Promise.reject(new Error("the power is off")) };
    await expect(device.fetch({ clock: dying, signal: cut.signal })).rejects.toThrow("the power is off");
    expect(device.part()?.content).toHaveLength(50_000);
    await device.fetch();
    expect(store.ranges).toEqual([undefined, "bytes=50000-"]);
    expect(device.finished()?.equals(BYTES)).toBe(true);
  });

  it("keeps what it reads while it reads it", async () => {
    const store = await startRangeServer(BYTES, {});
    const device = deviceFor(store.uri("/a"), store);
    let kept = 0;
    const openSlot: Driver["openSlot"] = async (opening) => {
      const slot = await device.slots.openSlot(opening);
      return {
        ...slot,
        keep() {
          kept++;
          return slot.keep();
        },
      };
    };
    await device.fetch({ slots: { ...device.slots, openSlot }, keepEveryBytes: 20_000 });
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(5);
  });

  it("asks nobody when all bytes had been kept", async () => {
    const store = await startRangeServer(BYTES, {});
    const device = deviceFor(store.uri("/a"), store);
    const source = { address: store.uri("/a"), etag: '"1"' };
    const slot = await device.slots.openSlot({ sha256: SHA256, source, from: 0 });
    await slot.write(BYTES);
    await slot.keep();
    await device.fetch();
    expect(store.ranges).toEqual([]);
    expect(device.finished()?.equals(BYTES)).toBe(true);
  });

  it.each<[string, RangeServerOptions]>([
    ["the server knows no ranges", { ranges: false, breaksOffAfter: [30_000] }],
    ["the file has changed meanwhile", { etags: ['"1"', '"2"'], breaksOffAfter: [30_000] }],
    ["the server says nothing that tells files apart", { etags: [""], breaksOffAfter: [30_000] }],
    ["the server's tags are weak", { etags: ['W/"1"'], breaksOffAfter: [30_000] }],
    ["the file is shorter than what was kept", { refusesRanges: true, breaksOffAfter: [30_000] }],
    ["the server sends another part", { sendsFrom: 10, breaksOffAfter: [30_000] }],
  ])("starts again when %s", async (_, options) => {
    const store = await startRangeServer(BYTES, options);
    const device = deviceFor(store.uri("/a"), store);
    await device.fetch();
    expect(device.finished()?.equals(BYTES)).toBe(true);
    expect(device.openings.map(({ from }) => from)).toEqual([0, 0]);
  });

  it("starts again when what was kept is not what the image begins with", async () => {
    const store = await startRangeServer(BYTES, {});
    const device = deviceFor(store.uri("/a"), store);
    const source = { address: store.uri("/a"), etag: '"1"' };
    const slot = await device.slots.openSlot({ sha256: SHA256, source, from: 0 });
    await slot.write(Buffer.alloc(1000, "rust"));
    await slot.keep();
    await device.fetch();
    expect(store.ranges).toEqual(["bytes=1000-", undefined]);
    expect(device.finished()?.equals(BYTES)).toBe(true);
  });

  it("is not given up while it gets on, and is when it does not", async () => {
    const store = await startRangeServer(BYTES, { breaksOffAfter: Array.from({ length: 20 }, () => 2000) });
    const device = deviceFor(store.uri("/a"), store);
    await device.fetch();
    expect(store.ranges).toHaveLength(21);

    const dead = await startRangeServer(BYTES, {
      breaksOffAfter: [2000, ...Array.from({ length: 9 }, () => 0)],
    });
    await expect(deviceFor(dead.uri("/a"), dead).fetch()).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect(dead.ranges).toHaveLength(6);
  });

  it("is given up after fifty rounds, however little it gets on in each", async () => {
    const store = await startRangeServer(BYTES, { breaksOffAfter: Array.from({ length: 99 }, () => 10) });
    await expect(deviceFor(store.uri("/a"), store).fetch()).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
    });
    expect(store.ranges).toHaveLength(50);
  });
});

describe("mirrors", () => {
  it("are asked before the store, in their order, and without its key", async () => {
    const near = await startImageServer((_, response) => response.writeHead(404).end());
    const far = await startImageServer((_, response) => response.end(BYTES), near.authority);
    const store = await startImageServer((_, response) => response.end(BYTES), near.authority);
    const device = deviceFor(store.uri("/fw/a.bin?sig=s3cr3t"), near);
    await device.fetch({ mirrors: [near.uri("/site/"), far.uri("")] });
    expect([near.requests, far.requests, store.requests]).toEqual([["/site/fw/a.bin"], ["/fw/a.bin"], []]);
    expect(device.clock.slept).toEqual([]);
  });

  it("that serve something else do not fail the update", async () => {
    const bad = await startImageServer((_, response) => response.end(Buffer.alloc(BYTES.length, "x")));
    const store = await startImageServer((_, response) => response.end(BYTES), bad.authority);
    const device = deviceFor(store.uri("/a"), bad);
    await device.fetch({ mirrors: [bad.uri("")] });
    expect(device.finished()?.equals(BYTES)).toBe(true);
  });

  it("are asked again in the next round when they were only busy; the others are not", async () => {
    let tries = 0;
    const busy = await startImageServer((_, response) => {
      if (++tries < 3) response.writeHead(503).end();
      else response.end(BYTES);
    });
    const store = await startImageServer((_, response) => response.writeHead(403).end(), busy.authority);
    const device = deviceFor(store.uri("/a"), busy);
    await device.fetch({ mirrors: [busy.uri("")] });
    expect([busy.requests.length, store.requests.length]).toEqual([3, 1]);
    expect(device.clock.slept).toHaveLength(2);
  });

  it("leave the last word to the store", async () => {
    const mirror = await startImageServer((_, response) => response.writeHead(404).end());
    const store = await startImageServer((_, response) => response.writeHead(403).end(), mirror.authority);
    const device = deviceFor(store.uri("/a"), mirror);
    await expect(device.fetch({ mirrors: [mirror.uri("")] })).rejects.toMatchObject({
      code: "DOWNLOAD_DENIED",
    });
  });

  it("that got a part across go on with it", async () => {
    const mirror = await startRangeServer(BYTES, { breaksOffAfter: [60_000] });
    const store = await startImageServer((_, response) => response.end(BYTES), mirror.authority);
    const device = deviceFor(store.uri("/a"), mirror);
    await device.fetch({ mirrors: [mirror.uri("")] });
    expect(mirror.ranges).toEqual([undefined, "bytes=60000-"]);
    expect(store.requests).toEqual([]);
  });
});

describe("traffic", () => {
  it("keeps to its bandwidth on the device's clock", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const device = deviceFor(server.uri("/a"), server);
    await device.fetch({ bytesPerSecond: 10_000 });
    const ms = device.clock.now();
    // One second's bytes are free.
    expect(ms).toBeGreaterThanOrEqual(9_000);
    expect(ms).toBeLessThan(9_100);
  });

  it("takes a pause it makes itself for no silence of the server", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const device = deviceFor(server.uri("/a"), { ...server, idleTimeoutMs: 1000 });
    const clock = createManualClock();
    const fetched = device.fetch({ clock, bytesPerSecond: 1000 });
    let done = false;
    void fetched.finally(() => (done = true));
    await expect.poll(() => clock.advance(60_000).then(() => done)).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it("waits its turn before the first byte, and not again to go on", async () => {
    const store = await startRangeServer(BYTES, { breaksOffAfter: [50_000] });
    const device = deviceFor(store.uri("/a"), store);
    const dying = { ...device.clock, sleep: () => Promise.reject(new Error("the power is off")) };
    await expect(device.fetch({ clock: dying, delayMs: 5000 })).rejects.toThrow("the power is off");
    expect(store.ranges).toEqual([]);
    await device.fetch({ delayMs: 5000 });
    expect(device.clock.slept[0]).toBe(5000);
    expect(device.clock.slept).toHaveLength(2);
  });

  it("is spread evenly over a window, each device at an instant of its own", () => {
    const spreadMs = 3_600_000;
    const delays = Array.from({ length: 2000 }, (_, n) =>
      downloadDelayMs({ deviceId: `device-${n}`, sha256: SHA256, spreadMs }),
    );
    const byQuarter = [0, 0, 0, 0];
    for (const delay of delays) byQuarter[Math.floor((delay / spreadMs) * 4)]! += 1;
    for (const count of byQuarter) expect(Math.abs(count - 500)).toBeLessThan(80);
    expect(downloadDelayMs({ deviceId: "device-7", sha256: SHA256, spreadMs })).toBe(delays[7]);
    expect(downloadDelayMs({ deviceId: "device-7", sha256: SHA256, spreadMs: 0 })).toBe(0);
  });
});

describe("a proxy", () => {
  it("is asked to connect, and sees nothing of the image or the address's key", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const proxy = await startConnectProxy();
    const proxyEnv = { HTTPS_PROXY: proxy.uri };
    const device = deviceFor(server.uri("/a?sig=s3cr3t"), { ...server, proxyEnv });
    await device.fetch();
    expect(proxy.connects).toEqual([new URL(server.uri("/")).host]);
    expect(device.finished()?.equals(BYTES)).toBe(true);
  });

  it("is passed by for the hosts that NO_PROXY names", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const proxy = await startConnectProxy();
    const proxyEnv = { HTTPS_PROXY: proxy.uri, NO_PROXY: "localhost" };
    await deviceFor(server.uri("/a"), { ...server, proxyEnv }).fetch();
    expect(proxy.connects).toEqual([]);
  });

  it.each(["refuses", "hangs"] as const)(
    "that %s is a reason to try again, and in the end to give up",
    async (what) => {
      const proxy = await startConnectProxy(what);
      const device = deviceFor("https://images.example/a", {
        proxyEnv: { HTTPS_PROXY: proxy.uri },
        idleTimeoutMs: 50,
      });
      await expect(device.fetch()).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
      expect(proxy.connects).toHaveLength(5);
    },
  );
});
