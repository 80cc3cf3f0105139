// CommonJS that re-exports in a way Node cannot list: its names are reached through the default import.
import azureIotCommon from "azure-iot-common";
import type { Client, Twin } from "azure-iot-device";
import azureIotDevice from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import type { FirmwareReported } from "../rollout/model/twin-contract.ts";
import { UnansweredError, withTimeout } from "./answer-timeout.ts";
import { reasonOf } from "./failure.ts";
import { accessSection, fieldOf, firmwareSection, reportPatch, twinVersionOf } from "./firmware-section.ts";

/** Where the hub is and how to speak to it. */
export interface HubAddress {
  /** The device's connection string, with its key. */
  readonly connectionString: string;
  /** `host:port` to dial instead of the hub's own name and port 8883; user name and token keep the hub's name. */
  readonly gateway?: string | undefined;
  /** Certificate authority of the hub; default: those Node trusts. */
  readonly caPem?: string | undefined;
  /** How long a token is good for, in real seconds; renewed after three quarters of it. Default: 3600. */
  readonly tokenLifetimeSeconds?: number | undefined;
}

/** One connection, from its first answer to its loss. It is never mended: the next one is a new session. */
export interface HubSession {
  /** Report the block; rejects when the hub refuses it or does not answer. */
  report(reported: FirmwareReported): Promise<void>;
  /** What the hub holds as reported by this device. */
  reported(): unknown;
  /** Hand out what the hub wants, now and after each change. */
  listen(): void;
  /** Read the twin again, and hand out what it holds. */
  refresh(): void;
  /** Resolves with the reason when the connection is of no more use. */
  readonly lost: Promise<string>;
  /** Leave the hub; resolves when the connection is closed. */
  close(): Promise<void>;
}

/** Direct methods by name; each gets what came with the call, and a rejection is answered with status 500. */
export type DirectMethods = Readonly<Record<string, (payload: unknown) => Promise<MethodAnswer>>>;

/** What a device says to a direct method. */
export interface MethodAnswer {
  /** The device's own choice; 200 by custom when all went well. */
  readonly status: number;
  readonly payload: unknown;
}

/** How a session is opened. */
export interface HubSessionOptions extends HubAddress {
  /** Real milliseconds to wait for an answer about the twin: the SDK itself would wait for ever. */
  readonly twinTimeoutMs: number;
  /** Gets the whole firmware section and the whole access section, each time one of them changes. */
  readonly onDesired: (desired: unknown, access: unknown) => void;
  /** The token was renewed and the twin was read again. */
  readonly onTokenRenewed: () => void;
  /** Direct methods that the device answers; others are not. Default: none. */
  readonly methods?: DirectMethods | undefined;
  /** Ends the session. */
  readonly signal: AbortSignal;
}

/** What speaks to the hub: a connection that is subscribed and has read the twin, or a rejection. */
export type OpenHubSession = (options: HubSessionOptions) => Promise<HubSession>;

/** How long a token is good for, in real seconds, unless said otherwise: the SDK's own choice. */
export const TOKEN_LIFETIME_SECONDS = 3600;
/** Real milliseconds a session waits for its goodbye. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Reads of the twin in a row, when changes arrive while one is under way. */
const READS_IN_A_ROW = 5;

/**
 * Connect, subscribe and read the twin with Microsoft's SDK. A new client each time, because a client that reconnects by
 * itself does not subscribe again and is deaf when the hub has forgotten the session. `onDesired` gets the whole
 * firmware section and the whole access section: after the connection, after each change, and after each renewal of the
 * token, since the SDK renews by a reconnection it tells nobody about and changes sent meanwhile are lost (QoS 0).
 */
