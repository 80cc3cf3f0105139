import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { createPolicies, POLICY_NAMES, type PolicyKeys, type PolicyName } from "./access-policy.ts";
import { createCallCounts } from "./call-counts.ts";
import { createCertificateAuthority, issueServerCertificate } from "./certificates.ts";
import { realClock } from "./clock.ts";
import { deviceConnectionString, hubPolicies } from "./connection-string.ts";
import { createDataActionLog } from "./data-action-log.ts";
import { openDataFolder, type DataFolder } from "./disk/data-folder.ts";
import type { Evaluation } from "./evaluation.ts";
import { scheduleEvaluations } from "./evaluation-schedule.ts";
import { createFaults } from "./faults.ts";
import { createHubLog } from "./hub-log.ts";
import { createHubMetrics } from "./hub-metrics.ts";
import type { HubOptions } from "./hub-options.ts";
import { createHubState } from "./hub-state.ts";
import type { LocalHub } from "./local-hub.ts";
import { createDeviceBroker } from "./mqtt/device-broker.ts";
import { listenOverTls } from "./mqtt/tls-listener.ts";
import { listenOverWebSockets } from "./mqtt/websocket-listener.ts";
import { createDailyQuota } from "./quota.ts";
import { configurationRoutes } from "./rest/configuration-routes.ts";
import { deviceRoutes } from "./rest/device-routes.ts";
import { operatorPages } from "./rest/operator-pages.ts";
import { queryRoutes } from "./rest/query-routes.ts";
import { serviceAccess } from "./rest/service-access.ts";
import { startServiceServer } from "./rest/service-server.ts";
import { twinRoutes } from "./rest/twin-routes.ts";
import { DEFAULT_TOKEN_SKEW_MS } from "./sas-token.ts";
import { createThrottle } from "./throttle.ts";
import { tierLimits } from "./tier.ts";

export type { PolicyKeys, PolicyName } from "./access-policy.ts";
export type { HubCalls } from "./call-counts.ts";
export type { CertificateAuthority } from "./certificates.ts";
export type { HubClock } from "./clock.ts";
export type { HubPolicy } from "./connection-string.ts";
export type { DataActionUse } from "./data-action-log.ts";
export type { NewDevice } from "./device.ts";
export type { Evaluation } from "./evaluation.ts";
export type { FaultHandle, FaultRule, Faults } from "./faults.ts";
export type { HubLogEntry } from "./hub-log.ts";
export type { HubOptions } from "./hub-options.ts";
export type { LocalHub } from "./local-hub.ts";
export type { QuotaReport } from "./quota.ts";
export type { EntraOptions } from "./rest/service-access.ts";

