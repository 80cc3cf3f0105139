import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { request } from "node:https";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { TokenCredential } from "@azure/core-auth";
import { BlobServiceClient, RestError, type StoragePipelineOptions } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startAzurite, type Azurite } from "../../local/azurite.ts";
import {
  createCertificateAuthority,
  issueServerCertificate,
  type ServerCertificate,
} from "../../local/hub/certificates.ts";

let directory: string;
let caPem: string;
let azurite: Azurite;

async function issueLoopbackCertificate(): Promise<ServerCertificate & { caPem: string }> {
  const authority = await createCertificateAuthority();
  const certificate = await issueServerCertificate(authority, ["localhost", "127.0.0.1"]);
  return { ...certificate, caPem: authority.certPem };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "wavegate-azurite-"));
  const certificate = await issueLoopbackCertificate();
  caPem = certificate.caPem;
  azurite = await startAzurite({ directory, certificate, caPem });
  await azurite.createPublicContainer("firmware");
  await azurite.createContainer("records");
});
afterAll(async () => {
  await azurite.close();
  await rm(directory, { recursive: true });
});

/** Microsoft's client, trusting our authority by the pipeline option that its type does not name. */
function connect(credential: TokenCredential): BlobServiceClient {
  const options: StoragePipelineOptions & { tlsOptions: { ca: string } } = {
    tlsOptions: { ca: caPem },
    retryOptions: { maxTries: 1 },
  };
  return new BlobServiceClient(azurite.endpoint, credential, options);
}

function anonymous(
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      "x-ms-version": "2025-01-05",
      ...(body !== undefined && { "x-ms-blob-type": "BlockBlob" }),
    };
    const call = request(
      `${azurite.endpoint}${path}`,
      { method, ca: caPem, headers, agent: false },
      (response) => {
        text(response).then((received) => {
          resolve({ status: response.statusCode, body: received });
        }, reject);
      },
    );
    call.once("error", reject);
    call.end(body);
  });
}

function tokenWith(change: object): TokenCredential {
  return {
    async getToken() {
      const good = await azurite.credential.getToken("https://storage.azure.com/.default");
      const [header, claims] = (good?.token ?? "").split(".");
      const known: unknown = JSON.parse(Buffer.from(claims!, "base64url").toString());
      const changed = Object.assign({}, known, change);
      const part = Buffer.from(JSON.stringify(changed)).toString("base64url");
      return { token: `${header!}.${part}.`, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
}

describe("the demo's blob storage", () => {
  it("takes an upload with a token and gives the same bytes back", async () => {
    const blob = connect(azurite.credential)
      .getContainerClient("records")
      .getBlockBlobClient("thermostat/head");
    await blob.uploadData(Buffer.from("a record"));
    expect((await blob.downloadToBuffer()).toString()).toBe("a record");
  });

  it("creates only once when asked with a condition, as the record store asks", async () => {
    const blob = connect(azurite.credential).getContainerClient("records").getBlockBlobClient("once");
    const conditions = { ifNoneMatch: "*" };
    await blob.uploadData(Buffer.from("first"), { conditions });
    const second = blob.uploadData(Buffer.from("second"), { conditions });
    await expect(second).rejects.toMatchObject({ statusCode: 409, code: "BlobAlreadyExists" });
  });

  it("lets anyone read an image of the public container by its address", async () => {
    const container = connect(azurite.credential).getContainerClient("firmware");
    await container.getBlockBlobClient("sha256/abc.bin").uploadData(Buffer.from("an image"));
    expect(await anonymous("GET", "/firmware/sha256/abc.bin")).toEqual({ status: 200, body: "an image" });
  });

  it("refuses strangers a write, a listing and everything in a container that is not public", async () => {
    await connect(azurite.credential)
      .getContainerClient("records")
      .getBlockBlobClient("secret")
      .uploadData(Buffer.from("x"));
    const image = connect(azurite.credential)
      .getContainerClient("firmware")
      .getBlockBlobClient("sha256/good.bin");
    await image.uploadData(Buffer.from("good"));
    const attempts = await Promise.all([
      anonymous("PUT", "/firmware/sha256/evil.bin", "bad"),
      anonymous("GET", "/firmware?restype=container&comp=list"),
      anonymous("GET", "/records/secret"),
      anonymous("DELETE", "/firmware/sha256/good.bin"),
    ]);
    for (const { status } of attempts) expect([401, 403, 404, 409]).toContain(status);
    expect(await anonymous("GET", "/firmware/sha256/evil.bin")).toMatchObject({ status: 404 });
    expect(await anonymous("GET", "/firmware/sha256/good.bin")).toMatchObject({ status: 200 });
  });

  it.each([
    ["expired", { exp: Math.floor(Date.now() / 1000) - 10 }],
    ["for another service", { aud: "https://management.azure.com" }],
    ["of another issuer", { iss: "https://login.example/" }],
  ])("refuses a token that is %s", async (_, change) => {
    const upload = connect(tokenWith(change))
      .getContainerClient("records")
      .getBlockBlobClient("no")
      .uploadData(Buffer.from("x"));
    await expect(upload).rejects.toSatisfy(
      (error) => error instanceof RestError && [401, 403].includes(error.statusCode ?? 0),
    );
  });

  it("writes a token that works from another process into a file only its owner reads", async () => {
    const path = join(directory, "token");
    await azurite.writeTokenFile(path);
    await azurite.writeTokenFile(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const token = await readFile(path, "utf8");
    const fromFile: TokenCredential = {
      getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
    };
    expect(await connect(fromFile).getContainerClient("records").exists()).toBe(true);
  });

  it("leaves neither its key nor its blobs on disk", async () => {
    const left = await readdir(directory);
    expect(left.filter((name) => name !== "token")).toEqual([]);
  });

  it("says what happened when it cannot start", async () => {
    const certificate = { certPem: "no certificate", keyPem: "no key" };
    await expect(startAzurite({ directory, certificate, caPem })).rejects.toThrow(
      /Azurite ended with code 1 .*last words: .*PEM/s,
    );
  });

  it("does not become ready with a certificate of another authority than it was said to have", async () => {
    const certificate = await issueLoopbackCertificate();
    await expect(startAzurite({ directory, certificate, caPem })).rejects.toThrow(
      /refuses the first call: unable to verify the first certificate/,
    );
  });

  it("accepts no connection once closed, however often it is closed", async () => {
    const certificate = await issueLoopbackCertificate();
    const running = await startAzurite({ directory, certificate, caPem: certificate.caPem });
    await Promise.all([running.close(), running.close()]);
    await running.close();
    await expect(openConnection(running.endpoint)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("ends when the process that started it is killed", async () => {
    const script = `
      import { startAzurite } from "./local/azurite.ts";
      const { endpoint } = await startAzurite(JSON.parse(process.env.OPTIONS));
      console.log(endpoint);`;
    const options = { directory: join(directory, "orphan"), certificate: await issueLoopbackCertificate() };
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      env: { ...process.env, OPTIONS: JSON.stringify({ ...options, caPem: options.certificate.caPem }) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: unknown[] = await once(createInterface({ input: parent.stdout }), "line");
    const endpoint = String(lines[0]);
    await openConnection(endpoint);
    parent.kill("SIGKILL");
    await vi.waitFor(
      () => expect(openConnection(endpoint)).rejects.toMatchObject({ code: "ECONNREFUSED" }),
      10_000,
    );
    await rm(options.directory, { recursive: true });
  });
});

async function openConnection(endpoint: string): Promise<void> {
  const socket = connectTcp({ host: "127.0.0.1", port: Number(new URL(endpoint).port) });
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}
