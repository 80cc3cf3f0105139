import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { createPolicies, type PolicyKeys, type PolicyName } from "./access-policy.ts";
import { createCallCounts, type HubCalls } from "./call-counts.ts";
import {
  createCertificateAuthority,
  issueServerCertificate,
  type CertificateAuthority,
} from "./certificates.ts";
import { realClock, type HubClock } from "./clock.ts";
import { createConfigurationStore } from "./configuration-store.ts";
import { deviceConnectionString, hubPolicies, type HubPolicy } from "./connection-string.ts";
import { createDataActionLog, type DataActionUse } from "./data-action-log.ts";
import { createDeviceStore } from "./device-store.ts";
import { deviceKey } from "./device-table.ts";
import type { NewDevice } from "./device.ts";
import { createEvaluator, type Evaluation } from "./evaluation.ts";
import { scheduleEvaluations } from "./evaluation-schedule.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createHubLog, type HubLogEntry } from "./hub-log.ts";
import { createHubMetrics } from "./hub-metrics.ts";
import { meteredConfigurations } from "./metered-configurations.ts";
import { createDirectMethods, type MethodResult } from "./direct-methods.ts";
import { createFeedbackChannel, type FeedbackChannel } from "./feedback.ts";
import { createJournal } from "./journal.ts";
import { createMailbox, type MailCounts } from "./mailbox.ts";
import type { MessageToDevice } from "./mailbox-message.ts";
import type { MethodRequest } from "./method-request.ts";
import { createDeviceBroker } from "./mqtt/device-broker.ts";
import { listenOverTls } from "./mqtt/tls-listener.ts";
import { listenOverWebSockets } from "./mqtt/websocket-listener.ts";
import { createDailyQuota, type QuotaReport } from "./quota.ts";
import { configurationRoutes } from "./rest/configuration-routes.ts";
import { deviceBoundRoutes } from "./rest/device-bound-routes.ts";
import { deviceRoutes } from "./rest/device-routes.ts";
import { methodRoutes } from "./rest/method-routes.ts";
import { operatorPages } from "./rest/operator-pages.ts";
import { queryRoutes } from "./rest/query-routes.ts";
import { serviceAccess, type EntraOptions } from "./rest/service-access.ts";
import { startServiceServer } from "./rest/service-server.ts";
import { telemetryStream } from "./rest/telemetry-stream.ts";
import { twinRoutes } from "./rest/twin-routes.ts";
import { DEFAULT_TOKEN_SKEW_MS } from "./sas-token.ts";
import { createTelemetryLog, type Telemetry } from "./telemetry-log.ts";
import { createThrottle, type ThrottleMode } from "./throttle.ts";
import { tierLimits, type Tier } from "./tier.ts";

export type { PolicyKeys, PolicyName } from "./access-policy.ts";
export type { CertificateAuthority } from "./certificates.ts";
export type { HubPolicy } from "./connection-string.ts";
export type { HubCalls } from "./call-counts.ts";
export type { HubClock } from "./clock.ts";
export type { DataActionUse } from "./data-action-log.ts";
export type { NewDevice } from "./device.ts";
export type { Evaluation } from "./evaluation.ts";
export type { EntraOptions } from "./rest/service-access.ts";
export type { FaultHandle, FaultRule, Faults } from "./faults.ts";
export type { HubLogEntry } from "./hub-log.ts";
export type { QuotaReport } from "./quota.ts";
export type { Feedback } from "./feedback.ts";
export type { MessageToDevice } from "./mailbox-message.ts";
export type { MethodRequest } from "./method-request.ts";
export type { MethodResult } from "./direct-methods.ts";
export type { Telemetry, TelemetryMessage } from "./telemetry-log.ts";

/** How a local hub is set up; every field has a default. */
export interface HubOptions {
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
  /** The authority that signs the hub's certificate; default one made for this hub. */
  readonly certificate?: CertificateAuthority;
  /** Keys of policies, so that a hub started again takes the tokens of the one before; default generated. */
  readonly policyKeys?: Readonly<Partial<Record<PolicyName, PolicyKeys>>>;
  /** PEM of the authorities whose certificates devices of type "certificateAuthority" may have; default none. */
  readonly deviceAuthorities?: readonly string[];
  /** How long a token is still taken after it expired; default 300,000 ms. */
  readonly tokenSkewMs?: number;
  /** How many messages of devices `telemetry.latest()` has; default 1,000. */
  readonly telemetryKept?: number;
  /** Take bearer tokens on the service API; default none are taken. */
  readonly entra?: EntraOptions;
}

/** A running hub; closing it ends its servers and its clockwork. */
export interface LocalHub extends AsyncDisposable {
  /** Where the service API and the devices connect. */
  readonly hostName: "localhost";
  readonly httpsPort: number;
  readonly mqttPort: number;
  /** The certificate to trust. */
  readonly caPem: string;
  /** `HostName=localhost:<httpsPort>;…`: the port is told there and is to be taken off before the SDK sees it. */
  readonly serviceConnectionString: string;
  /** The primary key of the policy iothubowner, base64. */
  readonly serviceKey: string;
  /** Every shared access policy; connection strings have the form of `serviceConnectionString`. */
  readonly policies: Readonly<Record<PolicyName, HubPolicy>>;
  /** What a device connects with, over MQTT and TLS; also a module, by `device/module`. */
  readonly deviceConnectionString: (key: string) => string;
  /** Register a device or module directly, not throttled and not counted; returns its connection string. */
  readonly createDevice: (device: NewDevice) => string;
  /** Evaluate all configurations now; the schedule goes on as it was. */
  readonly evaluateNow: () => Evaluation;
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
  readonly close: () => Promise<void>;
}

