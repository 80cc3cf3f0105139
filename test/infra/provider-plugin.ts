import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
// Both come with Pulumi, in the versions its generated messages are made for.
import { credentials } from "@grpc/grpc-js";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";

/** Properties as they go over the wire. */
export type Values = Record<string, JavaScriptValue>;

/** Pulumi's real plugin for dynamic resources, in a process of its own, asked as the engine asks it. */
export interface ProviderPlugin extends AsyncDisposable {
  check(news: Values): Promise<{ readonly inputs: Values; readonly failures: readonly string[] }>;
  diff(
    id: string,
    olds: Values,
    news: Values,
  ): Promise<{ readonly changes: boolean; readonly replaces: readonly string[] }>;
  /** The id of what was made. */
  create(inputs: Values): Promise<string>;
}

/** Start the plugin where Pulumi does, in the project's folder, on a machine with no Azure CLI to sign in by. */
export async function startProviderPlugin(): Promise<ProviderPlugin> {
  const command = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/dynamic-provider/index.js");
  const child = spawn(process.execPath, [command, "127.0.0.1:0"], {
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    env: { PATH: "" },
    // What it logs about failures is asserted by its answers.
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  const port = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("exit", (code) => {
      reject(new Error(`the plugin ended with ${String(code)} before it told its port`));
    });
  });
  const client = new services.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  await configured(client);
  return {
    check: async (news) => {
      const request = new messages.CheckRequest();
      request.setOlds(Struct.fromJavaScript({}));
      request.setNews(Struct.fromJavaScript(news));
      const response = await answer<messages.CheckResponse>((done) => client.check(request, done));
      return {
        inputs: response.getInputs()?.toJavaScript() ?? {},
        failures: response.getFailuresList().map((failure) => failure.getProperty()),
      };
    },
    diff: async (id, olds, news) => {
      const request = new messages.DiffRequest();
      request.setId(id);
      request.setOlds(Struct.fromJavaScript(olds));
      request.setNews(Struct.fromJavaScript(news));
      const response = await answer<messages.DiffResponse>((done) => client.diff(request, done));
      const changes = response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME;
      return { changes, replaces: response.getReplacesList() };
    },
    create: async (inputs) => {
      const request = new messages.CreateRequest();
      request.setProperties(Struct.fromJavaScript(inputs));
      return (await answer<messages.CreateResponse>((done) => client.create(request, done))).getId();
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      child.kill();
      await exited;
    },
  };
}

async function configured(client: services.ResourceProviderClient): Promise<void> {
  const request = new messages.ConfigureRequest();
  request.setArgs(Struct.fromJavaScript({}));
  await answer<messages.ConfigureResponse>((done) => client.configure(request, done));
}

function answer<T>(call: (done: (error: Error | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
