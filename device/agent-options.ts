import type { AgentEvent } from "./agent-event.ts";
import type { DeviceClock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { Driver } from "./drivers/driver.ts";
import type { DirectMethods, OpenHubSession } from "./hub-session.ts";
import type { ProxyEnv } from "./image-request.ts";
import { isHttps } from "./image-request.ts";
import type { Permission } from "./permission.ts";
import { expectPermission } from "./permission.ts";
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

/** Refuse options by which a device could not do what they say, before anything of it is started. */
export function expectOptions({ downloads = {}, trust, permission, ...options }: AgentOptions): void {
  if (trust !== undefined) expectUsable(trust);
  if (permission !== undefined) expectPermission(permission);
  const { healthTimeMs, twinTimeoutMs, tokenLifetimeSeconds, longestRetryMs } = options;
  const mayBeNone = { healthTimeMs, "downloads.spreadMs": downloads.spreadMs };
  const positive = {
    ...{ twinTimeoutMs, tokenLifetimeSeconds, longestRetryMs },
    downloadIdleTimeoutMs: options.downloadIdleTimeoutMs,
    "downloads.bytesPerSecond": downloads.bytesPerSecond,
  };
  const faults = [
    // A timer takes what is no number for no time at all.
    ...Object.entries(mayBeNone).filter(([, value = 0]) => !(value >= 0)),
    ...Object.entries(positive).filter(([, value = 1]) => !(value > 0)),
  ].map(([name, value]) => `${name} is ${value}`);
  const insecure = (downloads.mirrors ?? [])
    .filter((base) => !isHttps(base))
    .map((base) => `the mirror ${base} is not an https address, and images come over TLS`);
  if (faults.length + insecure.length > 0)
    throw new Error(`the agent cannot start: ${[...faults, ...insecure].join("; ")}`);
}
