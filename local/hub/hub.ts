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
import { createJobRunner } from "./jobs/job-runner.ts";
import { createJobStore } from "./jobs/job-store.ts";
import { noMethods } from "./jobs/job-work.ts";
import type { AssignMode } from "./layering.ts";
import { meteredConfigurations } from "./metered-configurations.ts";
import { createDeviceBroker } from "./mqtt/device-broker.ts";
import { listenOverTls } from "./mqtt/tls-listener.ts";
import { listenOverWebSockets } from "./mqtt/websocket-listener.ts";
import { createDailyQuota, type QuotaReport } from "./quota.ts";
import { bulkRoutes } from "./rest/bulk-routes.ts";
import { configurationCheckRoutes } from "./rest/configuration-check-routes.ts";
import { configurationRoutes } from "./rest/configuration-routes.ts";
import type { BlankKeys } from "./rest/identity-body.ts";
import { identityRoutes } from "./rest/identity-routes.ts";
import { identityJobRoutes } from "./rest/identity-job-routes.ts";
import { jobRoutes } from "./rest/job-routes.ts";
import { operatorPages } from "./rest/operator-pages.ts";
import { queryRoutes } from "./rest/query-routes.ts";
import { serviceAccess, type EntraOptions } from "./rest/service-access.ts";
import { startServiceServer } from "./rest/service-server.ts";
import { statisticsRoutes } from "./rest/statistics-routes.ts";
import { twinRoutes } from "./rest/twin-routes.ts";
import { DEFAULT_TOKEN_SKEW_MS } from "./sas-token.ts";
import type { StorageAccess } from "./storage/blob-container.ts";
import { createIdentityJobs } from "./storage/identity-jobs.ts";
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
  /** The authority that signs the hub's certificate; default one made for this hub. */
  readonly certificate?: CertificateAuthority;
  /** Keys of policies, so that a hub started again takes the tokens of the one before; default generated. */
  readonly policyKeys?: Readonly<Partial<Record<PolicyName, PolicyKeys>>>;
  /** PEM of the authorities whose certificates devices of type "certificateAuthority" may have; default none. */
  readonly deviceAuthorities?: readonly string[];
  /** How long a token is still taken after it expired; default 300,000 ms. */
  readonly tokenSkewMs?: number;
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
  /** What a device connects with, or a module (`device/module`), over MQTT and TLS. */
  readonly deviceConnectionString: (key: string) => string;
  /** Register a device directly, not throttled and not counted; returns its connection string. */
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
  /** Cut a device's connection as a network would; false when it has none. */
  readonly dropConnection: (deviceId: string) => boolean;
  readonly close: () => Promise<void>;
}

/** Start a hub on this machine: in memory, on two ports of 127.0.0.1 that the system chooses. */
export async function startHub(options: HubOptions = {}): Promise<LocalHub> {
  const { clock = realClock, tier = "S1", units = 1, onDelete = "remove", blankKeys = "keep" } = options;
  const hostName = `${options.name ?? `local-${randomBytes(3).toString("hex")}`}.azure-devices.net`;
  const hosts = [hostName.toLowerCase(), "localhost", "127.0.0.1"];
  const limits = tierLimits(tier, units, options);
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
  const devices = createDeviceStore({
    clock,
    maxDevices: limits.maxDevices,
    reportedChangesEtag: options.reportedChangesEtag ?? false,
  });
  const configurations = createConfigurationStore({
    clock,
    maxConfigurations: limits.maxConfigurations,
    onChange: () => {
      schedule.changed();
    },
  });
  const jobs = createJobStore({ clock, maxConcurrentJobs: limits.maxConcurrentJobs });
  // To be called again once the stores are filled from disk.
  const wakeJobs = createJobRunner({
    ...{ jobs, devices, quota, clock, limits },
    closing: closing.signal,
    mode: options.throttle ?? "strict",
    invokeMethod: noMethods,
  });
  const { storage = {} } = options;
  const identityJobs = createIdentityJobs({ devices, clock, closing: closing.signal, blankKeys, storage });
  const metrics = createHubMetrics({
    calls: counts.read,
    quota: quota.read,
    devices: devices.size,
    connected: () => broker.connected(),
  });
  const evaluator = createEvaluator({
    devices: meteredConfigurations(devices, quota),
    configurations,
    onDelete,
    assign: options.assign ?? "assign",
    reassert: options.reassert ?? false,
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
  const broker = started.use(await createDeviceBroker(shared));
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
        ...identityRoutes(devices, { blankKeys }),
        ...bulkRoutes(devices, { blankKeys }),
        ...twinRoutes(devices),
        ...configurationRoutes(configurations, { countGets: options.countConfigurationGets ?? false }),
        ...configurationCheckRoutes(devices),
        ...statisticsRoutes(devices),
        ...jobRoutes(jobs, { clock, wake: wakeJobs }),
        ...identityJobRoutes(identityJobs, storage),
      ],
      pages: operatorPages(metrics),
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
    dropConnection: broker.drop,
    close,
    [Symbol.asyncDispose]: close,
  };
}
