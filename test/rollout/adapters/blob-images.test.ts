import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobImages, type ImageStore } from "../../../rollout/adapters/blob-images.ts";
import { startBlobStorage, type BlobStorage } from "../../support/blob-storage.ts";

let storage: BlobStorage;
beforeAll(async () => {
  storage = await startBlobStorage();
  await storage.azurite.createPublicContainer("firmware");
});
afterAll(() => storage[Symbol.asyncDispose]());

function open(container: string): ImageStore {
  const base = `${storage.azurite.endpoint}/${container}`;
  return blobImages({ base, credential: storage.azurite.credential, ca: storage.caPem });
}

describe("images in a container", () => {
  it("are described by what is stored, and stored once", async () => {
    const images = open("firmware/");
    const bytes = Buffer.from("an image");
    await images.upload("sha256/a.bin", bytes);
    await images.upload("sha256/a.bin", Buffer.from("another one"));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(await images.describe("sha256/a.bin")).toEqual({ size: bytes.length, sha256 });
  });

  it("that were never stored are absent; a container that was never made is a failure", async () => {
    expect(await open("firmware").describe("sha256/never.bin")).toBeUndefined();
    const never = open("never-made");
    const failed = { code: "IMAGE_STORE_FAILED", hint: expect.stringContaining("images.base") as string };
    await expect(never.describe("sha256/a.bin")).rejects.toMatchObject(failed);
    await expect(never.upload("sha256/a.bin", Buffer.from("x"))).rejects.toMatchObject(failed);
  });

  it("have an address that names a container", () => {
    const credential = storage.azurite.credential;
    expect(() => blobImages({ base: "https://account.blob.core.windows.net/", credential })).toThrow(
      "images.base has no container",
    );
  });
});
