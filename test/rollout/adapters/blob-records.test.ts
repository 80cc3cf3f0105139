import { lookLine } from "../../../rollout/adapters/look-line.ts";
import type { ServerResponse } from "node:http";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import { createServer, type AddressInfo, type Server } from "node:net";
import { inspect } from "node:util";
import type { TokenCredential } from "@azure/core-auth";
import { CredentialUnavailableError } from "@azure/identity";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobFiles, type BlobRecordsOptions } from "../../../rollout/adapters/blob-records.ts";
import { recordsIn } from "../../../rollout/adapters/records-in-files.ts";
import { credentialOf } from "../../../rollout/adapters/credential.ts";
import { digestOf } from "../../../rollout/model/digest.ts";
import type { RecordPort } from "../../../rollout/reconcile/ports.ts";
import { startBlobStorage, type BlobStorage } from "../../support/blob-storage.ts";
import { aLook, anAbort, aRecord, ATTEMPT } from "./a-record.ts";

let storage: BlobStorage;
beforeAll(async () => {
  storage = await startBlobStorage();
  await storage.azurite.createContainer("records");
});
afterAll(() => storage[Symbol.asyncDispose]());

function open(options: Partial<BlobRecordsOptions> = {}): RecordPort {
  return recordsIn(
    blobFiles({
      container: `${storage.azurite.endpoint}/records`,
      credential: storage.azurite.credential,
      ca: storage.caPem,
      ...options,
    }),
  );
}

/** Every call of a store that is of no use fails, says which place, and what to do. */
async function failsEverywhere(records: RecordPort, message: RegExp, hint: RegExp): Promise<void> {
  const calls: (() => Promise<unknown>)[] = [
    () => records.putRecord(aRecord("first")),
    () => records.getRecord("thermostat", digestOf("x")),
    () => records.markTaken("thermostat", "demo", digestOf("x"), undefined),
    () => records.takenMark("thermostat", "demo"),
    () => records.putTombstone("thermostat", anAbort(digestOf("x"))),
    () => records.tombstones("thermostat"),
    () => records.appendLook("thermostat", ATTEMPT, aLook(1)),
    () => records.looks("thermostat", ATTEMPT),
  ];
  await Promise.all(
    calls.map((call) =>
      expect(call()).rejects.toMatchObject({
        code: "RECORD_STORE_FAILED",
        message: expect.stringMatching(message) as string,
        hint: expect.stringMatching(hint) as string,
      }),
    ),
  );
}

