import type { Agent } from "node:https";
import type iothub from "azure-iothub";
import type { PaceClock } from "./pace.ts";

/** Where a hub is, for requests that no SDK would make. */
export interface HubAddress {
  /** Host of the service API, as it stands in tokens. */
  readonly serviceHost: string;
  readonly httpsPort: number;
  /** Host in user names and tokens of devices. */
  readonly deviceHost: string;
  readonly mqttHost: string;
  readonly mqttPort: number;
  /** The authority to trust; undefined: those of the system. */
  readonly caPem: string | undefined;
  /** Policy and key of the connection string. */
  readonly policyName: string;
  readonly key: string;
}

/** What only a local hub has. */
export interface LocalControls {
  readonly dropConnection: (deviceId: string) => boolean;
  /** A fault at every call of a class until it is disposed. */
  readonly fail: (
    call: "registry" | "configurations" | "queries" | "twinReads",
    status: 429 | 500 | 503,
  ) => Disposable;
  /** Key of one of the policies that every hub has. */
  readonly policyKey: (
    name: "iothubowner" | "service" | "device" | "registryRead" | "registryReadWrite",
  ) => string;
}

/** One of the two hubs that the cases run against, as it is reached. */
export interface HubConnection {
  readonly mode: "local" | "azure";
  readonly address: HubAddress;
  readonly registry: iothub.Registry;
  readonly jobs: iothub.JobClient;
  readonly methods: iothub.Client;
  /** What a device without a gateway connects to over WebSockets. */
  readonly webSocketAgent: Agent | undefined;
  /** What a device connects to over TLS, where it is another host than its hub's name. */
  readonly gatewayHostName: string | undefined;
  readonly clock: PaceClock;
  /** How long results of an evaluation may be away: the clock is driven by so much, or real polling gives up then. */
  readonly evaluationMs: number;
  /** How long a query, a count or a connection state may be behind. */
  readonly lagMs: number;
  /** Undefined on Azure. */
  readonly controls: LocalControls | undefined;
  readonly close: () => Promise<void>;
}
