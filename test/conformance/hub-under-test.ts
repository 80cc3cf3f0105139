import { randomBytes } from "node:crypto";
import { Agent } from "node:https";
import type iothub from "azure-iothub";
import { startHub } from "../../local/hub/hub.ts";
import { createManualClock } from "../local/hub/manual-clock.ts";
import { openDevice, type ConnectedDevice, type DeviceConnection } from "../support/device-client.ts";
import { connectJobClient, connectMethodClient, connectRegistry } from "../support/iot-hub-registry.ts";
import { checkUntil } from "./check-until.ts";
import type { HubConnection, LocalControls } from "./hub-connection.ts";
import { connectLiveHub } from "./live-hub.ts";
import { createPace } from "./pace.ts";
import { pacedJobs, pacedMethods, pacedRegistry } from "./paced-client.ts";
import { openRaw, type RawConnect, type RawDevice } from "./raw-device.ts";
import { createRawService, type RawService } from "./raw-service.ts";
import { removeAll } from "./removal.ts";

// The one door to local/hub: a self-signed certificate is one for Azure too.
export { issueDeviceCertificate } from "../../local/hub/device-certificate.ts";

/** Devices that one case has for itself, and the condition that is true of them alone. */
export interface Flock {
  readonly ids: readonly string[];
  /** For target conditions and queries: touches nobody else's devices. */
  readonly where: string;
}

/** The hub that the cases run against: a local one, or Azure's when IOTHUB_CONNECTION_STRING is set. */
export interface HubUnderTest extends AsyncDisposable {
  readonly mode: "local" | "azure";
  /** What every name that this run makes begins with, and the tag `conformance` of its devices. */
  readonly run: string;
  /** Name of the hub as services sign it. */
  readonly serviceHost: string;
  /** Name of the hub as devices sign it. */
  readonly deviceHost: string;
  /** Host, and port where it is none of the usual, that a device without a token names. */
  readonly gatewayHost: string;
  /** The authority to trust; undefined: those of the system. */
  readonly caPem: string | undefined;
  readonly registry: iothub.Registry;
  readonly jobs: iothub.JobClient;
  readonly methods: iothub.Client;
  /** A name that nobody else uses; the device of that name is removed in the end. */
  readonly newId: (name?: string) => string;
  /** The same for a job; the service forgets jobs by itself, 30 days after they ended. */
  readonly newJobId: () => string;
  /** The same for a configuration, also if a case creates it by itself. */
  readonly newConfigurationId: (name?: string) => string;
  /** Register a device with these tags, and none more; returns its id. */
  readonly newDevice: (tags?: Record<string, unknown>) => Promise<string>;
  /** Register devices for a case, one for each set of tags. */
  readonly newFlock: (...tags: Record<string, unknown>[]) => Promise<Flock>;
  readonly connectionStringOf: (deviceId: string, moduleId?: string) => Promise<string>;
  /** Connect a device by Microsoft's SDK. */
  readonly connect: (deviceId: string, options?: Partial<DeviceConnection>) => Promise<ConnectedDevice>;
  /** A bare MQTT connection of a device, after its CONNECT. */
  readonly connectRaw: (deviceId: string, options?: RawConnect) => Promise<RawDevice>;
  /** A request to the service API that the SDK has no method for. */
  readonly ask: RawService;
  /** Wait for an evaluation of configurations, as the check tells that it has been. */
  readonly evaluated: (check: () => Promise<void>) => Promise<void>;
  /** Wait for what a hub may show late. */
  readonly eventually: (check: () => Promise<void>) => Promise<void>;
  /** The hub's time. */
  readonly now: () => number;
  /** Let time pass: the clock of a local hub moves, on Azure it is waited for. */
  readonly pass: (ms: number) => Promise<void>;
  /** What cases with `needs: "local"` may do besides. */
  readonly local: () => LocalControls;
}

/** Whether this run is against Azure. */
export const AZURE_CONNECTION_STRING = process.env["IOTHUB_CONNECTION_STRING"];

