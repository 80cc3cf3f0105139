import { randomBytes } from "node:crypto";
import { createCallCounts, type HubCalls } from "./call-counts.ts";
import {
  createCertificateAuthority,
  issueServerCertificate,
  type CertificateAuthority,
} from "./certificates.ts";
import { realClock, type HubClock } from "./clock.ts";
import { createConfigurationStore } from "./configuration-store.ts";
import { createDeviceStore } from "./device-store.ts";
import { generatedKey, type NewDevice } from "./device.ts";
import { evaluateConfigurations, type Evaluation } from "./evaluation.ts";
import { scheduleEvaluations } from "./evaluation-schedule.ts";
import { startDeviceServer } from "./mqtt/device-server.ts";
import type { QueryOptions } from "./query/query-options.ts";
import { configurationRoutes } from "./rest/configuration-routes.ts";
import { deviceRoutes } from "./rest/device-routes.ts";
import { queryRoutes } from "./rest/query-routes.ts";
import { servicePolicy } from "./rest/service-policy.ts";
import { startServiceServer } from "./rest/service-server.ts";
import { twinRoutes } from "./rest/twin-routes.ts";
import { createThrottle } from "./throttle.ts";
import { tierLimits, type Tier } from "./tier.ts";

export type { CertificateAuthority } from "./certificates.ts";
export type { HubCalls } from "./call-counts.ts";
export type { HubClock } from "./clock.ts";
export type { NewDevice } from "./device.ts";
export type { Evaluation } from "./evaluation.ts";

/** How a local hub is set up; every field has a default. */
export interface HubOptions extends QueryOptions {
  /** Host name before ".azure-devices.net" in device strings; default "local-" and six random characters. */
  readonly name?: string;
  /** Drives everything but token expiry; default real time. */
  readonly clock?: HubClock;
  /** "strict" answers 429 as soon as a limit of the tier is passed; default "strict". */
  readonly throttle?: "off" | "strict";
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
  /** The key of the policy iothubowner, base64. */
  readonly serviceKey: string;
  /** What a device connects with: the SDK honours a port in GatewayHostName. */
  readonly deviceConnectionString: (deviceId: string) => string;
  /** Register a device directly, not throttled and not counted; returns its connection string. */
  readonly createDevice: (device: NewDevice) => string;
  /** Evaluate all configurations now; the schedule goes on as it was. */
  readonly evaluateNow: () => Evaluation;
  /** What was asked of the hub so far. */
  readonly calls: () => HubCalls;
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
  const throttle = createThrottle({ clock, limits, mode: options.throttle ?? "strict" });
  const devices = createDeviceStore({ clock, maxDevices: limits.maxDevices });
  const configurations = createConfigurationStore({
    clock,
    maxConfigurations: limits.maxConfigurations,
    onChange: () => {
      schedule.changed();
    },
  });
  const evaluate = (): Evaluation => evaluateConfigurations({ devices, configurations, onDelete });
  const schedule = started.use(
    scheduleEvaluations({
      clock,
      intervalMs: options.evaluationIntervalMs ?? 300_000,
      delayMs: options.firstRunDelayMs ?? 5000,
      evaluate,
    }),
  );

  const serviceKey = generatedKey();
  const shared = { certificate, hosts, devices, clock, throttle, counts };
  const service = started.use(
    await startServiceServer({
      ...shared,
      authorize: servicePolicy({ hosts, keys: [serviceKey] }),
      routes: [
        ...queryRoutes({ devices: devices.all, modules: () => [], jobs: () => [] }, options),
        ...deviceRoutes(devices),
        ...twinRoutes(devices),
        ...configurationRoutes(configurations, options),
      ],
    }),
  );
  const gateway = started.use(await startDeviceServer(shared));

  const deviceConnectionString = (deviceId: string): string =>
    `HostName=${hostName};DeviceId=${deviceId};SharedAccessKey=${devices.get(deviceId).primaryKey};GatewayHostName=localhost:${gateway.port}`;
  const running = started.move();
  const close = (): Promise<void> => running.disposeAsync();
  return {
    hostName: "localhost",
    httpsPort: service.port,
    mqttPort: gateway.port,
    caPem: authority.certPem,
    serviceConnectionString: `HostName=localhost:${service.port};SharedAccessKeyName=iothubowner;SharedAccessKey=${serviceKey}`,
    serviceKey,
    deviceConnectionString,
    createDevice: (device) => deviceConnectionString(devices.register(device).deviceId),
    evaluateNow: evaluate,
    calls: counts.read,
    dropConnection: gateway.drop,
    close,
    [Symbol.asyncDispose]: close,
  };
}
