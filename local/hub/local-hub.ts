import type { PolicyName } from "./access-policy.ts";
import type { HubCalls } from "./call-counts.ts";
import type { HubPolicy } from "./connection-string.ts";
import type { FeedbackChannel } from "./feedback.ts";
import type { MessageToDevice } from "./mailbox-message.ts";
import type { MailCounts } from "./mailbox.ts";
import type { MethodRequest } from "./method-request.ts";
import type { MethodResult } from "./direct-methods.ts";
import type { Telemetry } from "./telemetry-log.ts";
import type { DataActionUse } from "./data-action-log.ts";
import type { NewDevice } from "./device.ts";
import type { DeviceStore } from "./device-store.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Faults } from "./faults.ts";
import type { QuotaReport } from "./quota.ts";

/** A running hub; closing it ends its servers and its clockwork. */
export interface LocalHub extends AsyncDisposable {
  /** What it is called, ending in ".azure-devices.net". */
  readonly hubName: string;
  /** Where the service API and the devices connect. */
  readonly hostName: string;
  readonly httpsPort: number;
  readonly mqttPort: number;
  /** The certificate to trust. */
  readonly caPem: string;
  /** `HostName=<hostName>:<httpsPort>;…`: a port other than 443 is to be taken off before the SDK sees it. */
  readonly serviceConnectionString: string;
  /** The primary key of the policy iothubowner, base64. */
  readonly serviceKey: string;
  /** Every shared access policy; connection strings have the form of `serviceConnectionString`. */
  readonly policies: Readonly<Record<PolicyName, HubPolicy>>;
  /** What a device connects with, over MQTT and TLS. */
  readonly deviceConnectionString: (deviceId: string) => string;
  /** Register a device directly, not throttled and not counted; returns its connection string. */
  readonly createDevice: (device: NewDevice) => string;
  /** The twins, for devices that live in this very process: what they do here is neither throttled nor counted. */
  readonly twins: Pick<DeviceStore, "size" | "all" | "get" | "touch" | "mergeReported" | "mergeTwin">;
  /** Evaluate all configurations now; the schedule goes on as it was. */
  readonly evaluateNow: () => Evaluation;
  /** What the service API can be asked: a method and a path, with the parameters in it as `:name`. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /** What was asked of the hub so far. */
  readonly calls: () => HubCalls;
  /** Which data actions the calls so far took, by kind and caller: what a role for them has to allow. */
  readonly dataActions: () => readonly DataActionUse[];
  /** How much of the day's messages is used. */
  readonly quota: () => QuotaReport;
  /** Trouble to be had: delays, refusals, lost answers, cut connections. */
  readonly faults: Faults;
  /** Messages that devices send. */
  readonly telemetry: Telemetry;
  /** Send a message to a device, not throttled and not counted. */
  readonly sendToDevice: (deviceId: string, message: MessageToDevice) => void;
  /** What became of messages to devices whose sender asked by `ack`. */
  readonly feedback: Pick<FeedbackChannel, "subscribe">;
  /** How many messages to devices went which way. */
  readonly mail: () => MailCounts;
  /** Invoke a method on a device, or on a module by `device/module`; not throttled, but counted. */
  readonly invokeMethod: (key: string, request: MethodRequest) => Promise<MethodResult>;
  /** Cut a device's connection as a network would; false when it has none. */
  readonly dropConnection: (deviceId: string) => boolean;
  /** Keep the whole state as it is now under a name: a file in the data folder, else in memory. */
  readonly saveSnapshot: (name: string) => void;
  /**
   * Go back to a state that was saved, as a hub does that fails over to its replica: what was accepted since is lost,
   * and every device is cut off and has to come back.
   */
  readonly restoreSnapshot: (name: string) => void;
  /** The names under which a state is kept. */
  readonly snapshots: () => readonly string[];
  readonly close: () => Promise<void>;
}
