import azureIotCommon from "azure-iot-common";
import { bucketOf } from "../rollout/model/bucket.ts";
import { LOG_METHOD } from "../rollout/model/twin-contract.ts";
import type { DeviceClock } from "./clock.ts";
import { deviceLoop } from "./device-loop.ts";
import { newDeviceState } from "./device-state.ts";
import type { Disk } from "./disk.ts";
import { systemDisk } from "./disk.ts";
import { downloadDelayMs } from "./download-spread.ts";
import { downloadImage } from "./download.ts";
import type { Driver } from "./drivers/driver.ts";
import type { HubLink } from "./hub-link.ts";
import { holdHubLink } from "./hub-link.ts";
import type { AgentEvent } from "./agent-event.ts";
import { logTail } from "./log-tail.ts";
import type { Permission } from "./permission.ts";
import { expectPermission } from "./permission.ts";
import { imageAccess } from "./image-access.ts";
import type { DirectMethods, OpenHubSession } from "./hub-session.ts";
import type { ProxyEnv } from "./image-request.ts";
import { httpsImages, isHttps } from "./image-request.ts";
import { readDeviceState, writeDeviceState } from "./state-file.ts";
import type { Trust } from "./trust.ts";
import { expectUsable } from "./trust.ts";

/** What a device is made of. Without `gateway` and `caPem` it speaks to Azure. */
export interface AgentOptions {
  /** `HostName=…;DeviceId=…;SharedAccessKey=…`. */
  readonly connectionString: string;
  /** `host:port` to dial instead of the hub's name and port 8883. */
  readonly gateway?: string;
  /** Certificate authority of the hub and of the image store; default: those Node trusts. */
  readonly caPem?: string;
  /** Directory of `state.json`; one a device. */
  readonly stateDirectory: string;
  /** What the device does to flash itself. */
  readonly driver: Driver;
  /**
   * Keys of the maker, and what the device is: only what they signed for it is installed. Default: no signature is asked
   * for, and whoever may write the twin chooses the image.
   */
  readonly trust?: Trust;
  /** When the device may leave the image it runs: windows of its own, and its owner's consent. Default: always. */
  readonly permission?: Permission;
  /** Deadlines, health time, waits between downloads and contact instants; the network keeps real time. */
  readonly clock: DeviceClock;
  /** How long a booted image has to stay well to be `ok`. */
  readonly healthTimeMs: number;
  /** Hears what happens, for a log; it must not throw. Default: nobody. */
  readonly onEvent?: (event: AgentEvent) => void;
  /** Real milliseconds to wait for an answer about the twin. Default: 30 s. */
  readonly twinTimeoutMs?: number;
  /** Real seconds a token is good for; it is renewed after three quarters of them. Default: 3600. */
  readonly tokenLifetimeSeconds?: number;
  /** Longest real wait between two tries to connect. Default: 60 s. */
  readonly longestRetryMs?: number;
  /** Real milliseconds without a byte after which a try to download is given up. Default: 30 s. */
  readonly downloadIdleTimeoutMs?: number;
  /** Direct methods that the device answers beside its log's. Default: none. */
  readonly methods?: DirectMethods;
  /** What speaks to the hub. Default: Microsoft's SDK; simulated fleets of thousands pass something lighter. */
  readonly openSession?: OpenHubSession;
  /** Default: the machine's file system. */
  readonly disk?: Disk;
  /** How images are fetched. Default: from the address in the twin, at once, as fast as it goes. */
  readonly downloads?: DownloadSettings;
}

/** How a device fetches images. */
export interface DownloadSettings {
  /** Base addresses (https) that are asked before the one in the twin, in this order; its path is added to them. */
  readonly mirrors?: readonly string[];
  /** Most bytes a second, on the device's clock. */
  readonly bytesPerSecond?: number;
  /** Window over which devices begin, each at an instant of its own, on the device's clock. Default: 0. */
  readonly spreadMs?: number;
  /** `HTTPS_PROXY` and `NO_PROXY`; pass `process.env` to follow the machine's. Default: no proxy. */
  readonly proxyEnv?: ProxyEnv;
}

