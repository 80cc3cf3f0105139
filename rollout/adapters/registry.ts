import { request } from "node:https";
import { Agent } from "node:https";
import type { TokenCredential } from "@azure/core-auth";
import azureIothub from "azure-iothub";
import { Http } from "azure-iothub/dist/common-http/http.js";
import { RestApiClient } from "azure-iothub/dist/common-http/rest_api_client.js";
import { create as createSignature } from "azure-iothub/dist/shared_access_signature.js";
import { WavegateError } from "../model/problem.ts";

/** Microsoft's service client for one hub. */
export type Registry = InstanceType<typeof azureIothub.Registry>;

/** How to reach a hub's service side. */
export type HubConnection =
  | { readonly kind: "connection string"; readonly connectionString: string; readonly ca?: string }
  | {
      readonly kind: "credential";
      readonly hostName: string;
      readonly credential: TokenCredential;
      readonly ca?: string;
    };

/** What tokens for a hub's service side are made out to [IoT Hub: control access with Microsoft Entra ID]. */
const HUB_SCOPE = "https://iothubs.azure.net/.default";

/**
 * Connect Microsoft's Registry to a hub. On Azure this is the stock client. A host with a port or a CA of its own, as an
 * embedded hub has, is reached by constructor injection: the stock client knows neither.
 */
export function connectRegistry(connection: HubConnection): Registry {
  const { Registry } = azureIothub;
  if (connection.kind === "credential") {
    const { hostName, credential: tokenCredential, ca } = connection;
    const [host = "", port] = hostName.split(":");
    if (port === undefined && ca === undefined)
      return Registry.fromTokenCredential(hostName, tokenCredential);
    const config = { host, tokenCredential, tokenScope: HUB_SCOPE };
    return new Registry(config, new RestApiClient(config, "wavegate", new HttpAt(Number(port ?? 443), ca)));
  }
  const { connectionString, ca } = connection;
  const parts = new Map(
    connectionString.split(";").map((part): [string, string] => {
      const equals = part.indexOf("=");
      return [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
  const part = (name: string): string => {
    const value = parts.get(name);
    if (value !== undefined && value !== "") return value;
    // The string itself holds the key: it is not repeated.
    throw new WavegateError("SETTINGS_INVALID", `the hub's connection string has no ${name}`, {
      hint: "write HostName=...;SharedAccessKeyName=...;SharedAccessKey=... as `az iot hub connection-string show` prints it",
    });
  };
  const [host = "", port] = part("HostName").split(":");
  if (port === undefined && ca === undefined) return Registry.fromConnectionString(connectionString);
  const anHour = Math.ceil(Date.now() / 1_000) + 3_600;
  const sharedAccessSignature = createSignature(
    host,
    part("SharedAccessKeyName"),
    part("SharedAccessKey"),
    anHour,
  );
  const config = { host, sharedAccessSignature };
  return new Registry(config, new RestApiClient(config, "wavegate", new HttpAt(Number(port ?? 443), ca)));
}

/** The SDK's HTTP layer, pointed at a port and a CA. */
class HttpAt extends Http {
  readonly #port: number;
  readonly #agent: Agent;

  constructor(port: number, ca: string | undefined) {
    super();
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  }

  override buildRequest(
    ...[method, path, headers, host, options, done]: Parameters<Http["buildRequest"]>
  ): ReturnType<Http["buildRequest"]> {
    // The SDK passes the callback in the place of the options when there are none.
    const callback = typeof options === "function" ? options : done;
    const given = typeof options === "function" ? {} : options;
    const at = { ...given, port: this.#port, request: this.#request };
    return super.buildRequest(method, path, headers, host, at, callback);
  }

  readonly #request: typeof request = ((
    options: Parameters<typeof request>[0],
    callback: Parameters<typeof request>[2],
  ) => request({ ...(options as object), agent: this.#agent }, callback)) as typeof request;
}
