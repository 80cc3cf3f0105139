import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobServiceClient, type ContainerClient, type StoragePipelineOptions } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAzurite, type Azurite } from "../../../local/azurite.ts";
import { createCertificateAuthority, issueServerCertificate } from "../../../local/hub/certificates.ts";
import { ask } from "./authorized-request.ts";
import { openHub, refusal, valuesOf, type HubFixture } from "./hub-fixture.ts";

let directory: string;
let ca: string;
let azurite: Azurite;
let containers = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hub-azurite-"));
  const authority = await createCertificateAuthority();
  ca = authority.certPem;
  const certificate = await issueServerCertificate(authority, ["localhost", "127.0.0.1"]);
  azurite = await startAzurite({ directory, certificate, caPem: ca });
});
afterAll(async () => {
  await azurite.close();
  await rm(directory, { recursive: true });
});

/** A new container, Microsoft's client for it, and its address with a signature. */
async function aContainer(permissions = "rwl"): Promise<{ container: ContainerClient; uri: string }> {
  const name = `identities-${++containers}`;
  await azurite.createContainer(name);
  const options: StoragePipelineOptions & { tlsOptions: { ca: string } } = { tlsOptions: { ca } };
  const service = new BlobServiceClient(azurite.endpoint, azurite.credential, options);
  return {
    container: service.getContainerClient(name),
    uri: await azurite.signedContainer(name, permissions),
  };
}

/** The address of a container whose storage takes connections and never says a word. */
async function aMuteStorage(): Promise<AsyncDisposable & { uri: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined); // whoever gave up waiting may have cut it
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    uri: `https://127.0.0.1:${port}/mute?sig=none`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

interface IdentityJob {
  readonly jobId: string;
  readonly status: string;
  readonly progress: number;
  readonly failureReason?: string;
  readonly endTimeUtc?: string;
  readonly outputBlobContainerUri: string;
}

// The SDK types its answers as any.
async function ended({ registry }: HubFixture, created: unknown): Promise<IdentityJob> {
  const { jobId } = created as IdentityJob;
  const look = async (): Promise<IdentityJob> => (await registry.getJob(jobId)) as IdentityJob;
  await expect.poll(async () => (await look()).endTimeUtc, { timeout: 25_000 }).toBeDefined();
  return look();
}

