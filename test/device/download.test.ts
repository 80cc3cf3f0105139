import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { DeviceClock } from "../../device/clock.ts";
import { downloadImage } from "../../device/download.ts";
import type { SlotWriter } from "../../device/drivers/driver.ts";
import { startImageServer } from "./image-server.ts";

const BYTES = Buffer.alloc(100_000, "firmware ");
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

/** A slot in memory. */
function memorySlot(): {
  openSlot: () => Promise<SlotWriter>;
  finished: () => Buffer | undefined;
  opened: () => number;
} {
  let finished: Buffer | undefined;
  let opened = 0;
  return {
    opened: () => opened,
    finished: () => finished,
    openSlot() {
      opened++;
      const chunks: Uint8Array[] = [];
      return Promise.resolve({
        write(chunk) {
          chunks.push(chunk);
          return Promise.resolve();
        },
        finish() {
          finished = Buffer.concat(chunks);
          return Promise.resolve();
        },
        abandon: () => Promise.resolve(),
      });
    },
  };
}

/** A clock whose sleeps end at once and are remembered. */
function eagerClock(): DeviceClock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => 0,
    sleep(ms) {
      slept.push(ms);
      return Promise.resolve();
    },
  };
}

const request = (uri: string, change: object = {}) => ({
  version: "1.0.0",
  uri,
  sha256: SHA256,
  size: BYTES.length,
  ...change,
});
const { signal } = new AbortController();

describe("downloadImage", () => {
  it("writes the image and finishes the slot", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const slot = memorySlot();
    const clock = eagerClock();
    await downloadImage({ request: request(server.uri("/a")), ...slot, caPem: server.caPem, clock, signal });
    expect(slot.finished()?.equals(BYTES)).toBe(true);
    expect(clock.slept).toEqual([]);
  });

  it("refuses plain http without asking anybody", async () => {
    const slot = memorySlot();
    const asked = downloadImage({
      request: request("http://127.0.0.1:1/a"),
      ...slot,
      clock: eagerClock(),
      signal,
    });
    await expect(asked).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect(slot.opened()).toBe(0);
  });

  it("tells a wrong digest and leaves the slot unfinished", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const slot = memorySlot();
    const wrong = request(server.uri("/a"), { sha256: "0".repeat(64) });
    await expect(
      downloadImage({ request: wrong, ...slot, caPem: server.caPem, clock: eagerClock(), signal }),
    ).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(slot.finished()).toBeUndefined();
    expect(server.requests).toHaveLength(1);
  });

  it("refuses an image that is announced longer, before it opens the slot", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const slot = memorySlot();
    const short = request(server.uri("/a"), { size: BYTES.length - 1 });
    await expect(
      downloadImage({ request: short, ...slot, caPem: server.caPem, clock: eagerClock(), signal }),
    ).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
    expect(slot.opened()).toBe(0);
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
    const slot = memorySlot();
    await expect(
      downloadImage({
        request: request(server.uri("/a")),
        ...slot,
        caPem: server.caPem,
        clock: eagerClock(),
        signal,
      }),
    ).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
    expect(sent).toBeLessThan(50 * BYTES.length);
  });

  it("refuses an image that ends early without breaking off", async () => {
    const server = await startImageServer((_, response) => {
      response.setHeader("transfer-encoding", "chunked");
      response.end(BYTES.subarray(0, 10));
    });
    await expect(
      downloadImage({
        request: request(server.uri("/a")),
        ...memorySlot(),
        caPem: server.caPem,
        clock: eagerClock(),
        signal,
      }),
    ).rejects.toMatchObject({ code: "SIZE_MISMATCH" });
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
    const slot = memorySlot();
    const clock = eagerClock();
    await downloadImage({ request: request(server.uri("/a")), ...slot, caPem: server.caPem, clock, signal });
    expect(slot.finished()?.equals(BYTES)).toBe(true);
    expect(clock.slept).toHaveLength(2);
    for (const ms of clock.slept) expect(ms).toBeGreaterThan(1000);
  });

  it("gives up after five tries", async () => {
    const server = await startImageServer((_, response) => response.writeHead(500).end());
    await expect(
      downloadImage({
        request: request(server.uri("/a")),
        ...memorySlot(),
        caPem: server.caPem,
        clock: eagerClock(),
        signal,
      }),
    ).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("answers 500") as string,
    });
    expect(server.requests).toHaveLength(5);
  });

  it.each([301, 401, 403, 404])("does not try again, nor elsewhere, on %i", async (status) => {
    const server = await startImageServer((_, response) =>
      response.writeHead(status, { location: "https://elsewhere.example/" }).end(),
    );
    await expect(
      downloadImage({
        request: request(server.uri("/a")),
        ...memorySlot(),
        caPem: server.caPem,
        clock: eagerClock(),
        signal,
      }),
    ).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect(server.requests).toHaveLength(1);
  });

  it("does not believe a server of another authority", async () => {
    const server = await startImageServer((_, response) => response.end(BYTES));
    const other = await startImageServer((_, response) => response.end(BYTES));
    await expect(
      downloadImage({
        request: request(server.uri("/a")),
        ...memorySlot(),
        caPem: other.caPem,
        clock: eagerClock(),
        signal,
      }),
    ).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect(server.requests).toHaveLength(0);
  });

  it("gives a silent server up after its own time-out", async () => {
    const server = await startImageServer((_, response) => {
      response.writeHead(200, { "content-length": BYTES.length });
      response.write(BYTES.subarray(0, 10));
    });
    await expect(
      downloadImage({
        request: request(server.uri("/a")),
        ...memorySlot(),
        caPem: server.caPem,
        clock: eagerClock(),
        signal,
        idleTimeoutMs: 50,
      }),
    ).rejects.toMatchObject({
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
    const refused = downloadImage({
      request: request(server.uri("/a")),
      openSlot: () => Promise.reject(full),
      caPem: server.caPem,
      clock: eagerClock(),
      signal,
    });
    await expect(refused).rejects.toMatchObject({ code: "WRITE_FAILED", cause: full });
    await hungUp;
  });

  it("ends at once when it is called off", async () => {
    const abort = new AbortController();
    const server = await startImageServer(() => {
      abort.abort();
    });
    const asked = downloadImage({
      request: request(server.uri("/a")),
      ...memorySlot(),
      caPem: server.caPem,
      clock: eagerClock(),
      signal: abort.signal,
    });
    await expect(asked).rejects.toThrow();
    expect(server.requests).toHaveLength(1);
  });
});
