import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
// Both come with Pulumi, in the versions its generated messages are made for.
import { credentials, type ServiceError } from "@grpc/grpc-js";
import structs, { type Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statuses from "@pulumi/pulumi/proto/status_pb.js";
import { PROJECT } from "../command-line.ts";
import type { Values } from "./wire-values.ts";

/** What is wrong with an input. */
export interface InputFailure {
  readonly property: string;
  readonly reason: string;
}

/** Something was made or changed, and not all of it: Pulumi keeps what there is. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";
  readonly id: string;
  readonly properties: Values;

  constructor(message: string, made: { readonly id: string; readonly properties: Values }) {
    super(message);
    this.id = made.id;
    this.properties = made.properties;
  }
}

/** Pulumi's real plugin for dynamic resources, in a process of its own, asked as the engine asks it. */
export interface DynamicPlugin extends AsyncDisposable {
  check(
    olds: Values,
    news: Values,
  ): Promise<{ readonly inputs: Values; readonly failures: readonly InputFailure[] }>;
  diff(
    id: string,
    olds: Values,
    news: Values,
  ): Promise<{
    readonly changes: boolean;
    readonly replaces: readonly string[];
    readonly deleteBeforeReplace: boolean;
  }>;
  create(inputs: Values): Promise<{ readonly id: string; readonly properties: Values }>;
  /** An empty id: it is gone. */
  read(
    id: string,
    properties: Values,
  ): Promise<{ readonly id: string; readonly properties: Values; readonly inputs: Values | undefined }>;
  update(id: string, olds: Values, news: Values): Promise<Values>;
  delete(id: string, properties: Values): Promise<void>;
}

/** Start the plugin where Pulumi does, in the project's folder; the environment is all that it is given. */
export async function startDynamicPlugin(
  environment: Readonly<Record<string, string>>,
): Promise<DynamicPlugin> {
  const command = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/dynamic-provider/index.js");
  const child = spawn(process.execPath, [command, "127.0.0.1:0"], {
    cwd: PROJECT,
    env: environment,
    // What it logs about failures is in its answers. It never inherits the test's output: an orphan would hold it open.
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  const port = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("exit", (code) => {
      reject(new Error(`the plugin ended with ${String(code)} before it told its port`));
    });
  });
  const client = new services.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    // A thousand devices are more than the four megabytes that gRPC takes by default.
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const configuration = new messages.ConfigureRequest();
  configuration.setArgs(structs.Struct.fromJavaScript({}));
  await answer<messages.ConfigureResponse>((done) => client.configure(configuration, done));
  return {
    check: async (olds, news) => {
      const request = new messages.CheckRequest();
      request.setOlds(structs.Struct.fromJavaScript(olds));
      request.setNews(structs.Struct.fromJavaScript(news));
      const response = await answer<messages.CheckResponse>((done) => client.check(request, done));
      const failures = response.getFailuresList().map((failure) => ({
        property: failure.getProperty(),
        reason: failure.getReason(),
      }));
      return { inputs: valuesOf(response.getInputs()), failures };
    },
    diff: async (id, olds, news) => {
      const request = new messages.DiffRequest();
      request.setId(id);
      request.setOlds(structs.Struct.fromJavaScript(olds));
      request.setNews(structs.Struct.fromJavaScript(news));
      const response = await answer<messages.DiffResponse>((done) => client.diff(request, done));
      return {
        changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
        replaces: response.getReplacesList(),
        deleteBeforeReplace: response.getDeletebeforereplace(),
      };
    },
    create: async (inputs) => {
      const request = new messages.CreateRequest();
      request.setProperties(structs.Struct.fromJavaScript(inputs));
      const response = await answer<messages.CreateResponse>((done) => client.create(request, done));
      return { id: response.getId(), properties: valuesOf(response.getProperties()) };
    },
    read: async (id, properties) => {
      const request = new messages.ReadRequest();
      request.setId(id);
      request.setProperties(structs.Struct.fromJavaScript(properties));
      const response = await answer<messages.ReadResponse>((done) => client.read(request, done));
      return {
        id: response.getId(),
        properties: valuesOf(response.getProperties()),
        inputs: response.getInputs()?.toJavaScript(),
      };
    },
    update: async (id, olds, news) => {
      const request = new messages.UpdateRequest();
      request.setId(id);
      request.setOlds(structs.Struct.fromJavaScript(olds));
      request.setNews(structs.Struct.fromJavaScript(news));
      const response = await answer<messages.UpdateResponse>((done) => client.update(request, done));
      return valuesOf(response.getProperties());
    },
    delete: async (id, properties) => {
      const request = new messages.DeleteRequest();
      request.setId(id);
      request.setProperties(structs.Struct.fromJavaScript(properties));
      await answer<unknown>((done) => client.delete(request, done));
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      child.kill();
      await exited;
    },
  };
}

function valuesOf(struct: Struct | undefined): Values {
  return struct?.toJavaScript() ?? {};
}

function answer<T>(call: (done: (error: ServiceError | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(partialFailureIn(error) ?? error);
    });
  });
}

/** A failure of initialization travels beside the error [pulumi: cmd/dynamic-provider, grpcResponseFromError]. */
function partialFailureIn(error: ServiceError): PartialFailure | undefined {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Uint8Array)) return undefined;
  const [detail] = statuses.Status.deserializeBinary(bytes).getDetailsList();
  if (detail === undefined) return undefined;
  const failed = messages.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
  const made = { id: failed.getId(), properties: valuesOf(failed.getProperties()) };
  return new PartialFailure(failed.getReasonsList().join("; ") || error.details, made);
}
