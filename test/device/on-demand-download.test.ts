import { describe, expect, it } from "vitest";
import type { DownloadBench } from "./download-bench.ts";
import { BYTES, deviceFor, SHA256 } from "./download-bench.ts";
import type { ImageServer } from "./image-server.ts";
import { startImageServer } from "./image-server.ts";

/** A store that opens to one key at a time. */
async function startLockedStore(first = "sig=1"): Promise<ImageServer & { lock: { key: string } }> {
  const lock = { key: first };
  const store = await startImageServer((request, response) => {
    if (request.url === `/fw.bin?${lock.key}`) response.setHeader("etag", '"1"').end(BYTES);
    else response.writeHead(403).end();
  });
  return { ...store, lock };
}

function wanting(store: ImageServer): DownloadBench {
  return deviceFor(store.uri("/fw.bin"), { ...store, request: { onDemand: true } });
}

const keyed = (key: string): object => ({ [SHA256]: key });

/** Resolves when the store has been asked so often. */
async function asked(store: ImageServer, times: number): Promise<void> {
  await expect.poll(() => store.requests.length).toBe(times);
}

describe("an image that opens with a key", () => {
  it("is not asked for without one, and fetched as soon as there is one", async () => {
    const store = await startLockedStore();
    const device = wanting(store);
    const fetched = device.fetch();
    device.access.hear({ ["f".repeat(64)]: "sig=another" });
    await Promise.resolve();
    expect(store.requests).toEqual([]);
    device.access.hear(keyed("sig=1"));
    await fetched;
    expect(store.requests).toEqual(["/fw.bin?sig=1"]);
    expect(device.finished()?.equals(BYTES)).toBe(true);
    // No time has passed on its clock, which stands in 1970: nothing depends on it.
    expect(device.clock.slept).toEqual([]);
  });

  it("waits for another key when the one it has is refused, and has the twin read again", async () => {
    const store = await startLockedStore("sig=2");
    const device = wanting(store);
    device.access.hear(keyed("sig=1"));
    const fetched = device.fetch();
    await asked(store, 1);
    await expect.poll(() => device.asked).toEqual(["the hub"]);
    device.access.hear(keyed("sig=1"));
    device.access.hear(keyed("sig=2"));
    await fetched;
    expect(store.requests).toEqual(["/fw.bin?sig=1", "/fw.bin?sig=2"]);
  });

  it("is given up as denied when three different keys were refused, and no key is told", async () => {
    const store = await startLockedStore("sig=none-of-them");
    const device = wanting(store);
    const fetched = device.fetch();
    const denied = expect(fetched).rejects.toMatchObject({ code: "DOWNLOAD_DENIED" });
    for (const times of [1, 2, 3]) {
      device.access.hear(keyed(`sig=secret${times}`));
      await asked(store, times);
    }
    await denied;
    const failure: unknown = await fetched.catch((error: unknown) => error);
    expect(String(failure)).toContain("/fw.bin");
    expect(String(failure)).not.toContain("secret");
  });

  it("goes on behind what was kept, with the key that came later, and keeps no key beside it", async () => {
    let lost = 0;
    const store = await startImageServer((request, response) => {
      if (request.url !== "/fw.bin?sig=2" && lost > 0) {
        response.writeHead(403).end();
        return;
      }
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      response.setHeader("etag", '"1"').setHeader("content-length", BYTES.length - from);
      if (from > 0) response.setHeader("content-range", `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`);
      response.writeHead(from > 0 ? 206 : 200);
      if (from > 0) response.end(BYTES.subarray(from));
      else response.write(BYTES.subarray(0, 30_000), () => (lost++, response.socket?.end()));
    });
    const device = wanting(store);
    device.access.hear(keyed("sig=1"));
    const fetched = device.fetch();
    await asked(store, 2);
    expect(JSON.stringify(device.part()?.source)).not.toContain("sig");
    device.access.hear(keyed("sig=2"));
    await fetched;
    expect(store.requests).toEqual(["/fw.bin?sig=1", "/fw.bin?sig=1", "/fw.bin?sig=2"]);
    expect(device.finished()?.equals(BYTES)).toBe(true);
  });

  it("comes from a mirror without any key", async () => {
    const store = await startLockedStore();
    const mirror = await startImageServer((_, response) => void response.end(BYTES), store.authority);
    const device = wanting(store);
    device.access.hear(keyed("sig=1"));
    await device.fetch({ mirrors: [mirror.uri("/cache")] });
    expect([mirror.requests, store.requests]).toEqual([["/cache/fw.bin"], []]);
  });

  it("comes from a mirror that finds back while there is no key", async () => {
    const store = await startLockedStore();
    let busy = 60;
    const mirror = await startImageServer((_, response) => {
      if (busy-- > 0) response.writeHead(503).end();
      else response.end(BYTES);
    }, store.authority);
    const device = wanting(store);
    await device.fetch({ mirrors: [mirror.uri("")] });
    expect(mirror.requests).toHaveLength(61);
    expect(store.requests).toEqual([]);
  });

  it("comes from its own address when the mirrors do not have it", async () => {
    const store = await startLockedStore();
    const mirror = await startImageServer(
      (_, response) => void response.writeHead(404).end(),
      store.authority,
    );
    const device = wanting(store);
    const fetched = device.fetch({ mirrors: [mirror.uri("")] });
    await asked(mirror, 1);
    device.access.hear(keyed("sig=1"));
    await fetched;
    expect([mirror.requests, store.requests]).toEqual([["/fw.bin"], ["/fw.bin?sig=1"]]);
  });

  it("is let go while it waits for a key, as soon as something else is asked for", async () => {
    const store = await startLockedStore();
    const device = wanting(store);
    const takenBack = new AbortController();
    const fetched = device.fetch({ signal: takenBack.signal });
    const letGo = expect(fetched).rejects.toThrow();
    takenBack.abort();
    await letGo;
    device.access.hear(keyed("sig=1"));
    expect(store.requests).toEqual([]);
  });
});