/** Start a hub on this machine: in memory, on two ports of 127.0.0.1 that the system chooses. */
export async function startHub(options: HubOptions = {}): Promise<LocalHub> {
  const { clock = realClock, tier = "S1", units = 1, onDelete = "remove" } = options;
  const hostName = `${options.name ?? `local-${randomBytes(3).toString("hex")}`}.azure-devices.net`;
  const hosts = [hostName.toLowerCase(), "localhost", "127.0.0.1"];
  const limits = tierLimits(tier, units);
  const authority = options.certificate ?? (await createCertificateAuthority());
  const certificate = await issueServerCertificate(authority, ["localhost", "127.0.0.1", "::1", hostName]);

  // What was started before something fails to start is ended again.
  await using started = new AsyncDisposableStack();
  const counts = createCallCounts();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one for each who waits
  const sleep = (ms: number): Promise<void> => clock.sleep(ms, closing.signal);
  const throttle = createThrottle({
    clock,
    sleep,
    limits,
    mode: options.throttle ?? "strict",
    onRefusal: counts.countThrottled,
  });
  const quota = createDailyQuota({ clock, limits, mode: options.dailyQuota ?? "on" });
  const faults = createFaults({
    seed: options.faultSeed ?? 1,
    sleep,
    drop: (deviceId) => broker.drop(deviceId),
  });
  const journal = createJournal();
  const devices = createDeviceStore({ clock, maxDevices: limits.maxDevices, journal });
  const configurations = createConfigurationStore({
    clock,
    journal,
    maxConfigurations: limits.maxConfigurations,
    onChange: () => {
      schedule.changed();
    },
  });
  const metrics = createHubMetrics({
    calls: counts.read,
    quota: quota.read,
    devices: devices.size,
    connected: () => broker.connected(),
    mail: () => mailbox.counts(),
  });
  const evaluator = createEvaluator({
    devices: meteredConfigurations(devices, quota),
    configurations,
    onDelete,
  });
  const evaluate = (): Evaluation => {
    const startedAt = performance.now();
    const evaluation = evaluator();
    metrics.countEvaluation({ seconds: (performance.now() - startedAt) / 1000, writes: evaluation.writes });
    return evaluation;
  };
  const schedule = started.use(
    scheduleEvaluations({
      clock,
      intervalMs: options.evaluationIntervalMs ?? 300_000,
      delayMs: options.firstRunDelayMs ?? 5000,
      evaluate,
    }),
  );

  const policies = createPolicies(options.policyKeys);
  const dataActions = createDataActionLog();
  const tokenSkewMs = options.tokenSkewMs ?? DEFAULT_TOKEN_SKEW_MS;
  const log = createHubLog(options.log, clock);
  const shared = { hosts, policies, tokenSkewMs, devices, clock, throttle, quota, faults, counts, log };
  const { signal } = closing;
  const telemetry = createTelemetryLog(options.telemetryKept ?? 1000);
  const feedback = createFeedbackChannel();
  const mailbox = createMailbox({ clock, closing: signal, devices, journal, tell: feedback.tell });
  const methods = createDirectMethods({
    clock,
    closing: signal,
    devices,
    quota,
    link: () => broker,
  });
  const broker = started.use(
    await createDeviceBroker({ ...shared, telemetry, mailbox, methods, journal, closing: signal }),
  );
  const webSockets = listenOverWebSockets(broker);
  const service = started.use(
    await startServiceServer({
      ...shared,
      certificate,
      dataActions,
      takeUpgrade: webSockets.takeUpgrade,
      authorize: serviceAccess({ ...shared, entra: options.entra }),
      routes: [
        ...queryRoutes(devices),
        ...deviceRoutes(devices),
        ...twinRoutes(devices),
        ...configurationRoutes(configurations),
        ...methodRoutes(methods),
        ...deviceBoundRoutes({ mailbox, quota }),
      ],
      pages: operatorPages(metrics),
      streams: [telemetryStream(telemetry)],
    }),
  );
  // Ended before the server, which waits for its connections.
  started.use(webSockets);
  const { deviceAuthorities = [] } = options;
  const gateway = started.use(await listenOverTls({ broker, certificate, deviceAuthorities }));
  // First of all when the hub closes: whoever waits for a turn is sent away.
  started.defer(() => {
    closing.abort();
  });

  const connectionStringOf = (key: string): string =>
    deviceConnectionString(devices.get(key), { hostName, mqttPort: gateway.port, policies });
  const running = started.move();
  const reachable = hubPolicies(policies, service.port);
  const close = (): Promise<void> => running.disposeAsync();
  return {
    hostName: "localhost",
    httpsPort: service.port,
    mqttPort: gateway.port,
    caPem: authority.certPem,
    serviceConnectionString: reachable.iothubowner.connectionString,
    serviceKey: policies.iothubowner.primaryKey,
    policies: reachable,
    deviceConnectionString: connectionStringOf,
    createDevice: (device) => {
      const { deviceId, moduleId } = devices.register(device);
      return connectionStringOf(deviceKey(deviceId, moduleId));
    },
    evaluateNow: evaluate,
    calls: counts.read,
    dataActions: dataActions.read,
    quota: quota.read,
    faults: { add: faults.add, clear: faults.clear },
    telemetry: { subscribe: telemetry.subscribe, latest: telemetry.latest },
    sendToDevice: (deviceId, message) => {
      mailbox.enqueue(deviceId, message);
    },
    feedback: { subscribe: feedback.subscribe },
    mail: mailbox.counts,
    invokeMethod: methods.invoke,
    dropConnection: broker.drop,
    close,
    [Symbol.asyncDispose]: close,
  };
}
