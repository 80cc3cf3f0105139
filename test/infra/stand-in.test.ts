import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
// Both come with Pulumi, in the versions its generated messages are made for.
import { credentials } from "@grpc/grpc-js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Inputs } from "./plugin-refusals.ts";
import { start } from "../support/command-line.ts";

const URN = "urn:pulumi:cli::wavegate::wavegate:infra:IotHub$azure-native:iothub:IotHubResource::hub";

let stop: () => Promise<void>;
let client: services.ResourceProviderClient;
beforeAll(async () => {
  const script = fileURLToPath(new URL("../../scripts/stand-in/index.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, "127.0.0.1:1"], { stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  stop = async () => {
    child.kill();
    await exited;
  };
  const [port] = (await once(createInterface(child.stdout), "line")) as [string];
  client = new services.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await stop();
});

function answer<T>(call: (done: (error: Error | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

describe("the stand-in for azure-native", () => {
  const inputs = { sku: { name: "S1" }, properties: { minTlsVersion: "1.2" }, tags: [] };

  async function create(): Promise<Inputs> {
    const request = new messages.CreateRequest();
    request.setUrn(URN);
    request.setProperties(Struct.fromJavaScript(inputs));
    const made = await answer<messages.CreateResponse>((done) => client.create(request, done));
    return made.getProperties()?.toJavaScript() ?? {};
  }

  it("makes a hub whose host name the program can put out", async () => {
    expect(await create()).toMatchObject({
      sku: { name: "S1" },
      properties: { minTlsVersion: "1.2", hostName: "hub-of-azure.azure-devices.net" },
    });
  });

  it.each([
    ["none in what Azure adds", {}, false],
    ["one in what the program sets", { sku: { name: "S2" } }, true],
    ["one inside of it", { properties: { minTlsVersion: "1.0" } }, true],
    ["one in the length of a list", { tags: ["new"] }, true],
  ])("sees a change: %s", async (_what, change, changes) => {
    const request = new messages.DiffRequest();
    request.setUrn(URN);
    request.setOlds(Struct.fromJavaScript(await create()));
    request.setNews(Struct.fromJavaScript({ ...inputs, ...change }));
    const response = await answer<messages.DiffResponse>((done) => client.diff(request, done));
    expect(response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME).toBe(changes);
  });
});

describe("npm run infra:cli", () => {
  it("says that it is skipped where there is no Pulumi CLI, and makes nothing", async () => {
    const running = start(["scripts/infra-cli.mjs"], { PATH: "" });
    expect(await running.ended).toBe(0);
    expect(running.lines).toEqual([expect.stringMatching(/^skipped: there is no Pulumi CLI/)]);
  });
});