async function linesIn(container: ContainerClient, name: string): Promise<Record<string, unknown>[]> {
  const text = (await container.getBlobClient(name).downloadToBuffer()).toString();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const openWithStorage = (): Promise<HubFixture> => openHub({ storage: { ca } });

describe("an export of identities", () => {
  it("writes a line for each device and module into devices.txt, keys and twins with them", async () => {
    await using fixture = await openWithStorage();
    const { hub, registry } = fixture;
    const { container, uri } = await aContainer();
    hub.createDevice({
      deviceId: "d1",
      tags: { site: "a" },
      primaryKey: Buffer.alloc(32, 7).toString("base64"),
    });
    hub.createDevice({ deviceId: "d1", moduleId: "m1" });
    hub.createDevice({ deviceId: "d2", status: "disabled" });
    const created = (await registry.exportDevicesToBlob(uri, false)) as unknown as IdentityJob;
    expect(created).toMatchObject({ type: "export", status: "enqueued", progress: 0 });
    const job = await ended(fixture, created);
    expect(job).toMatchObject({ status: "completed", progress: 100 });
    // The signature stays with whoever made the job.
    expect(JSON.stringify((await registry.listJobs()).responseBody)).not.toContain("sig=");
    const lines = await linesIn(container, "devices.txt");
    expect(lines).toMatchObject([
      {
        id: "d1",
        eTag: expect.any(String) as string,
        status: "enabled",
        authentication: { type: "sas", symmetricKey: { primaryKey: Buffer.alloc(32, 7).toString("base64") } },
        twinETag: "AAAAAAAAAAE=",
        tags: { site: "a" },
        properties: { desired: { $version: 1 }, reported: { $version: 1 } },
      },
      { id: "d1", moduleId: "m1" },
      { id: "d2", status: "disabled" },
    ]);
  });

  it("leaves the keys out when it is told to", async () => {
    await using fixture = await openWithStorage();
    const { container, uri } = await aContainer();
    fixture.hub.createDevice({ deviceId: "d1" });
    await ended(fixture, await fixture.registry.exportDevicesToBlob(uri, true));
    expect(await linesIn(container, "devices.txt")).toMatchObject([
      { authentication: { symmetricKey: { primaryKey: null, secondaryKey: null } } },
    ]);
  });

  it("of more than a block of storage arrives whole, and can be imported into another hub", async () => {
    await using fixture = await openWithStorage();
    const { uri, container } = await aContainer();
    for (let index = 0; index < 750; index++) {
      fixture.hub.createDevice({
        deviceId: `d${index}`,
        tags: { index, a: "x".repeat(3500), b: "y".repeat(3500) },
      });
    }
    await ended(fixture, await fixture.registry.exportDevicesToBlob(uri, false));
    expect((await container.getBlobClient("devices.txt").getProperties()).contentLength).toBeGreaterThan(
      5_000_000,
    );
    await using other = await openWithStorage();
    const job = await ended(other, await other.registry.importDevicesFromBlob(uri, uri));
    expect(job).toMatchObject({ status: "completed" });
    expect((await other.registry.getRegistryStatistics()).responseBody).toMatchObject({
      totalDeviceCount: 750,
    });
    const [one, same] = await Promise.all(
      [fixture, other].map(async ({ registry }) => (await registry.get("d749")).responseBody.authentication),
    );
    expect(same).toEqual(one);
    expect((await other.registry.getTwin("d749")).responseBody.tags).toMatchObject({ index: 749 });
    expect(await container.getBlobClient("importErrors.log").exists()).toBe(false);
  });

  it("fails with the storage's reason, and never tells the signature", async () => {
    await using fixture = await openWithStorage();
    const { uri } = await aContainer("r");
    const job = await ended(fixture, await fixture.registry.exportDevicesToBlob(uri, false));
    expect(job.status).toBe("failed");
    expect(job.failureReason).toMatch(/answered 403 AuthorizationPermissionMismatch/u);
    expect(job.failureReason).not.toContain("sig=");
  });
});

describe("an import of identities", () => {
  it("does what each line says, and tells of those that failed in importErrors.log", async () => {
    await using fixture = await openWithStorage();
    const { hub, registry } = fixture;
    const { container, uri } = await aContainer();
    for (const deviceId of ["old", "gone", "there"]) hub.createDevice({ deviceId });
    const lines = [
      '{"id":"new","importMode":"create","tags":{"a":1},"properties":{"desired":{"b":2,"$version":9}}}',
      '{"id":"old","status":"disabled"}',
      '{"id":"gone","importMode":"delete"}',
      '{"id":"there","importMode":"create"}',
      "no JSON",
      "",
      '{"id":"there","importMode":"updateTwin","tags":{"c":3}}',
    ];
    await container.getBlockBlobClient("devices.txt").uploadData(Buffer.from(lines.join("\r\n")));
    const job = await ended(fixture, await registry.importDevicesFromBlob(uri, uri));
    expect(job).toMatchObject({ status: "completed", progress: 100 });
    expect(await linesIn(container, "importErrors.log")).toMatchObject([
      { deviceId: "there", line: 4, errorCode: "DeviceAlreadyExists" },
      { deviceId: "", line: 5, errorCode: "ArgumentInvalid" },
    ]);
    const { responseBody: twin } = await registry.getTwin("new");
    expect([twin.tags, valuesOf(twin.properties.desired)]).toEqual([{ a: 1 }, { b: 2 }]);
    expect((await registry.get("old")).responseBody.status).toBe("disabled");
    expect((await registry.getTwin("there")).responseBody.tags).toEqual({ c: 3 });
    expect(await refusal(registry.get("gone"))).toMatchObject({ status: 404 });
  });

  it("fails where there is no blob", async () => {
    await using fixture = await openWithStorage();
    const { uri } = await aContainer();
    const job = await ended(fixture, await fixture.registry.importDevicesFromBlob(uri, uri));
    expect(job.failureReason).toMatch(/devices\.txt answered 404 BlobNotFound/u);
  });

  it("fails where the storage is not trusted", async () => {
    await using fixture = await openHub();
    const { uri } = await aContainer();
    const job = await ended(fixture, await fixture.registry.importDevicesFromBlob(uri, uri));
    expect(job).toMatchObject({ status: "failed" });
    expect(job.failureReason).toMatch(/cannot be reached/u);
  });
});

describe("imports and exports", () => {
  it("run one at a time, until the one is cancelled", async () => {
    await using fixture = await openWithStorage();
    await using mute = await aMuteStorage();
    const { hub, registry } = fixture;
    const waiting = { type: "export", outputBlobContainerUri: mute.uri };
    const first = await ask(hub, "POST /jobs/create", { body: waiting });
    expect(first.status).toBe(200);
    const { uri } = await aContainer();
    const body = { type: "export", outputBlobContainerUri: uri };
    expect((await ask(hub, "POST /jobs/create", { body })).status).toBe(403);
    const { jobId } = first.body as IdentityJob;
    await registry.cancelJob(jobId);
    await expect.poll(async () => ((await registry.getJob(jobId)) as IdentityJob).endTimeUtc).toBeDefined();
    expect(await refusal(registry.getJob("nothing"))).toMatchObject({ status: 404, code: "JobNotFound" });
    expect((await ask(hub, "POST /jobs/create", { body })).status).toBe(200);
  });

  it.each([
    ["no address", { outputBlobContainerUri: "x" }, "BlobContainerValidationError"],
    ["http", { outputBlobContainerUri: "http://127.0.0.1/c?sig=x" }, "BlobContainerValidationError"],
    ["no signature", { outputBlobContainerUri: "https://127.0.0.1/c" }, "BlobContainerValidationError"],
    [
      "another machine, which is not asked",
      { outputBlobContainerUri: "https://account.blob.core.windows.net/c?sig=x" },
      "BlobContainerValidationError",
    ],
    [
      "an identity that the hub has not",
      { storageAuthenticationType: "IdentityBased" },
      "ManagedIdentityNotEnabled",
    ],
    ["a blob elsewhere", { outputBlobName: "../other/blob" }, "ArgumentInvalid"],
    ["an unknown type", { type: "backup" }, "ArgumentInvalid"],
  ])("are refused with %s", async (_case, change, code) => {
    await using fixture = await openWithStorage();
    const body = { type: "export", outputBlobContainerUri: "https://127.0.0.1:1/c?sig=x", ...change };
    expect(await ask(fixture.hub, "POST /jobs/create", { body })).toMatchObject({
      status: 400,
      headers: { "iothub-errorcode": code },
    });
  });
});
