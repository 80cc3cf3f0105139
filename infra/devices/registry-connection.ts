import { Agent, request } from "node:https";
import type { TokenCredential } from "@azure/core-auth";
import azureIothub from "azure-iothub";
import { Http } from "azure-iothub/dist/common-http/http.js";
import { RestApiClient } from "azure-iothub/dist/common-http/rest_api_client.js";
import { withDeadline } from "./registry-calls.ts";

/** Microsoft's service client for one hub. */
export type Registry = InstanceType<typeof azureIothub.Registry>;

/** How the provider reaches a hub's registry; called for each operation, so that no token outlives one. */
export type ConnectRegistry = (hostName: string) => Promise<Registry>;

/** What tokens for a hub's service side are made out to [IoT Hub: control access with Microsoft Entra ID]. */
const HUB_SCOPE = "https://iothubs.azure.net/.default";

/** How long an answer may take; a bulk call of a hundred devices takes seconds. */
export const MOST_MS = 120_000;

/** Connect as whoever runs Pulumi. */
export const connectByEntra: ConnectRegistry = async (hostName) => {
  const credential = await operatorCredential();
  const [host = "", port] = hostName.split(":");
  if (port === undefined)
    return withDeadline(azureIothub.Registry.fromTokenCredential(host, credential), MOST_MS);
  // A local hub has a port of its own, which the stock client does not take: it is given by constructor injection.
  const config = { host, tokenCredential: credential, tokenScope: HUB_SCOPE };
  const client = new RestApiClient(config, "wavegate", new HttpAt(Number(port)));
  return withDeadline(new azureIothub.Registry(config, client), MOST_MS);
};

/**
 * Who runs Pulumi: the federated workload of a pipeline where there is one, else the Azure CLI's sign-in. Named
 * outright, so that a build machine's own identity never wins.
 */
export async function operatorCredential(): Promise<TokenCredential> {
  // A third of a second to load, and checks and previews never connect.
  const { AzureCliCredential, ChainedTokenCredential, WorkloadIdentityCredential } =
    await import("@azure/identity");
  // The variable that marks a federated workload [@azure/identity: WorkloadIdentityCredential].
  const workload =
    process.env["AZURE_FEDERATED_TOKEN_FILE"] === undefined ? [] : [new WorkloadIdentityCredential()];
  return new ChainedTokenCredential(...workload, new AzureCliCredential());
}

type BuildRequest = Parameters<Http["buildRequest"]>;

/** The SDK's HTTP layer, pointed at a port. */
class HttpAt extends Http {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number) {
    super();
    this.#port = port;
  }

  override buildRequest(
    ...[method, path, headers, host, options, done]: BuildRequest
  ): ReturnType<Http["buildRequest"]> {
    // The SDK passes the callback in the place of the options when there are none.
    const callback = typeof options === "function" ? options : done;
    return super.buildRequest(
      method,
      path,
      headers,
      host,
      {
        port: this.#port,
        // The Registry's constructor sets an agent of its own, whose sockets do not know the port.
        request: (given, answer) =>
          request({ ...(typeof given === "string" ? {} : given), agent: this.#agent }, answer),
      },
      callback,
    );
  }
}
