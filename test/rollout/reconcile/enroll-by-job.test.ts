import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { BlobServiceClient, type ContainerClient, type StoragePipelineOptions } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAzurite, type Azurite } from "../../../local/azurite.ts";
import { createCertificateAuthority, issueServerCertificate } from "../../../local/hub/certificates.ts";
import { startHub, type LocalHub } from "../../../local/hub/hub.ts";
import { identityJobs, PROBE_DEVICE } from "../../../rollout/adapters/identity-jobs.ts";
import { jobContainer } from "../../../rollout/adapters/job-container.ts";
import { connectRegistry, type Registry } from "../../../rollout/adapters/registry.ts";
import { bucketOf } from "../../../rollout/model/bucket.ts";
import { enrollByJob, type JobRun } from "../../../rollout/reconcile/enroll-by-job.ts";
import type { ClockPort, IdentityJobsPort } from "../../../rollout/reconcile/ports.ts";

// Microsoft's clients against the embedded hub and Azurite: the hub reads and writes the container by its address alone.

let directory: string;
let ca: string;
let azurite: Azurite;
let containers = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "enroll-azurite-"));
  const authority = await createCertificateAuthority();
  ca = authority.certPem;
  const certificate = await issueServerCertificate(authority, ["localhost", "127.0.0.1"]);
  azurite = await startAzurite({ directory, certificate, caPem: ca });
});
afterAll(async () => {
  await azurite.close();
  await rm(directory, { recursive: true });
});

/** Waits are short here: jobs of this hub take milliseconds. */
const clock: ClockPort = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await wait(Math.min(ms / 20, 200), undefined, signal === undefined ? {} : { signal });
  },
};