/** Open the hub to test. Closing it removes what the cases made, whatever came of them. */
export async function openHubUnderTest(): Promise<HubUnderTest> {
  const connection =
    AZURE_CONNECTION_STRING === undefined ? await startLocalHub() : connectLiveHub(AZURE_CONNECTION_STRING);
  const { address, mode, clock } = connection;
  const pace = createPace(clock);
  const registry = pacedRegistry(connection.registry, pace);
  const run = `conformance-${randomBytes(4).toString("hex")}`;
  const made = { devices: new Set<string>(), configurations: new Set<string>() };
  let count = 0;
  const newName = (kind: keyof typeof made, name: string): string => {
    const id = `${run}-${++count}${name === "" ? "" : `-${name}`}`;
    made[kind].add(id);
    return id;
  };
  const newDevice = async (tags?: Record<string, unknown>): Promise<string> => {
    const deviceId = newName("devices", "");
    await registry.create({ deviceId });
    if (tags !== undefined) await registry.updateTwin(deviceId, { tags }, "*");
    return deviceId;
  };
  const connectionStringOf = async (deviceId: string, moduleId?: string): Promise<string> => {
    const { authentication } =
      moduleId === undefined
        ? (await registry.get(deviceId)).responseBody
        : (await registry.getModule(deviceId, moduleId)).responseBody;
    const key = authentication?.symmetricKey?.primaryKey ?? "";
    const ids = `DeviceId=${deviceId}${moduleId === undefined ? "" : `;ModuleId=${moduleId}`}`;
    const { gatewayHostName } = connection;
    const gateway = gatewayHostName === undefined ? "" : `;GatewayHostName=${gatewayHostName}`;
    return `HostName=${address.deviceHost};${ids};SharedAccessKey=${key}${gateway}`;
  };
  return {
    mode,
    run,
    serviceHost: address.serviceHost,
    deviceHost: address.deviceHost,
    caPem: address.caPem,
    gatewayHost: connection.gatewayHostName ?? address.deviceHost,
    registry,
    jobs: pacedJobs(connection.jobs, pace),
    methods: pacedMethods(connection.methods, pace),
    newId: (name = "") => newName("devices", name),
    newJobId: () => `${run}-${++count}`,
    newConfigurationId: (name = "") => newName("configurations", name),
    newDevice,
    newFlock: async (...tags) => {
      const flock = String(++count);
      const ids: string[] = [];
      for (const own of tags) ids.push(await newDevice({ conformance: run, flock, ...own }));
      return { ids, where: `tags.conformance = '${run}' AND tags.flock = '${flock}'` };
    },
    connectionStringOf,
    connect: async (deviceId, options = {}) => {
      const connectionString = options.connectionString ?? (await connectionStringOf(deviceId));
      return openDevice({
        ...options,
        // MqttWs knows no gateway with a port [facts 5.1].
        connectionString:
          options.transport === "MqttWs"
            ? connectionString.replace(/;GatewayHostName=[^;]*/u, "")
            : connectionString,
        ca: address.caPem,
        webSocketAgent: connection.webSocketAgent,
      });
    },
    connectRaw: async (deviceId, options = {}) => {
      const key =
        options.key ?? (await registry.get(deviceId)).responseBody.authentication?.symmetricKey?.primaryKey;
      return openRaw(address, deviceId, { ...options, key: key ?? "" });
    },
    ask: createRawService(address, pace),
    evaluated: async (check) => {
      if (mode === "local") await clock.pass(connection.evaluationMs);
      await checkUntil(check, mode === "local" ? connection.lagMs : connection.evaluationMs);
    },
    now: clock.now,
    pass: clock.pass,
    eventually: (check) => checkUntil(check, connection.lagMs),
    local: () => {
      if (connection.controls === undefined) throw new Error('The case has to say needs: "local"');
      return connection.controls;
    },
    [Symbol.asyncDispose]: async () => {
      try {
        await removeAll(registry, made);
      } finally {
        await connection.close();
      }
    },
  };
}

/** A hub in this process with the limits of one unit S1, strictly kept, on a clock that only the cases move. */
async function startLocalHub(): Promise<HubConnection> {
  const clock = createManualClock();
  const name = "conformance";
  const hub = await startHub({ name, clock });
  const trust = { port: hub.httpsPort, servername: "localhost", ca: hub.caPem };
  return {
    mode: "local",
    address: {
      serviceHost: hub.hostName,
      httpsPort: hub.httpsPort,
      deviceHost: `${name}.azure-devices.net`,
      mqttHost: hub.hostName,
      mqttPort: hub.mqttPort,
      caPem: hub.caPem,
      policyName: "iothubowner",
      key: hub.serviceKey,
    },
    registry: connectRegistry(hub),
    jobs: connectJobClient(hub),
    methods: connectMethodClient(hub),
    webSocketAgent: new Agent({ host: "127.0.0.1", ...trust }),
    gatewayHostName: `${hub.hostName}:${hub.mqttPort}`,
    // A tenth of a second a call: no limit by the second is passed by calls one after the other.
    clock: { now: clock.now, pass: clock.advance, callMs: 100, isShared: false },
    evaluationMs: 6000,
    lagMs: 5000,
    controls: {
      dropConnection: hub.dropConnection,
      fail: (call, status) => hub.faults.add({ kind: "status", status, match: { api: "rest", call } }),
      policyKey: (name) => hub.policies[name].primaryKey,
    },
    close: hub.close,
  };
}
