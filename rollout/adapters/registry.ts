import { Agent, request } from "node:https";
import type { TokenCredential } from "@azure/core-auth";
import azureIothub from "azure-iothub";
import { Http } from "azure-iothub/dist/common-http/http.js";
import { DeviceMethod } from "azure-iothub/dist/device_method.js";
import { RestApiClient } from "azure-iothub/dist/common-http/rest_api_client.js";
import { versionQueryString } from "azure-iothub/dist/version.js";
import { create as createSignature } from "azure-iothub/dist/shared_access_signature.js";
import { WavegateError } from "../model/problem.ts";
import { callSignal } from "./call-signal.ts";
import { TOKEN_SCOPE } from "./token-scope.ts";

/** Microsoft's service client for one hub, with the one call that it lacks. */
export class Registry extends azureIothub.Registry {
  readonly #rest: RestApiClient;

  constructor(config: RestApiClient.TransportConfig & { readonly host: string }, http: Http) {
    const rest = new RestApiClient(config, USER_AGENT, http);
    super(config, rest);
    this.#rest = rest;
  }

  /** Call a direct method; the answer is the device's, or the hub's that nobody answered. */
  async invokeMethod(deviceId: string, call: MethodCall): Promise<unknown> {
    const { name, payload, waitSeconds } = call;
    // Typed as anything by the SDK: whoever asked checks it.
    const answer: { readonly device?: unknown } = await new DeviceMethod(
      { methodName: name, payload, responseTimeoutInSeconds: waitSeconds },
      this.#rest,
    ).invokeOn(deviceId);
    return answer.device;
  }

  /** Delete a configuration if its etag still stands; the SDK's own call sends no If-Match (azure-iothub 1.16.6). */
  removeConfigurationIf(id: string, etag: string): Promise<void> {
    const path = `/configurations/${encodeURIComponent(id)}${versionQueryString()}`;
    return new Promise((resolve, reject) => {
      const done = (error: Error | null): void => {
        if (error === null) resolve();
        else reject(error);
      };
      this.#rest.executeApiCall("DELETE", path, { "If-Match": `"${etag}"` }, null, done);
    });
  }
}

/** One call of a direct method. */
export interface MethodCall {
  readonly name: string;
  readonly payload: unknown;
  /** Seconds for the device to answer, 5 to 300. */
  readonly waitSeconds: number;
}

/** How to reach a hub's service side. */
export type HubConnection =
  | { readonly kind: "connection string"; readonly connectionString: string; readonly ca?: string }
  | {
      readonly kind: "credential";
      /** With a port where it is not 443. */
      readonly hostName: string;
      readonly credential: TokenCredential;
      readonly ca?: string;
    };

const USER_AGENT = "wavegate";

/**
 * Connect Microsoft's Registry to a hub, by constructor injection of its HTTP layer everywhere: the stock one cannot give
 * a call up, and knows neither a port nor a CA of its own, which an embedded hub has.
 */
export function connectRegistry(connection: HubConnection): Registry {
  if (connection.kind === "credential") {
    const [host = "", port] = connection.hostName.split(":");
    const tokenConfig = { host, tokenCredential: connection.credential, tokenScope: TOKEN_SCOPE };
    return new Registry(tokenConfig, new HttpAt(Number(port ?? 443), connection.ca));
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
  const anHour = Math.ceil(Date.now() / 1_000) + 3_600;
  const sharedAccessSignature = createSignature(
    host,
    part("SharedAccessKeyName"),
    part("SharedAccessKey"),
    anHour,
  );
  const config = { host, sharedAccessSignature };
  return new Registry(config, new HttpAt(Number(port ?? 443), ca));
}

/** The SDK's HTTP layer, pointed at a port and a CA, which destroys the request when the call's signal aborts. */
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
  ) => {
    const signal = callSignal();
    const ours = { agent: this.#agent, ...(signal === undefined ? {} : { signal }) };
    return request({ ...(options as object), ...ours }, callback);
  }) as typeof request;
}