/** A running agent. Closing it is a power cut with good manners: the next start goes on where it was. */
export interface Agent extends AsyncDisposable {
  /** Id of the device on its hub. */
  readonly deviceId: string;
  /** Version that runs, by the image's own statement. */
  version(): string;
  /** Leave the hub and stop; resolves when nothing is written any more. */
  close(): Promise<void>;
}

const TWIN_TIMEOUT_MS = 30_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Boot the device and hold its line to the hub. Resolves when it has booted and begun to connect; rejects when no slot
 * starts or the connection string is not a device's.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const {
    driver,
    clock,
    stateDirectory,
    healthTimeMs,
    trust,
    permission,
    caPem,
    disk = systemDisk,
    downloads = {},
  } = options;
  if (trust !== undefined) expectUsable(trust);
  if (permission !== undefined) expectPermission(permission);
  const insecure = downloads.mirrors?.find((base) => !isHttps(base));
  if (insecure !== undefined)
    throw new Error(`The mirror ${insecure} is not an https address; images come over TLS`);
  const { spreadMs = 0 } = downloads;
  const ask = httpsImages({
    caPem,
    proxyEnv: downloads.proxyEnv,
    idleTimeoutMs: options.downloadIdleTimeoutMs,
  });
  const log = logTail();
  const onEvent = (event: AgentEvent): void => {
    log.note(event, clock.now());
    options.onEvent?.(event);
  };
  const onTrouble = (message: string): void => {
    onEvent({ type: "trouble", message });
  };
  const deviceId = deviceIdOf(options.connectionString);
  const stored = await readDeviceState(disk, stateDirectory);
  if (stored.lost !== undefined) onTrouble(stored.lost);

  const access = imageAccess();
  let link: HubLink | undefined;
  const loop = deviceLoop({
    state: stored.state ?? newDeviceState(bucketOf(deviceId)),
    driver,
    clock,
    healthTimeMs,
    trust,
    permission,
    save: (state) => writeDeviceState(disk, stateDirectory, state),
    report: (reported) => (link ??= connect()).report(reported),
    download: (request, signal) =>
      downloadImage({
        request,
        slots: driver,
        ask,
        clock,
        signal,
        keys: { ...access, ask: () => link?.refresh() },
        mirrors: downloads.mirrors,
        bytesPerSecond: downloads.bytesPerSecond,
        delayMs: downloadDelayMs({ deviceId, sha256: request.sha256, spreadMs }),
      }),
    onBoot: ({ image, fellBack }) => {
      onEvent({
        type: "booted",
        version: image.version,
        ...(fellBack === undefined ? {} : { failure: fellBack }),
      });
    },
    onTrouble,
  });

  function connect(): HubLink {
    return holdHubLink({
      connectionString: options.connectionString,
      gateway: options.gateway,
      caPem,
      tokenLifetimeSeconds: options.tokenLifetimeSeconds,
      twinTimeoutMs: options.twinTimeoutMs ?? TWIN_TIMEOUT_MS,
      longestRetryMs: options.longestRetryMs ?? LONGEST_RETRY_MS,
      openSession: options.openSession,
      methods: { [LOG_METHOD]: log.answer, ...options.methods },
      onEvent,
      onDesired: (desired, given) => {
        access.hear(given);
        loop.hear(desired);
      },
    });
  }

  await loop.start();
  link ??= connect();

  async function close(): Promise<void> {
    await link?.[Symbol.asyncDispose]();
    await loop.stop();
  }

  return { deviceId, version: () => loop.state().running.version, close, [Symbol.asyncDispose]: close };
}

function deviceIdOf(connectionString: string): string {
  const { DeviceId: deviceId } = azureIotCommon.ConnectionString.parse(connectionString, [
    "HostName",
    "DeviceId",
  ]);
  // The parser has thrown when it is missing; its type does not say so.
  if (deviceId === undefined) throw new Error("The connection string names no DeviceId");
  return deviceId;
}