export async function openHubSession(options: HubSessionOptions): Promise<HubSession> {
  const { twinTimeoutMs, signal } = options;
  const lifetime = options.tokenLifetimeSeconds ?? TOKEN_LIFETIME_SECONDS;
  const provider = azureIotDevice.SharedAccessKeyAuthenticationProvider.fromConnectionString(
    dialled(options),
    lifetime,
    Math.ceil(lifetime / 4),
  );
  const client = azureIotDevice.Client.fromAuthenticationProvider(provider, Mqtt);
  client.setRetryPolicy(new azureIotCommon.NoRetry());
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
  const end = (): void => {
    lose("it was closed");
  };
  signal.addEventListener("abort", end, { once: true });
  client.on("disconnect", (result: unknown) => {
    lose(`the connection was lost${causeOf(result)}`);
  });
  const gone = lost.then((reason) => Promise.reject(new Error(reason)));
  gone.catch(() => undefined);
  const whileOpen = <T>(asked: Promise<T>): Promise<T> => Promise.race([asked, gone]);
  const answered = <T>(asked: Promise<T>, what: string): Promise<T> =>
    withTimeout(whileOpen(asked), twinTimeoutMs, `the hub did not answer ${what} in ${twinTimeoutMs} ms`);

  async function close(): Promise<void> {
    end();
    signal.removeEventListener("abort", end);
    try {
      await withTimeout(client.close(), CLOSE_TIMEOUT_MS, "the connection does not close");
    } catch {
      // Nothing is left to be said to this hub; the token's timer is what could live on.
      provider.stop();
    }
  }

  try {
    signal.throwIfAborted();
    if (options.caPem !== undefined) await client.setOptions({ ca: options.caPem });
    await whileOpen(client.open());
    const twin = await answered(client.getTwin(), "a read of the twin");
    twin.on("error", (error: Error) => {
      lose(`the subscription failed: ${error.message}`);
    });
    const onLost = (error: unknown): void => {
      lose(reasonOf(error));
    };
    const reader = twinReader(twin, { answered, onDesired: options.onDesired, onLost });
    // The second read, behind the subscription the reader made: a change between the first and it would be lost.
    await reader.read();
    client.on("error", (error: Error) => {
      lose(`direct methods cannot be answered: ${error.message}`);
    });
    answerMethods(client, options.methods ?? {});
    provider.on("error", (error: Error) => {
      lose(`the token cannot be renewed: ${error.message}`);
    });
    const readThen = (done: () => void): void => {
      reader.read().then(done, onLost);
    };
    provider.on("newTokenAvailable", () => {
      readThen(options.onTokenRenewed);
    });
    return {
      lost,
      close,
      listen: reader.listen,
      refresh: () => {
        readThen(() => undefined);
      },
      reported: () => firmwareSection(twin.properties.reported),
      async report(reported) {
        try {
          await answered(updateReported(twin, reportPatch(reported)), "a report");
        } catch (error) {
          if (error instanceof UnansweredError) lose(error.message);
          throw error;
        }
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function answerMethods(client: Client, methods: DirectMethods): void {
  for (const [name, method] of Object.entries(methods)) {
    client.onDeviceMethod(name, (request, response) => {
      // When the connection is lost meanwhile, whoever called has been told so by the hub.
      answerTo(method, request.payload)
        .then(({ status, payload }) => response.send(status, payload))
        .catch(() => undefined);
    });
  }
}

/** Call a method; whatever happens there is an answer. */
export async function answerTo(method: DirectMethods[string], payload: unknown): Promise<MethodAnswer> {
  try {
    return await method(payload);
  } catch (error) {
    return { status: 500, payload: { message: reasonOf(error) } };
  }
}

interface TwinReader {
  readonly read: () => Promise<void>;
  readonly listen: () => void;
}

/** Hands out the firmware section whenever it is whole: never the SDK's cache while a read has emptied it. */
function twinReader(
  twin: Twin,
  {
    answered,
    onDesired,
    onLost,
  }: {
    readonly answered: (asked: Promise<Twin>, what: string) => Promise<Twin>;
    readonly onDesired: (desired: unknown, access: unknown) => void;
    /** A read that nobody waits for has failed. */
    readonly onLost: (error: unknown) => void;
  },
): TwinReader {
  let listening = false;
  let reading = 0;
  let newest = 0;
  const handOut = (): void => {
    // The SDK goes on merging into the object it shows: a copy stays what it was.
    if (!listening || reading > 0) return;
    const { desired } = twin.properties;
    onDesired(structuredClone(firmwareSection(desired)), structuredClone(accessSection(desired)));
  };
  twin.on("properties.desired", (patch: unknown) => {
    newest = Math.max(newest, twinVersionOf(patch));
    // The SDK merges a section into a list that stood there before, and shows a list from then on.
    if (Array.isArray(firmwareSection(twin.properties.desired)) && !Array.isArray(firmwareSection(patch)))
      read().catch(onLost);
    else handOut();
  });
  async function read(): Promise<void> {
    reading++;
    try {
      for (let reads = 0; reads < READS_IN_A_ROW; reads++) {
        await answered(twin.get(), "a read of the twin");
        // A change that overtook the answer was merged below it: read again.
        if (twinVersionOf(twin.properties.desired) >= newest) break;
      }
    } finally {
      reading--;
    }
    handOut();
  }
  return {
    read,
    listen() {
      listening = true;
      handOut();
    },
  };
}

function updateReported(twin: Twin, patch: object): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  // Typed `any` by the SDK, which adds this function to the properties.
  const update: unknown = twin.properties.reported["update"];
  if (typeof update !== "function") throw new Error("the SDK's twin has no update function any more");
  Reflect.apply(update, undefined, [
    patch,
    (error?: Error | null) => {
      if (error === undefined || error === null) resolve(undefined);
      else reject(error);
    },
  ]);
  return promise;
}

function dialled({ connectionString, gateway }: HubAddress): string {
  if (gateway === undefined) return connectionString;
  const own = connectionString.split(";").filter((part) => !part.startsWith("GatewayHostName="));
  // The transport dials `mqtts://<GatewayHostName>`, a port included; user name and token keep HostName.
  return [...own, `GatewayHostName=${gateway}`].join(";");
}

/** What the SDK says of a connection that is lost, where it says it. */
function causeOf(result: unknown): string {
  const cause = fieldOf(result, "transportObj");
  return cause instanceof Error ? `: ${cause.message}` : "";
}