/** Start a hub on this machine: in memory, on two ports of 127.0.0.1 that the system chooses. */
export async function startHub(options: HubOptions = {}): Promise<LocalHub> {
  const { clock = realClock, tier = "S1", units = 1, host } = options;
  const limits = tierLimits(tier, units);
  // What was started before something fails to start is ended again.
  await using started = new AsyncDisposableStack();
  const folder = options.data === undefined ? undefined : started.use(await openDataFolder(options.data));
  const name = nameOf(options, folder);
  const hubName = `${name}.azure-devices.net`;
  const hostName = host ?? "localhost";
  const hosts = [...new Set([hubName.toLowerCase(), "localhost", "127.0.0.1", hostName.toLowerCase()])];
  const authority = options.certificate ?? folder?.authority ?? (await createCertificateAuthority());
  const certificate = await issueServerCertificate(authority, [...new Set([...hosts, "::1"])]);

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
  const state = createHubState({
    clock,
    limits,
    quota,
    queryLagMs: options.queryLagMs ?? 0,
    queryOptions: options,
    onDelete: options.onDelete ?? "remove",
    onChange: () => {
      schedule.changed();
    },
    folder,
  });
  const { devices, configurations, journal } = state;
  const metrics = createHubMetrics({
    calls: counts.read,
    quota: quota.read,
    devices: devices.size,
    connected: () => broker.connected(),
  });
  const evaluate = (): Evaluation => {
    const startedAt = performance.now();
    const evaluation = state.evaluate();
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

  const policies = createPolicies(policyKeysOf(options, folder));
  const dataActions = createDataActionLog();
  const tokenSkewMs = options.tokenSkewMs ?? DEFAULT_TOKEN_SKEW_MS;
  const { patienceMs = 30_000, maxHandshakes = 4096 } = options;
  const log = createHubLog(options.log, clock);
  const shared = {
    hosts,
    policies,
    tokenSkewMs,
    patienceMs,
    maxHandshakes,
    devices,
    clock,
    throttle,
    quota,
    faults,
    counts,
    log,
    journal,
  };
  const broker = started.use(await createDeviceBroker(shared));
  const webSockets = listenOverWebSockets(broker);
  state.open();
  // A change may have been accepted whose evaluation the end of the process came before.
  if (configurations.all().length > 0) schedule.changed();
  const service = started.use(
    await startServiceServer({
      ...shared,
      address: { host, port: options.httpsPort },
      certificate,
      dataActions,
      takeUpgrade: webSockets.takeUpgrade,
      authorize: serviceAccess({ ...shared, entra: options.entra }),
      routes: [
        ...queryRoutes({ ...devices.seen, jobs: () => [] }, options),
        ...deviceRoutes(devices),
        ...twinRoutes(devices),
        ...configurationRoutes(configurations, options),
      ],
      pages: operatorPages(metrics),
    }),
  );
  // Ended before the server, which waits for its connections.
  started.use(webSockets);
  const { deviceAuthorities = [] } = options;
  const address = { host, port: options.mqttPort };
  const gateway = started.use(
    await listenOverTls({ ...shared, address, broker, certificate, deviceAuthorities }),
  );
  // First of all when the hub closes: whoever waits for a turn is sent away.
  started.defer(() => {
    closing.abort();
  });

  const reached = { hubName, hostName, httpsPort: service.port, mqttPort: gateway.port, policies };
  const connectionStringOf = (deviceId: string): string =>
    deviceConnectionString(devices.get(deviceId), reached);
  const reachable = hubPolicies(reached);
  const running = started.move();
  const close = (): Promise<void> => running.disposeAsync();
  return {
    hostName,
    httpsPort: service.port,
    mqttPort: gateway.port,
    caPem: authority.certPem,
    serviceConnectionString: reachable.iothubowner.connectionString,
    serviceKey: policies.iothubowner.primaryKey,
    policies: reachable,
    deviceConnectionString: connectionStringOf,
    createDevice: (device) => connectionStringOf(devices.register(device).deviceId),
    evaluateNow: evaluate,
    calls: counts.read,
    dataActions: dataActions.read,
    routes: service.routes,
    quota: quota.read,
    faults: { add: faults.add, clear: faults.clear },
    dropConnection: broker.drop,
    saveSnapshot: state.save,
    restoreSnapshot: (snapshot) => {
      state.restore(snapshot);
      broker.startOver();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function nameOf({ name }: HubOptions, folder: DataFolder | undefined): string {
  const first = (): string => name ?? `local-${randomBytes(3).toString("hex")}`;
  return folder?.fact("name", first) ?? first();
}

/** The keys that were asked for, else those of the data folder, else new ones. */
function policyKeysOf(
  { policyKeys = {} }: HubOptions,
  folder: DataFolder | undefined,
): HubOptions["policyKeys"] {
  if (folder === undefined) return policyKeys;
  const keysOf = (policy: PolicyName): PolicyKeys => ({
    primaryKey: folder.key(`${policy} primary key`),
    secondaryKey: folder.key(`${policy} secondary key`),
  });
  const pairs = POLICY_NAMES.map((policy) => [policy, policyKeys[policy] ?? keysOf(policy)] as const);
  return Object.fromEntries(pairs); // one pair for each policy
}
