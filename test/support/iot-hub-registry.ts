import { Agent, request } from "node:https";
import iothub from "azure-iothub";
import { SharedAccessSignature } from "azure-iothub/dist/common-core/shared_access_signature.js";
import { NoRetry } from "azure-iothub/dist/common-core/retry_policy.js";
import { Http, type HttpRequestOptions } from "azure-iothub/dist/common-http/http.js";
import { RestApiClient } from "azure-iothub/dist/common-http/rest_api_client.js";
import type { LocalHub } from "../../local/hub/hub.ts";

/** What of a hub a registry needs to reach it. */
export type ReachableHub = Pick<LocalHub, "hostName" | "httpsPort" | "caPem" | "serviceKey"> & {
  /** Whose key it is; default iothubowner. */
  readonly policyName?: string;
};

/** Microsoft's Registry, unmodified, pointed at a hub on a port of its own by constructor injection. */
export function connectRegistry(hub: ReachableHub): iothub.Registry {
  return registryWithToken(
    hub,
    SharedAccessSignature.create(hub.hostName, hub.policyName ?? "iothubowner", hub.serviceKey, Date.now()),
  );
}

/** Microsoft's JobClient, unmodified, pointed at a hub the same way. */
export function connectJobClient(hub: ReachableHub): iothub.JobClient {
  const { hostName: host, policyName = "iothubowner", serviceKey } = hub;
  const sharedAccessSignature = SharedAccessSignature.create(host, policyName, serviceKey, Date.now());
  const config = { host, sharedAccessSignature };
  return new iothub.JobClient(new RestApiClient(config, "azure-iothub", new HttpOnPort(hub)));
}

/** The same with a token of the caller's making: an object is renewed for every request, a string is sent as it is. */
export function registryWithToken(
  hub: ReachableHub,
  sharedAccessSignature: string | SharedAccessSignature,
): iothub.Registry {
  const config = { host: hub.hostName, sharedAccessSignature };
  return new iothub.Registry(config, new RestApiClient(config, "azure-iothub", new HttpOnPort(hub)));
}

/** Microsoft's Client for direct methods, in the same way; it asks once and does not try again by itself. */
export function connectMethodClient(hub: ReachableHub): iothub.Client {
  const sharedAccessSignature = SharedAccessSignature.create(
    hub.hostName,
    hub.policyName ?? "iothubowner",
    hub.serviceKey,
    Date.now(),
  );
  const config = { host: hub.hostName, sharedAccessSignature };
  const rest = new RestApiClient(config, "azure-iothub", new HttpOnPort(hub));
  // AMQP is for messages, which the local hub does not speak; methods go over HTTPS and never open it.
  const client = new iothub.Client(
    new iothub.Amqp({ ...config, sharedAccessSignature: sharedAccessSignature.toString() }),
    rest,
  );
  client.setRetryPolicy(new NoRetry());
  return client;
}

type BuildRequest = Parameters<Http["buildRequest"]>;

// A connection string cannot carry a port as far as HTTPS, so the port, the trust and the sockets are given here.
class HttpOnPort extends Http {
  readonly #port: number;
  readonly #agent: Agent;

  constructor({ httpsPort, caPem }: ReachableHub) {
    super();
    this.#port = httpsPort;
    this.#agent = new Agent({ keepAlive: true, ca: caPem });
  }

  override buildRequest(
    ...[method, path, headers, host, options, done]: BuildRequest
  ): ReturnType<Http["buildRequest"]> {
    const callback = typeof options === "function" ? options : done;
    const onPort: HttpRequestOptions = {
      port: this.#port,
      // The Registry's constructor sets an agent of its own, which knows neither the port nor the authority.
      request: (given, answer) =>
        request({ ...(typeof given === "string" ? {} : given), agent: this.#agent }, answer),
    };
    return super.buildRequest(method, path, headers, host, onPort, callback);
  }
}
