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

/** Inputs of a resource, as they go over the wire. */
export type Inputs = Record<string, JavaScriptValue>;

/** Pulumi's real plugin for dynamic resources, asked only what it would refuse. */
export interface RefusingPlugin extends AsyncDisposable {
  /** Why it would not take these inputs in the place of those that a resource was made with. */
  refusals(news: Inputs, olds?: Inputs): Promise<readonly string[]>;
}

/** Start the plugin in the project's folder, as Pulumi does. */
export async function startRefusingPlugin(): Promise<RefusingPlugin> {
  const command = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/dynamic-provider/index.js");
  const child = spawn(process.execPath, [command, "127.0.0.1:0"], {
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  const [port] = (await once(createInterface(child.stdout), "line")) as [string];
  const client = new services.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const configuration = new messages.ConfigureRequest();
  configuration.setArgs(Struct.fromJavaScript({}));
  await answer<messages.ConfigureResponse>((done) => client.configure(configuration, done));
  return {
    refusals: async (news, olds = {}) => {
      const request = new messages.CheckRequest();
      request.setOlds(Struct.fromJavaScript(olds));
      request.setNews(Struct.fromJavaScript(news));
      const response = await answer<messages.CheckResponse>((done) => client.check(request, done));
      return response.getFailuresList().map((failure) => failure.getReason());
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      child.kill();
      await exited;
    },
  };
}

function answer<T>(call: (done: (error: Error | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
