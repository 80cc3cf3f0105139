import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import empties from "google-protobuf/google/protobuf/empty_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import resourceServices from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resources from "@pulumi/pulumi/proto/resource_pb.js";
import type { Values } from "./wire-values.ts";

/** A resource as the program registers it. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  /** Not so: a component, which only the program knows. */
  readonly isCustom: boolean;
  readonly inputs: Values;
  readonly protect: boolean;
  readonly dependencies: readonly string[];
  /** What each input was made from. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly secretOutputs: readonly string[];
  readonly aliases: readonly string[];
  readonly version: string;
}

/** Who answers the program. */
export interface MonitorHandlers {
  register(
    registration: Registration,
  ): Promise<{ readonly urn: string; readonly id: string; readonly outputs: Values }>;
  outputs(urn: string, outputs: Values): void;
  invoke(token: string, args: Values): Values;
  log(entry: { readonly isError: boolean; readonly message: string }): void;
}

/** Features that this monitor has [pulumi: sdk/nodejs/runtime/settings.ts, legacyFeatureMapping]. */
const FEATURES = new Set(["secrets", "deletedWith", "aliasSpecs"]);

/** Serve Pulumi's engine and its resource monitor, as far as a Node program asks them anything. */
export async function startMonitorServer(
  handlers: MonitorHandlers,
): Promise<AsyncDisposable & { readonly address: string }> {
  const server = new Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  let root = "";
  server.addService(engineServices.EngineService, {
    log: unary((request: engine.LogRequest) => {
      const isError = request.getSeverity() === engine.LogSeverity.ERROR;
      handlers.log({ isError, message: request.getMessage() });
      return new empties.Empty();
    }),
    getRootResource: unary(() => {
      const response = new engine.GetRootResourceResponse();
      response.setUrn(root);
      return response;
    }),
    setRootResource: unary((request: engine.SetRootResourceRequest) => {
      root = request.getUrn();
      return new engine.SetRootResourceResponse();
    }),
    requirePulumiVersion: unary(() => new engine.RequirePulumiVersionResponse()),
    startDebugging: unary(() => new empties.Empty()),
  });
  server.addService(resourceServices.ResourceMonitorService, {
    supportsFeature: unary((request: resources.SupportsFeatureRequest) => {
      const response = new resources.SupportsFeatureResponse();
      response.setHassupport(FEATURES.has(request.getId()));
      return response;
    }),
    registerResource: unary(async (request: resources.RegisterResourceRequest) => {
      const { urn, id, outputs } = await handlers.register(registrationOf(request));
      const response = new resources.RegisterResourceResponse();
      response.setUrn(urn);
      response.setId(id);
      response.setObject(structs.Struct.fromJavaScript(outputs));
      return response;
    }),
    registerResourceOutputs: unary((request: resources.RegisterResourceOutputsRequest) => {
      handlers.outputs(request.getUrn(), request.getOutputs()?.toJavaScript() ?? {});
      return new empties.Empty();
    }),
    invoke: unary((request: resources.ResourceInvokeRequest) => {
      const response = new resources.ResourceInvokeResponse();
      const answer = handlers.invoke(request.getTok(), request.getArgs()?.toJavaScript() ?? {});
      response.setReturn(structs.Struct.fromJavaScript(answer));
      return response;
    }),
    signalAndWaitForShutdown: unary(() => new empties.Empty()),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}

function registrationOf(request: resources.RegisterResourceRequest): Registration {
  const made = request
    .getPropertydependenciesMap()
    .toArray()
    .map(([key]) => [key, request.getPropertydependenciesMap().get(key)?.getUrnsList() ?? []] as const);
  return {
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent(),
    isCustom: request.getCustom(),
    inputs: request.getObject()?.toJavaScript() ?? {},
    protect: request.getProtect() === true,
    dependencies: request.getDependenciesList(),
    propertyDependencies: Object.fromEntries(made),
    secretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: request.getAliasesList().map((alias) => alias.getUrn()),
    version: request.getVersion(),
  };
}

function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>) => void {
  return (call, done) => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => {
          done(null, response);
        },
        (error: unknown) => {
          done({ code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
        },
      );
  };
}
