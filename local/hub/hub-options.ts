import type { PolicyKeys, PolicyName } from "./access-policy.ts";
import type { CertificateAuthority } from "./certificates.ts";
import type { HubClock } from "./clock.ts";
import type { ConfigurationOptions } from "./configuration-options.ts";
import type { HubLogEntry } from "./hub-log.ts";
import type { AssignMode } from "./layering.ts";
import type { QueryOptions } from "./query/query-options.ts";
import type { BlankKeys } from "./rest/identity-body.ts";
import type { EntraOptions } from "./rest/service-access.ts";
import type { StorageAccess } from "./storage/blob-container.ts";
import type { ThrottleMode } from "./throttle.ts";
import type { Tier } from "./tier.ts";

/** How a local hub is set up; every field has a default. */
export interface HubOptions extends QueryOptions, ConfigurationOptions {
  /** Host name before ".azure-devices.net" in device strings; default "local-" and six random characters. */
  readonly name?: string;
  /** Drives everything but token expiry; default real time. */
  readonly clock?: HubClock;
  /**
   * "strict" refuses as soon as a limit of the tier is passed, "shape" takes a burst, then lets wait, then refuses, as
   * Azure does; default "strict".
   */
  readonly throttle?: ThrottleMode;
  /** Whether the tier's daily messages, once used up, end the day; counted in any case. Default "on". */
  readonly dailyQuota?: "off" | "on";
  /** Seed of the faults that have a probability; default 1. */
  readonly faultSeed?: number;
  /** Hears of every request, connection and refusal; one JSON line each when stringified. Default nobody. */
  readonly log?: (entry: HubLogEntry) => void;
  /** Default "S1". */
  readonly tier?: Tier;
  /** Units of the tier, which multiply its limits; default 1. */
  readonly units?: number;
  /** Time between evaluations of all configurations; default 300,000 ms, as on Azure. */
  readonly evaluationIntervalMs?: number;
  /** Time from a change of a configuration to its evaluation; default 5,000 ms ("shortly", says the documentation). */
  readonly firstRunDelayMs?: number;
  /** What happens to content whose configuration was deleted and that nothing else covers; default "remove". */
  readonly onDelete?: "remove" | "keep";
  /** Whether content replaces what is at its path or is merged into it; default "assign". */
  readonly assign?: AssignMode;
  /** Whether content that somebody edited in a twin is written again by the next evaluation; default false. */
  readonly reassert?: boolean;
  /** Whether a GET of one configuration spends from the configurations' throttle, as all else does; default false. */
  readonly countConfigurationGets?: boolean;
  /** Configurations that a hub of tier F1 may have: 10 in newer documents, 20 in older ones; default 10. */
  readonly freeConfigurations?: 10 | 20;
  /** Whether a report of a device changes the etag of its twin; default false. */
  readonly reportedChangesEtag?: boolean;
  /** Where identities are imported from and exported to: containers on this machine alone, unless it says more. */
  readonly storage?: StorageAccess;
  /** What becomes of keys that an update of an identity leaves blank; default "keep". */
  readonly blankKeys?: BlankKeys;
  /** How far query results are behind the twins; default 0 (seconds to half an hour, says the documentation). */
  readonly queryLagMs?: number;
  /** Address to listen on, also a name in the hub's certificate; default 127.0.0.1, where the name is localhost. */
  readonly host?: string;
  /** Port of the service API and of MQTT over WebSockets; default one that the system chooses. */
  readonly httpsPort?: number;
  /** Port of MQTT; default one that the system chooses. */
  readonly mqttPort?: number;
  /**
   * Folder that the hub lives in: what it accepted, its name, its keys and its authority are there when it is started
   * again. Default none: all of it is gone when the hub closes.
   */
  readonly data?: string;
  /** The authority that signs the hub's certificate; default the one of `data`, or one made for this hub. */
  readonly certificate?: CertificateAuthority;
  /** Keys of policies, so that a hub started again takes the tokens of the one before; default generated. */
  readonly policyKeys?: Readonly<Partial<Record<PolicyName, PolicyKeys>>>;
  /** PEM of the authorities whose certificates devices of type "certificateAuthority" may have; default none. */
  readonly deviceAuthorities?: readonly string[];
  /** How long a token is still taken after it expired; default 300,000 ms. */
  readonly tokenSkewMs?: number;
  /** How many messages of devices `telemetry.latest()` has; default 1,000. */
  readonly telemetryKept?: number;
  /**
   * How long a stranger may take for each of: the TLS handshake, CONNECT, the headers of a request. Ten times as long for
   * a whole request. Real time; default 30,000 ms.
   */
  readonly patienceMs?: number;
  /** Connections in their TLS handshake at once, on each port; over that the oldest is cut. Default 4,096. */
  readonly maxHandshakes?: number;
  /** Take bearer tokens on the service API; default none are taken. */
  readonly entra?: EntraOptions;
}
