import azureIotCommon from "azure-iot-common";
import { bucketOf } from "../rollout/model/bucket.ts";
import { LOG_METHOD } from "../rollout/model/twin-contract.ts";
import type { AgentEvent } from "./agent-event.ts";
import type { AgentOptions } from "./agent-options.ts";
import { expectOptions } from "./agent-options.ts";
import { deviceLoop } from "./device-loop.ts";
import { newDeviceState } from "./device-state.ts";
import { systemDisk } from "./disk.ts";
import { downloadDelayMs } from "./download-spread.ts";
import { downloadImage } from "./download.ts";
import type { HubLink } from "./hub-link.ts";
import { holdHubLink } from "./hub-link.ts";
import { imageAccess } from "./image-access.ts";
import { httpsImages } from "./image-request.ts";
import { logTail } from "./log-tail.ts";
import { readDeviceState, writeDeviceState } from "./state-file.ts";

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
 * starts, the connection string is not a device's, or an option is none that it could work by.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  expectOptions(options);
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