async function listening(server: Server): Promise<{ readonly url: string } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on TCP, its address has a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/account/records`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      // The client keeps its connections for a next call.
      if (server instanceof HttpsServer) server.closeAllConnections();
      await closed;
    },
  };
}

/** A blob service that answers everything in one way. */
function answering(
  answer: (response: ServerResponse) => void,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const { certPem: cert, keyPem: key } = storage.certificate;
  const server = createHttpsServer({ cert, key }, (request, response) => {
    request.resume();
    answer(response);
  });
  return listening(server);
}

/** Answer as Azure's service does [Status and error codes]. */
function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml", "x-ms-error-code": code });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

describe("a store that does not answer", () => {
  it("because nothing listens there fails within seconds", async () => {
    const closed = await listening(createServer());
    await closed[Symbol.asyncDispose]();
    const started = performance.now();
    await failsEverywhere(open({ container: closed.url }), /ECONNREFUSED/, /records\.container.*network/);
    expect(performance.now() - started).toBeLessThan(9_000);
  });

  it("though it takes the connection fails at the limit, whatever is tried again", async () => {
    await using silent = await listening(
      createServer((socket) => {
        // The client gives up: its end of the connection comes as an error.
        socket.on("error", () => undefined).resume();
      }),
    );
    const started = performance.now();
    await failsEverywhere(
      open({ container: silent.url, limitMs: 500 }),
      /no answer within 0\.[15] s/,
      /records\.container.*network/,
    );
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("once is not waited for as long again, until it answers", async () => {
    let isStuck = true;
    await using stuck = await answering((response) => {
      if (!isStuck) refuse(response, 404, "BlobNotFound");
    });
    const records = open({ container: stuck.url, limitMs: 2_000 });
    const looking = (): Promise<unknown> => records.takenMark("thermostat", "demo");
    await expect(looking()).rejects.toThrow("no answer within 2 s");
    await expect(looking()).rejects.toThrow("no answer within 0.4 s");
    isStuck = false;
    await expect.poll(looking).toBeUndefined();
    isStuck = true;
    await expect(looking()).rejects.toThrow("no answer within 2 s");
  });

  it("because the sign-in never ends fails at the limit", async () => {
    const credential: TokenCredential = { getToken: () => new Promise(() => undefined) };
    await failsEverywhere(
      open({ credential, limitMs: 300 }),
      /no answer within 0\.\d s/,
      /records\.container/,
    );
  });

  it("because it is busy is asked again", async () => {
    let asked = 0;
    await using busy = await answering((response) => {
      asked += 1;
      if (asked === 1) refuse(response, 503, "ServerBusy");
      else refuse(response, 404, "BlobNotFound");
    });
    expect(await open({ container: busy.url }).takenMark("thermostat", "demo")).toBeUndefined();
    expect(asked).toBe(2);
  });
});

describe("a store that refuses", () => {
  it("a token of another service names the credential or the role", async () => {
    const credential: TokenCredential = {
      getToken: async () => {
        const { token = "" } = (await storage.azurite.credential.getToken("any")) ?? {};
        const [header = "", claims = ""] = token.split(".");
        const known = JSON.parse(Buffer.from(claims, "base64url").toString()) as object;
        const other = { ...known, aud: "https://management.azure.com" };
        const part = Buffer.from(JSON.stringify(other)).toString("base64url");
        return { token: `${header}.${part}.`, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    await failsEverywhere(
      open({ credential }),
      /HTTP 40[13]: /,
      /role Storage Blob Data Contributor|credential of `records`/,
    );
  });

  it("since nobody signed in says to do so", async () => {
    const credential: TokenCredential = {
      getToken: () => Promise.reject(new CredentialUnavailableError("Please run 'az login'")),
    };
    await failsEverywhere(
      open({ credential }),
      /az login/,
      /sign in again, or correct the credential of `records`/,
    );
  });

  it("passes no token on with what it says", async () => {
    const issued = await storage.azurite.credential.getToken("any");
    const token = issued?.token ?? "";
    const credential: TokenCredential = {
      getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
    };
    const records = open({ credential, container: `${storage.azurite.endpoint}/never-made` });
    const error: unknown = await records.takenMark("thermostat", "demo").catch((caught: unknown) => caught);
    const all = inspect(error, { depth: Infinity, showHidden: true });
    expect(all).toContain("RECORD_STORE_FAILED");
    expect(all).not.toContain(token);
  });

  it("a reader's writes names the role that is needed", async () => {
    // What Azure answers to an identity without the role [Blob service error codes]; Azurite knows no roles.
    await using refusing = await answering((response) => {
      refuse(response, 403, "AuthorizationPermissionMismatch");
    });
    await failsEverywhere(
      open({ container: refusing.url }),
      /HTTP 403: AuthorizationPermissionMismatch/,
      /role Storage Blob Data Contributor on the container/,
    );
  });

  it("since it was never made is no empty store", async () => {
    await failsEverywhere(
      open({ container: `${storage.azurite.endpoint}/never-made` }),
      /HTTP 404: .*never-made|HTTP 404: The specified container does not exist/,
      /make the container, or correct `records\.container`/,
    );
  });

  it("because there is no token says how one is had", async () => {
    const credential = await credentialOf({ kind: "token-file", file: "/nowhere/token" });
    await failsEverywhere(
      open({ credential }),
      /token file \/nowhere\/token cannot be read/,
      /sign in again/,
    );
  });
});

describe("a series of looks that outgrows a blob", () => {
  const line = 200;

  it("goes on in another one, for who has written before and for who comes anew", async () => {
    const instants = Array.from({ length: 9 }, (_look, index) => index);
    const writers = [open({ seriesBytes: 2 * line }), open({ seriesBytes: 2 * line })];
    for (const at of instants.slice(0, 6))
      await writers[at % 2]?.appendLook("thermostat", ATTEMPT, aLook(at));
    for (const at of instants.slice(6))
      await open({ seriesBytes: 2 * line }).appendLook("thermostat", ATTEMPT, aLook(at));
    const blobs = await storage.blobs("records", `looks/thermostat/${ATTEMPT}.`);
    expect(blobs.length).toBeGreaterThan(2);
    expect(blobs.map(({ name }) => name)).toContain(`looks/thermostat/${ATTEMPT}.2.jsonl`);
    for (const { size } of blobs) expect(size).toBeLessThanOrEqual(2 * line);
    expect(await open().looks("thermostat", ATTEMPT)).toEqual(instants.map(aLook));
  });

  it("goes on in another one too when it was copied there from a folder", async () => {
    const text = lookLine(aLook(1));
    const copied = storage.container("records").getBlockBlobClient(`looks/toaster/${ATTEMPT}.jsonl`);
    await copied.upload(text, text.length);
    await open().appendLook("toaster", ATTEMPT, aLook(2));
    expect(await open().looks("toaster", ATTEMPT)).toEqual([aLook(1), aLook(2)]);
  });

  it("refuses a look that fits into none, and makes no blob for it", async () => {
    await expect(open({ seriesBytes: 50 }).appendLook("kettle", ATTEMPT, aLook(1))).rejects.toMatchObject({
      code: "RECORD_STORE_FAILED",
      message: expect.stringContaining("fits no blob") as string,
    });
    expect(await open().looks("kettle", ATTEMPT)).toEqual([]);
  });
});

describe("a long history", () => {
  it("is read at once, not link by link", async () => {
    const writer = open();
    const reasons = Array.from({ length: 60 }, (_record, index) => `decision ${index}`);
    const digests = await Promise.all(
      reasons.map((reason) => writer.putRecord({ ...aRecord(reason), product: "kettle" })),
    );
    let tokens = 0;
    // The client asks for a token once a call at most: a read that makes none was answered from what was read at first.
    const credential: TokenCredential = {
      getToken: async () => {
        tokens += 1;
        const issued = await storage.azurite.credential.getToken("any");
        return { token: issued?.token ?? "", expiresOnTimestamp: Date.now() };
      },
    };
    const reader = open({ credential });
    await reader.getRecord("kettle", digests[0] ?? digestOf(""));
    const before = tokens;
    for (const [index, digest] of digests.entries())
      expect(await reader.getRecord("kettle", digest)).toMatchObject({ reason: reasons[index] });
    expect(before).toBeGreaterThan(0);
    expect(tokens).toBe(before);
  });
});
