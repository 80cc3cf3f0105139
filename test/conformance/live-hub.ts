import { setTimeout as delay } from "node:timers/promises";
import iothub from "azure-iothub";
import { NoRetry } from "azure-iothub/dist/common-core/retry_policy.js";
import type { HubConnection } from "./hub-connection.ts";

/**
 * The documentation says "every five minutes" and "shortly after", and that counts may lag: three rounds are waited for.
 */
const EVALUATION_MS = 15 * 60_000;
/** Query results may be half an hour old, says the documentation; in practice seconds [facts 3.1]. */
const LAG_MS = 5 * 60_000;

/** A hub on Azure, by the SDK's stock path: nothing is injected. */
export function connectLiveHub(connectionString: string): HubConnection {
  const field = (name: string): string => {
    const [, value] = new RegExp(`(?:^|;)${name}=([^;]+)`, "iu").exec(connectionString) ?? [];
    if (value === undefined)
      throw new Error(
        `IOTHUB_CONNECTION_STRING has no ${name}. Take the one of the policy iothubowner: az iot hub connection-string show --hub-name HUB --policy-name iothubowner`,
      );
    return value;
  };
  const host = field("HostName");
  const methods = iothub.Client.fromConnectionString(connectionString);
  // By itself it would ask again for minutes when a device does not answer.
  methods.setRetryPolicy(new NoRetry());
  return {
    mode: "azure",
    address: {
      serviceHost: host,
      httpsPort: 443,
      deviceHost: host,
      mqttHost: host,
      mqttPort: 8883,
      caPem: undefined,
      policyName: field("SharedAccessKeyName"),
      key: field("SharedAccessKey"),
    },
    registry: iothub.Registry.fromConnectionString(connectionString),
    jobs: iothub.JobClient.fromConnectionString(connectionString),
    methods,
    webSocketAgent: undefined,
    gatewayHostName: undefined,
    clock: { now: () => Date.now(), pass: (ms) => delay(ms), callMs: 0, isShared: true },
    evaluationMs: EVALUATION_MS,
    lagMs: LAG_MS,
    controls: undefined,
    close: () => Promise.resolve(),
  };
}
