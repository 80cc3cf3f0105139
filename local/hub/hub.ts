import { setMaxListeners } from "node:events";
import { createPolicies } from "./access-policy.ts";
import { createCallCounts } from "./call-counts.ts";
import { createCertificateAuthority, issueServerCertificate } from "./certificates.ts";
import { realClock } from "./clock.ts";
import { deviceConnectionString, hubPolicies } from "./connection-string.ts";
import { createDataActionLog } from "./data-action-log.ts";
import { deviceKey } from "./device-table.ts";
import type { NewDevice } from "./device.ts";
import { openDataFolder } from "./disk/data-folder.ts";
import { nameOf, policyKeysOf } from "./disk/kept-identity.ts";
import { announceHub } from "./disk/hub-address.ts";
import type { Evaluation } from "./evaluation.ts";
import { scheduleEvaluations } from "./evaluation-schedule.ts";
import { createFaults } from "./faults.ts";
import { createHubLog, troubleIn } from "./hub-log.ts";
import { createHubMetrics } from "./hub-metrics.ts";
import type { HubOptions } from "./hub-options.ts";
import { createHubState } from "./hub-state.ts";
import type { LocalHub } from "./local-hub.ts";
import { createJobRunner } from "./jobs/job-runner.ts";
import { createJobStore } from "./jobs/job-store.ts";
import { createDirectMethods } from "./direct-methods.ts";
import { createChannel } from "./channel.ts";
import type { Feedback } from "./feedback.ts";
import { createMailbox } from "./mailbox.ts";
import { parseMethodRequest } from "./method-request.ts";
import { createDeviceBroker } from "./mqtt/device-broker.ts";
import { listenOverTls } from "./mqtt/tls-listener.ts";
import { listenOverWebSockets } from "./mqtt/websocket-listener.ts";
import { createDailyQuota } from "./quota.ts";
import { controlPages } from "./rest/control-pages.ts";
import { serviceRoutes } from "./rest/service-routes.ts";
import { operatorPages } from "./rest/operator-pages.ts";
import { serviceAccess } from "./rest/service-access.ts";
import { startServiceServer } from "./rest/service-server.ts";
import { telemetryStream } from "./rest/telemetry-stream.ts";
import { DEFAULT_TOKEN_SKEW_MS } from "./sas-token.ts";
import { createIdentityJobs } from "./storage/identity-jobs.ts";
import { createTelemetryLog } from "./telemetry-log.ts";
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
export type { Feedback } from "./feedback.ts";
export type { MessageToDevice } from "./mailbox-message.ts";
export type { MethodRequest } from "./method-request.ts";
export type { MethodResult } from "./direct-methods.ts";
export type { Telemetry, TelemetryMessage } from "./telemetry-log.ts";

/** Start a hub on this machine: in memory, on two ports of 127.0.0.1 that the system chooses. */
export async function startHub(options: HubOptions = {}): Promise<LocalHub> {
  const { clock = realClock, tier = "S1", units = 1, host, blankKeys = "keep" } = options;
  const limits = tierLimits(tier, units, options);
  // What was started before something fails to start is ended again.
  await using started = new AsyncDisposableStack();
  const log = createHubLog(options.log, clock);
  const onTrouble = troubleIn(log, "picture");
  const folder =
    options.data === undefined ? undefined : started.use(await openDataFolder(options.data, { onTrouble }));
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
    readings: options,
    reportedChangesEtag: options.reportedChangesEtag ?? false,
    rules: {
      onDelete: options.onDelete ?? "remove",
      assign: options.assign ?? "assign",
      reassert: options.reassert ?? false,
    },
    onChange: () => {
      schedule.changed();
    },
    folder,
  });
  const { devices, configurations, journal } = state;
  const jobs = createJobStore({ clock, maxConcurrentJobs: limits.maxConcurrentJobs, journal });
  const wakeJobs = createJobRunner({
    ...{ jobs, devices, quota, clock, limits },
    closing: closing.signal,
    onTrouble: troubleIn(log, "job"),
    mode: options.throttle ?? "strict",
    invokeMethod: (key, request) => methods.invoke(key, parseMethodRequest(request)),
    queryOptions: options,
  });
  const { storage = {} } = options;
  const identityJobs = createIdentityJobs({ devices, clock, closing: closing.signal, blankKeys, storage });
  const metrics = createHubMetrics({
    calls: counts.read,
    quota: quota.read,
    devices: devices.size,
    connected: () => broker.connected(),
    mail: () => mailbox.counts(),
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
      onTrouble: troubleIn(log, "evaluation"),
    }),
  );

  const policies = createPolicies(policyKeysOf(options, folder));
  const dataActions = createDataActionLog();
  const tokenSkewMs = options.tokenSkewMs ?? DEFAULT_TOKEN_SKEW_MS;
  const { patienceMs = 30_000, maxHandshakes = 4096 } = options;
  const shared = {
    ...{ hosts, policies, tokenSkewMs, patienceMs, maxHandshakes, devices, clock },
    ...{ throttle, quota, faults, counts, log, journal },
    closing: closing.signal,
  };
  const telemetry = createTelemetryLog(options.telemetryKept ?? 1000);
  const feedback = createChannel<Feedback>();
  const mailbox = createMailbox({ ...shared, tell: feedback.tell, onTrouble: troubleIn(log, "mail") });
  const methods = createDirectMethods({ ...shared, link: () => broker });
  const broker = started.use(await createDeviceBroker({ ...shared, telemetry, mailbox, methods }));
  const webSockets = listenOverWebSockets(broker);
  state.open();
  wakeJobs();
  const restoreSnapshot = (snapshot: string): void => {
    state.restore(snapshot);
    broker.startOver();
    wakeJobs();
  };
  const createDevice = (device: NewDevice): string => {
    const { deviceId, moduleId } = devices.register(device);
    return connectionStringOf(deviceKey(deviceId, moduleId));
  };
  const controls = {
    saveSnapshot: state.save,
    restoreSnapshot,
    snapshots: state.snapshots,
    evaluateNow: evaluate,
    createDevice,
    faults,
  };
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
      routes: serviceRoutes({
        ...state,
        ...{ clock, jobs, wakeJobs, identityJobs, storage, blankKeys, methods, mailbox, quota },
        readings: options,
        countConfigurationGets: options.countConfigurationGets ?? false,
      }),
      pages: [...operatorPages(metrics), ...controlPages({ ...shared, ...controls })],
      streams: [telemetryStream(telemetry)],
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
  const connectionStringOf = (key: string): string => deviceConnectionString(devices.get(key), reached);
  const reachable = hubPolicies(reached);
  if (options.data !== undefined) {
    const { connectionString } = reachable.iothubowner;
    started.use(announceHub(options.data, { connectionString, mqttPort: gateway.port }));
  }
  const running = started.move();
  const close = (): Promise<void> => running.disposeAsync();
  return {
    hubName,
    hostName,
    httpsPort: service.port,
    mqttPort: gateway.port,
    caPem: authority.certPem,
    serviceConnectionString: reachable.iothubowner.connectionString,
    serviceKey: policies.iothubowner.primaryKey,
    policies: reachable,
    deviceConnectionString: connectionStringOf,
    createDevice,
    twins: devices,
    evaluateNow: evaluate,
    calls: counts.read,
    dataActions: dataActions.read,
    routes: service.routes,
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
    saveSnapshot: state.save,
    restoreSnapshot,
    snapshots: state.snapshots,
    close,
    [Symbol.asyncDispose]: close,
  };
}
