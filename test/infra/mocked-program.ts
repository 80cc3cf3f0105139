// Runs the real program in a Node process of its own, as Pulumi does, with Pulumi's mocks in the place of the engine.
// In this process and not in the test's: Pulumi stores the text of the device provider, and a test runner rewrites it.
import * as pulumi from "@pulumi/pulumi";

/** One resource that the program registered. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parent: string;
  readonly protect: boolean;
  readonly dependsOn: readonly string[];
}

/** What a run of the program came to. */
export interface ProgramRun {
  readonly resources: readonly Registration[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

const SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111";

/** What Azure would answer, of that which the program reads. */
function answerOf(type: string, name: string): Record<string, unknown> {
  switch (type) {
    case "azure-native:iothub:IotHubResource":
      return { name: `${name}-of-azure`, properties: { hostName: `${name}-of-azure.azure-devices.net` } };
    case "azure-native:storage:StorageAccount":
      return {
        name: `${name}account`,
        primaryEndpoints: { blob: `https://${name}account.blob.core.windows.net/` },
      };
    case "azure-native:managedidentity:UserAssignedIdentity":
      return { name, principalId: `principal-of-${name}`, clientId: `client-of-${name}` };
    case "azure-native:authorization:RoleDefinition":
      return { name: `guid-of-${name}` };
    case "pulumi-nodejs:dynamic/wavegate:DeviceIdentity":
      return { bucket: 7, adopted: false };
    default:
      return { name };
  }
}

const resources: Registration[] = [];
await pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => ({
      id: `${SUBSCRIPTION}/resourceGroups/group/providers/${type}/${name}`,
      // What Pulumi hands a mock has no type.
      state: { ...(inputs as Record<string, unknown>), ...answerOf(type, name) },
    }),
    call: ({ token, inputs }) =>
      token === "azure-native:authorization:getClientConfig"
        ? { objectId: "object-of-whoever-runs-pulumi" }
        : (inputs as Record<string, unknown>),
  },
  "wavegate",
  "test",
);

// Mocks are not told of parents, protection and dependencies: those are read off the request itself.
const monitor = pulumi.runtime.getMonitor();
if (monitor === undefined) throw new Error("Pulumi's mocks started no monitor");
const register = monitor.registerResource.bind(monitor);
monitor.registerResource = ((...[request, ...rest]: Parameters<typeof register>) => {
  resources.push({
    type: request.getType(),
    name: request.getName(),
    inputs: request.getObject()?.toJavaScript() ?? {},
    parent: request.getParent().split("::").at(-1) ?? "",
    protect: request.getProtect() === true,
    dependsOn: request.getDependenciesList().map((urn) => urn.split("::").slice(2).join("::")),
  });
  return register(request, ...rest);
}) as typeof register;

// The configuration comes as Pulumi's language host passes it: an object of texts.
pulumi.runtime.setAllConfig(JSON.parse(process.argv[2] ?? "{}") as Record<string, string>);

const outputs: Record<string, unknown> = {};
let failure: string | undefined;
try {
  const program: Record<string, unknown> = { ...(await import("../../infra/index.ts")) };
  for (const [name, value] of Object.entries(program)) {
    // Outputs are all the program exports.
    if (pulumi.Output.isInstance<object>(value)) value.apply((known) => (outputs[name] = known));
  }
} catch (error) {
  failure = error instanceof pulumi.RunError ? error.message : String(error);
}

// Everything is registered when nothing is left to do.
process.once("beforeExit", () => {
  const run: ProgramRun = { resources, outputs, ...(failure === undefined ? {} : { error: failure }) };
  process.stdout.write(JSON.stringify(run));
});
