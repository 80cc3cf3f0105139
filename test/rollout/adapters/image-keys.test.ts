import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpsImages } from "../../../device/image-request.ts";
import { blobImages } from "../../../rollout/adapters/blob-images.ts";
import { startBlobStorage, type BlobStorage } from "../../support/blob-storage.ts";

const PATH = "sha256/a.bin";
const OTHER = "sha256/b.bin";

let storage: BlobStorage;
beforeAll(async () => {
  storage = await startBlobStorage();
  await storage.azurite.createContainer("firmware");
  for (const path of [PATH, OTHER])
    await storage.container("firmware").getBlockBlobClient(path).uploadData(Buffer.from(path));
});
afterAll(() => storage[Symbol.asyncDispose]());

const base = (): string => `${storage.azurite.endpoint}/firmware`;

function images(change: object = {}): ReturnType<typeof blobImages> {
  const { credential } = storage.azurite;
  return blobImages({ base: base(), credential, ca: storage.caPem, ...change });
}

async function keyTo(path: string, change: object = {}): Promise<string> {
  const signed = await images(change).keys.sign([path]);
  return signed.get(path)!.reveal();
}

/** Status of what a device gets. */
async function fetched(path: string, query: string): Promise<number> {
  const answer = await httpsImages({ caPem: storage.caPem })(`${base()}/${path}${query}`, {
    signal: AbortSignal.timeout(10_000),
  });
  answer.end();
  return answer.status;
}

describe("keys to images", () => {
  it("open the image they are for, to whoever has no token, and no other one", async () => {
    const key = await keyTo(PATH);
    expect(await fetched(PATH, "")).toBeGreaterThanOrEqual(400);
    expect(await fetched(PATH, `?${key}`)).toBe(200);
    expect(await fetched(OTHER, `?${key}`)).toBe(403);
  });

  it("are for reading over HTTPS alone, by the identity's own right, and end", async () => {
    const query = new URLSearchParams(await keyTo(PATH, { accessLifeMs: 3_600_000 }));
    expect(query.get("sp")).toBe("r");
    expect(query.get("spr")).toBe("https");
    expect(query.get("sr")).toBe("b");
    // A delegation's own key id: no account key has signed.
    expect(query.get("skoid")).toMatch(/^[0-9a-f-]{36}$/);
    expect(query.has("st")).toBe(false);
    const left = Date.parse(query.get("se") ?? "") - Date.now();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThan(3_610_000);
  });

  it("are as short as a device takes them for one", async () => {
    expect(await keyTo(PATH)).toMatch(/^[A-Za-z0-9%&=._~:+/-]{100,2048}$/);
  });

  it("open nothing once they have expired, or were tampered with", async () => {
    const expired = await keyTo(PATH, { accessLifeMs: 1 });
    expect(await fetched(PATH, `?${expired}`)).toBe(403);
    const longer = (await keyTo(PATH)).replace(/se=\d{4}/, "se=2099");
    expect(await fetched(PATH, `?${longer}`)).toBe(403);
    const writes = (await keyTo(PATH)).replace("sp=r", "sp=rw");
    expect(await fetched(PATH, `?${writes}`)).toBe(403);
  });

  it("are never good for longer than the service delegates", async () => {
    const { lifeMs } = images({ accessLifeMs: 7 * 24 * 3_600_000 }).keys;
    expect(lifeMs).toBeLessThan(7 * 24 * 3_600_000);
    const query = new URLSearchParams(await keyTo(PATH, { accessLifeMs: 7 * 24 * 3_600_000 }));
    const delegated = Date.parse(query.get("ske") ?? "") - Date.parse(query.get("skt") ?? "");
    expect(delegated).toBeLessThanOrEqual(7 * 24 * 3_600_000);
  });

  it("are shown nowhere, and a refusal says which roles are missing", async () => {
    const signed = await images().keys.sign([PATH]);
    expect(inspect([...signed], { depth: 9 })).not.toContain("sig=");
    const refused = Object.assign(new Error("This request is not authorized"), {
      name: "RestError",
      statusCode: 403,
    });
    const credential = { getToken: () => Promise.reject(refused) };
    await expect(images({ credential }).keys.sign([PATH])).rejects.toMatchObject({
      code: "IMAGE_STORE_FAILED",
      hint: "the identity needs the roles Storage Blob Delegator on the account and Storage Blob Data Reader on the container",
    });
  });
});
