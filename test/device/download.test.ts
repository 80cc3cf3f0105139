import { describe, expect, it } from "vitest";
import { BYTES, deviceFor } from "./download-bench.ts";
import { startImageServer } from "./image-server.ts";

describe("downloadImage", () => {
  it("writes the image and finishes the slot", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const device = deviceFor(server.uri("/a"), server);
    await device.fetch();
    expect(device.finished()?.equals(BYTES)).toBe(true);
    expect(device.clock.slept).toEqual([]);
  });

  it("refuses plain http without asking anybody", async () => {
    const device = deviceFor("http://127.0.0.1:1/a");
    await expect(device.fetch()).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("is not HTTPS") as string,
    });
    expect(device.openings).toHaveLength(0);
    expect(device.clock.slept).toHaveLength(0);
  });

  it("tells a wrong digest and leaves the slot unfinished", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const device = deviceFor(server.uri("/a"), { ...server, request: { sha256: "0".repeat(64) } });
    await expect(device.fetch()).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(device.finished()).toBeUndefined();
    expect(server.requests).toHaveLength(1);
  });

  it("refuses an image that is announced longer, before it opens the slot", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const device = deviceFor(server.uri("/a"), { ...server, request: { size: BYTES.length - 1 } });
    await expect(device.fetch()).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
    expect(device.openings).toHaveLength(0);
  });

  it("stops reading where an endless image passes its size", async () => {
    let sent = 0;
    const server = await startImageServer((_, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(BYTES)) sent += BYTES.length;
      };
      response.on("drain", pour);
      pour();
    });
    const device = deviceFor(server.uri("/a"), server);
    await expect(device.fetch()).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
    expect(sent).toBeLessThan(50 * BYTES.length);
  });

  it("refuses an image that ends early without breaking off", async () => {
    const server = await startImageServer((_, response) => {
      response.setHeader("transfer-encoding", "chunked");
      response.end(BYTES.subarray(0, 10));
    });
    await expect(deviceFor(server.uri("/a"), server).fetch()).rejects.toMatchObject({
      code: "SIZE_MISMATCH",
    });
  });

  it("tries again on the device's clock, longer each time, when the server is busy or breaks off", async () => {
    let tries = 0;
    const server = await startImageServer((_, response) => {
      tries++;
      if (tries === 1) response.writeHead(503).end();
      else if (tries === 2) {
        response.writeHead(200, { "content-length": BYTES.length });
        response.write(BYTES.subarray(0, 1000), () => response.destroy());
      } else response.end(BYTES);
    });
    const device = deviceFor(server.uri("/a"), server);
    await device.fetch();
    expect(device.finished()?.equals(BYTES)).toBe(true);
    expect(device.clock.slept).toHaveLength(2);
    for (const ms of device.clock.slept) expect(ms).toBeGreaterThan(1000);
  });

  it.each([501, 507, 520])("takes %i for trouble of the server that may pass", async (status) => {
    let tries = 0;
    const server = await startImageServer((_, response) => {
      if (++tries === 1) response.writeHead(status).end();
      else response.end(BYTES);
    });
    await deviceFor(server.uri("/a"), server).fetch();
    expect(server.requests).toHaveLength(2);
  });

  it("gives up after five tries", async () => {
    const server = await startImageServer((_, response) => response.writeHead(500).end());
    await expect(deviceFor(server.uri("/a"), server).fetch()).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("answers 500") as string,
    });
    expect(server.requests).toHaveLength(5);
  });

  it.each([
    [301, "DOWNLOAD_FAILED"],
    [401, "DOWNLOAD_DENIED"],
    [403, "DOWNLOAD_DENIED"],
    [404, "DOWNLOAD_MISSING"],
    [410, "DOWNLOAD_MISSING"],
  ])("does not try again, nor elsewhere, on %i, and tells no key", async (status, code) => {
    const server = await startImageServer((_, response) =>
      response.writeHead(status, { location: "https://elsewhere.example/" }).end(),
    );
    const refused = deviceFor(server.uri("/a?sig=s3cr3t"), server).fetch();
    await expect(refused).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`/a answers ${status}$`)) as string,
    });
    expect(server.requests).toEqual(["/a?sig=s3cr3t"]);
  });

  it.each([
    ["seconds", () => ({ "retry-after": "300" })],
    [
      "an instant on the server's clock, wherever the device's stands",
      () => ({
        date: new Date(Date.UTC(2026, 0, 1)).toUTCString(),
        "retry-after": new Date(Date.UTC(2026, 0, 1, 0, 5)).toUTCString(),
      }),
    ],
  ])("leaves a busy server alone for as long as it asks, in %s", async (_, headers) => {
    let tries = 0;
    const server = await startImageServer((_, response) => {
      if (++tries === 1) response.writeHead(429, headers()).end();
      else response.end(BYTES);
    });
    const device = deviceFor(server.uri("/a"), server);
    await device.fetch();
    expect(device.clock.slept).toEqual([300_000]);
  });

  it("is not sent away for longer than an hour", async () => {
    let tries = 0;
    const server = await startImageServer((_, response) => {
      if (++tries === 1) response.writeHead(503, { "retry-after": "31536000" }).end();
      else response.end(BYTES);
    });
    const device = deviceFor(server.uri("/a"), server);
    await device.fetch();
    expect(device.clock.slept).toEqual([3_600_000]);
  });

  it("does not believe a server of another authority", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const other = await startImageServer((_, response) => response.end(BYTES));
    await expect(deviceFor(server.uri("/a"), other).fetch()).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
    });
    expect(server.requests).toHaveLength(0);
  });

  it.each([
    ["before it answers", false],
    ["in the middle", true],
  ])("gives a server that falls silent %s up after its own time-out", async (_, answers) => {
    const server = await startImageServer((_, response) => {
      if (!answers) return;
      response.writeHead(200, { "content-length": BYTES.length });
      response.write(BYTES.subarray(0, 10));
    });
    const device = deviceFor(server.uri("/a"), { ...server, idleTimeoutMs: 50 });
    await expect(device.fetch()).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("no byte for") as string,
    });
  });

  it("hangs up when the slot cannot be opened", { timeout: 10_000 }, async () => {
    const { promise: hungUp, resolve } = Promise.withResolvers<undefined>();
    const server = await startImageServer((_, response) => {
      response.once("close", () => {
        resolve(undefined);
      });
      response.writeHead(200, { "content-length": BYTES.length });
      response.write(BYTES.subarray(0, 10));
    });
    const full = new Error("ENOSPC: no space left on device");
    const device = deviceFor(server.uri("/a"), server);
    const refused = device.fetch({ slots: { ...device.slots, openSlot: () => Promise.reject(full) } });
    await expect(refused).rejects.toMatchObject({ code: "WRITE_FAILED", cause: full });
    await hungUp;
  });

  it("ends at once when it is called off", async () => {
    const abort = new AbortController();
    const server = await startImageServer(() => {
      abort.abort();
    });
    const device = deviceFor(server.uri("/a"), server);
    await expect(device.fetch({ signal: abort.signal })).rejects.toThrow();
    expect(server.requests).toHaveLength(1);
  });
});