/** The address of a container whose storage takes connections and never says a word: a job that lasts. */
async function aMuteStorage(): Promise<AsyncDisposable & { readonly uri: string }> {
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

interface Fixture extends AsyncDisposable {
  readonly hub: LocalHub;
  readonly registry: Registry;
  readonly container: ContainerClient;
  readonly jobs: IdentityJobsPort;
  readonly run: (changes?: Partial<JobRun>) => ReturnType<typeof enrollByJob>;
}

async function open(): Promise<Fixture> {
  const name = `identity-jobs-${++containers}`;
  await azurite.createContainer(name);
  const hub = await startHub({ throttle: "off", storage: { ca } });
  const registry = connectRegistry({
    kind: "connection string",
    connectionString: hub.serviceConnectionString,
    ca: hub.caPem,
  });
  const address = `${azurite.endpoint}/${name}`;
  const container = jobContainer({ address, credential: azurite.credential, ca });
  const jobs = identityJobs({ registry, hub: "test", clock, container });
  const options: StoragePipelineOptions & { tlsOptions: { ca: string } } = { tlsOptions: { ca } };
  return {
    hub,
    registry,
    container: new BlobServiceClient(azurite.endpoint, azurite.credential, options).getContainerClient(name),
    jobs,
    run: (changes = {}) =>
      enrollByJob({ product: "thermostat", jobs, clock, signal: new AbortController().signal, ...changes }),
    [Symbol.asyncDispose]: hub.close,
  };
}

async function twinOf(
  registry: Registry,
  deviceId: string,
): Promise<{ tags: unknown; properties: { desired: unknown } }> {
  // The SDK types twins as anything.
  return (await registry.getTwin(deviceId)).responseBody;
}

describe("enrollByJob", () => {
  it("stamps the product's devices without a bucket, keeps all else, and leaves nothing behind", async () => {
    await using fixture = await open();
    const { hub, registry, container } = fixture;
    hub.createDevice({
      deviceId: "d'1#",
      tags: { product: "thermostat", site: { a: 1 }, rollout: { ring: "canary" } },
    });
    hub.createDevice({ deviceId: "d'1#", moduleId: "m", tags: { product: "thermostat" } });
    hub.createDevice({ deviceId: "d2", tags: { product: "thermostat" } });
    hub.createDevice({ deviceId: "has", tags: { product: "thermostat", rollout: { bucket: 7 } } });
    hub.createDevice({ deviceId: "odd", tags: { product: "thermostat", rollout: "canary" } });
    hub.createDevice({ deviceId: "pump", tags: { product: "pump" } });
    await registry.updateTwin("d2", { properties: { desired: { firmware: { fwVersion: "1.0.0" } } } }, "*");
    const before = await twinOf(registry, "d2");
    const said: string[] = [];
    const result = await fixture.run({
      onProgress: (event) => {
        if (event.kind === "job") said.push(event.text);
      },
    });
    expect(result).toMatchObject({ stamped: 2, changedMeanwhile: 0, refusedCount: 1, interrupted: false });
    expect(result.refused).toEqual([{ deviceId: "odd", why: "tags.rollout is no object" }]);
    expect(said.at(-1)).toBe("importing the tags of 2 devices");
    expect((await twinOf(registry, "d'1#")).tags).toEqual({
      product: "thermostat",
      site: { a: 1 },
      rollout: { ring: "canary", bucket: bucketOf("d'1#") },
    });
    // Not even a version of what the device was asked moves: it would be told again.
    expect((await twinOf(registry, "d2")).properties.desired).toEqual(before.properties.desired);
    expect((await twinOf(registry, "has")).tags).toMatchObject({ rollout: { bucket: 7 } });
    expect((await twinOf(registry, "pump")).tags).toEqual({ product: "pump" });
    expect((await registry.getModuleTwin("d'1#", "m")).responseBody.tags).toEqual({ product: "thermostat" });
    for await (const blob of container.listBlobsFlat()) expect.fail(`${blob.name} was left`);
    await expect(registry.get(PROBE_DEVICE)).rejects.toThrow();
  });

  it("stamps 5,000 devices, and finds none the second time", { timeout: 60_000 }, async () => {
    await using fixture = await open();
    for (let index = 0; index < 5_000; index++)
      fixture.hub.createDevice({
        deviceId: `d${index}`,
        tags: { product: "thermostat", filler: "x".repeat(500) },
      });
    expect(await fixture.run()).toMatchObject({ stamped: 5_000, refusedCount: 0 });
    expect((await twinOf(fixture.registry, "d4711")).tags).toMatchObject({
      rollout: { bucket: bucketOf("d4711") },
    });
    expect(await fixture.run()).toMatchObject({ stamped: 0 });
    // No query and no twin write of ours was spent but the probe's.
    expect(fixture.hub.calls()).toMatchObject({ queries: 0, twinWrites: 2 });
  });

  it("keeps a bucket that somebody set between export and import", async () => {
    await using fixture = await open();
    const { hub, registry, jobs } = fixture;
    for (const deviceId of ["d1", "d2", "gone"])
      hub.createDevice({ deviceId, tags: { product: "thermostat" } });
    const rewrite: IdentityJobsPort["rewrite"] = async (choose) => {
      const lines = await jobs.rewrite(choose);
      await registry.updateTwin("d1", { tags: { rollout: { bucket: 42 } } }, "*");
      await registry.delete("gone");
      return lines;
    };
    expect(await fixture.run({ jobs: { ...jobs, rewrite } })).toMatchObject({
      stamped: 1,
      changedMeanwhile: 2,
      refusedCount: 0,
    });
    expect((await twinOf(registry, "d1")).tags).toMatchObject({ rollout: { bucket: 42 } });
  });

  it("tries again when the hub is busy with another job, refuses, or loses the answer", async () => {
    await using fixture = await open();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1", tags: { product: "thermostat" } });
    hub.faults.add({ kind: "status", status: 429, match: { call: "jobs" }, times: 3 });
    hub.faults.add({ kind: "status", status: 503, match: { route: "POST /jobs/create" }, times: 1 });
    hub.faults.add({ kind: "lost answer", match: { route: "POST /jobs/create" }, times: 2 });
    expect(await fixture.run()).toMatchObject({ stamped: 1, refusedCount: 0 });
    await expect(fixture.registry.get(PROBE_DEVICE)).rejects.toThrow();
  });

  it("starts nothing while another job runs, and carries on when it has ended", async () => {
    await using fixture = await open();
    const { hub, registry, jobs } = fixture;
    hub.createDevice({ deviceId: "d1", tags: { product: "thermostat" } });
    await using mute = await aMuteStorage();
    const { jobId } = (await registry.exportDevicesToBlob(mute.uri, true)) as unknown as { jobId: string };
    const waits: string[] = [];
    const result = await fixture.run({
      jobs,
      onProgress: (event) => {
        if (event.kind !== "waiting") return;
        waits.push(event.why);
        expect(hub.calls()).toMatchObject({ registry: 0, twinWrites: 0 });
        if (waits.length === 3) void registry.cancelJob(jobId);
      },
    });
    expect(waits[0]).toContain(`job ${jobId} is running`);
    expect(result).toMatchObject({ stamped: 1 });
  });

  it("removes the probe that a killed run left, and goes on", async () => {
    await using fixture = await open();
    fixture.hub.createDevice({ deviceId: PROBE_DEVICE, tags: { left: "over" } });
    fixture.hub.createDevice({ deviceId: "d1", tags: { product: "thermostat" } });
    expect(await fixture.run()).toMatchObject({ stamped: 1 });
    await expect(fixture.registry.get(PROBE_DEVICE)).rejects.toThrow();
  });

  it("touches no device of a hub whose import takes away what it was not given", async () => {
    await using fixture = await open();
    const { hub, registry, jobs } = fixture;
    hub.createDevice({ deviceId: "d1", tags: { product: "thermostat" } });
    // Such a hub, as the probe would see it: desired properties are gone after the import.
    const getTwin = registry.getTwin.bind(registry) as (
      deviceId: string,
    ) => Promise<{ responseBody: { properties: { desired: unknown } } }>;
    const emptied = Object.assign(Object.create(registry) as Registry, {
      getTwin: async (deviceId: string) => {
        const answer = await getTwin(deviceId);
        answer.responseBody.properties.desired = { $version: 3 };
        return answer;
      },
    });
    const address = `${azurite.endpoint}/${fixture.container.containerName}`;
    const container = jobContainer({ address, credential: azurite.credential, ca });
    const unfit = identityJobs({ registry: emptied, hub: "test", clock, container });
    await expect(fixture.run({ jobs: unfit })).rejects.toMatchObject({
      code: "ENROLL_UNFIT",
      message: expect.stringContaining("desired properties were touched") as string,
    });
    expect((await twinOf(registry, "d1")).tags).toEqual({ product: "thermostat" });
    await expect(registry.get(PROBE_DEVICE)).rejects.toThrow();
    expect(await jobs.errors().catch((error: unknown) => error)).toMatchObject({ code: "HUB_CONFLICT" });
  });

  it("says so when somebody else used the container meanwhile", async () => {
    await using fixture = await open();
    const { hub, jobs, container } = fixture;
    hub.createDevice({ deviceId: "d1", tags: { product: "thermostat" } });
    let starts = 0;
    const startImport: IdentityJobsPort["startImport"] = async () => {
      const job = await jobs.startImport();
      if ((starts += 1) === 1) await container.getBlockBlobClient("devices.txt").upload("{}\n", 3);
      return job;
    };
    await expect(fixture.run({ jobs: { ...jobs, startImport } })).rejects.toMatchObject({
      code: "HUB_CONFLICT",
    });
  });

  it("is interrupted between two looks at a job, and the next run finishes", async () => {
    await using fixture = await open();
    fixture.hub.createDevice({ deviceId: "d1", tags: { product: "thermostat" } });
    const interrupt = new AbortController();
    const result = await fixture.run({
      signal: interrupt.signal,
      onProgress: (event) => {
        if (event.kind === "job" && event.text === "exporting twins") interrupt.abort();
      },
    });
    expect(result).toMatchObject({ interrupted: true, stamped: 0 });
    expect(await fixture.run()).toMatchObject({ stamped: 1 });
  });

  it("that cannot use the container says which right is missing, and no signature is in what is said", async () => {
    await using fixture = await open();
    const elsewhere = jobContainer({
      address: `${azurite.endpoint}/no-such-container`,
      credential: azurite.credential,
      ca,
    });
    const jobs = identityJobs({ registry: fixture.registry, hub: "test", clock, container: elsewhere });
    const error: unknown = await fixture.run({ jobs }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "JOB_STORE_FAILED" });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain("sig=");
    expect(await fixture.registry.get(PROBE_DEVICE).catch(() => undefined)).toBeUndefined();
  });
});
