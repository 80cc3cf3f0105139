import azureIotCommon from "azure-iot-common";
import { UnansweredError, withTimeout } from "../../device/answer-timeout.ts";
import { fieldOf, reportPatch } from "../../device/firmware-section.ts";
import {
  answerTo,
  TOKEN_LIFETIME_SECONDS,
  type HubAddress,
  type HubSession,
  type HubSessionOptions,
} from "../../device/hub-session.ts";
import { openMqttLine, type MqttLine } from "./mqtt-line.ts";
import { createTwinCopy } from "./twin-copy.ts";

const API_VERSION = "2021-04-12";
const MQTT_PORT = 8883;
const RESPONSES = "$iothub/twin/res/#";
const CHANGES = "$iothub/twin/PATCH/properties/desired/#";
const METHODS = "$iothub/methods/POST/#";

/**
 * What Microsoft's SDK does for an agent, at half its cost: for simulated fleets of thousands. The same topics,
 * tokens and time-outs, held to the same tests (test/local/fleet/lines.test.ts); it reads the twin once a connection,
 * since it subscribes before that.
 */
export async function openLightSession(options: HubSessionOptions): Promise<HubSession> {
  const { twinTimeoutMs, signal, methods = {} } = options;
  const lifetime = options.tokenLifetimeSeconds ?? TOKEN_LIFETIME_SECONDS;
  const caller = callerFrom(options);
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
  const gone = lost.then((reason) => Promise.reject(new Error(reason)));
  gone.catch(() => undefined);
  const waiting = new Map<string, PromiseWithResolvers<unknown>>();
  const twin = createTwinCopy(options.onDesired);
  let requests = 0;
  let line: MqttLine | undefined;
  let renewal: NodeJS.Timeout | undefined;
  let renewing: Promise<void> | undefined;
  const closing = new AbortController();
  const end = (): void => {
    lose("it was closed");
    closing.abort();
  };

  function receive(topic: string, payload: Buffer): void {
    const [, method, callId = ""] = /^\$iothub\/methods\/POST\/([^/]+)\/\?\$rid=([^&]+)/u.exec(topic) ?? [];
    if (method !== undefined) {
      answerMethod(method, callId, parsed(payload));
      return;
    }
    const [, status, requestId = ""] = /^\$iothub\/twin\/res\/(\d+)\/\?\$rid=([^&]+)/u.exec(topic) ?? [];
    const content = payload.length === 0 ? undefined : parsed(payload);
    // The next session reads the twin whole.
    if (status === undefined && content === undefined) lose("the hub sent a change that is no JSON");
    else if (status === undefined) twin.change(content);
    else if (Number(status) < 300) waiting.get(requestId)?.resolve(content);
    else waiting.get(requestId)?.reject(new Error(reasonIn(content) ?? `the hub answered ${status}`));
  }

  function answerMethod(name: string, callId: string, payload: unknown): void {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method === undefined) return;
    void answerTo(method, payload).then((answer) => {
      line?.publish(
        `$iothub/methods/res/${answer.status}/?$rid=${callId}`,
        JSON.stringify(answer.payload ?? null),
      );
    });
  }

  async function ask(what: string, topic: string, payload: string): Promise<unknown> {
    const requestId = String(++requests);
    const answer = Promise.withResolvers<unknown>();
    waiting.set(requestId, answer);
    line?.publish(`${topic}?$rid=${requestId}`, payload);
    const late = `the hub did not answer ${what} in ${twinTimeoutMs} ms`;
    try {
      return await withTimeout(Promise.race([answer.promise, gone]), twinTimeoutMs, late);
    } finally {
      waiting.delete(requestId);
    }
  }

  async function join(): Promise<void> {
    const password = tokenFor(caller, lifetime);
    const { host, port, clientId, username } = caller;
    const opened = await openMqttLine({
      ...{ host, port, clientId, username, password, caPem: options.caPem, signal: closing.signal },
      onPublish: receive,
    });
    line = opened;
    void opened.lost.then((reason) => {
      // A line that was left for another is not missed.
      if (line === opened) lose(reason);
    });
    const filters = [RESPONSES, CHANGES, ...(Object.keys(methods).length === 0 ? [] : [METHODS])];
    const late = `the hub did not answer a subscription in ${twinTimeoutMs} ms`;
    await withTimeout(opened.subscribe(filters), twinTimeoutMs, late);
    await readTwin();
    // After three quarters of its life.
    renewal = setTimeout(() => {
      renewing = renew();
    }, lifetime * 750);
  }

  async function readTwin(): Promise<void> {
    const read = await ask("a read of the twin", "$iothub/twin/GET/", " ");
    if (read === undefined) throw new Error("the hub answered a read of the twin with what is no JSON");
    twin.replace(read);
  }

  /** As the SDK does it: goodbye, and in again with a new token. */
  async function renew(): Promise<void> {
    try {
      await Promise.race([Promise.allSettled(Array.from(waiting.values(), ({ promise }) => promise)), gone]);
      await leave();
      await join();
      options.onTokenRenewed();
    } catch (error) {
      lose(`the token cannot be renewed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async function leave(): Promise<void> {
    clearTimeout(renewal);
    const left = line;
    line = undefined;
    await left?.close();
  }

  async function close(): Promise<void> {
    end();
    signal.removeEventListener("abort", end);
    await renewing;
    await leave();
  }

  signal.throwIfAborted();
  signal.addEventListener("abort", end, { once: true });
  try {
    await join();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    lost,
    close,
    listen: twin.listen,
    reported: twin.reported,
    refresh() {
      readTwin().catch((error: unknown) => {
        lose(error instanceof Error ? error.message : String(error));
      });
    },
    async report(reported) {
      const patch = JSON.stringify(reportPatch(reported));
      await renewing;
      try {
        await ask("a report", "$iothub/twin/PATCH/properties/reported/", patch);
      } catch (error) {
        if (error instanceof UnansweredError) lose(error.message);
        throw error;
      }
    },
  };
}

interface Caller {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly username: string;
  /** What the token is for. */
  readonly resource: string;
  readonly key: string;
}

function callerFrom({ connectionString, gateway }: HubAddress): Caller {
  const named = azureIotCommon.ConnectionString.parse(connectionString, [
    "HostName",
    "DeviceId",
    "SharedAccessKey",
  ]);
  const { HostName: hub = "", DeviceId: clientId = "", SharedAccessKey: key = "" } = named;
  const [host = "", port] = (gateway ?? named.GatewayHostName ?? hub).split(":");
  return {
    host,
    port: port === undefined ? MQTT_PORT : Number(port),
    clientId,
    username: `${hub}/${clientId}/?api-version=${API_VERSION}&DeviceClientType=wavegate-fleet`,
    resource: encodeURIComponent(`${hub}/devices/${clientId}`),
    key,
  };
}

function tokenFor({ resource, key }: Caller, lifetimeSeconds: number): string {
  const expiry = Math.floor(Date.now() / 1000) + lifetimeSeconds;
  // Without a policy: the token is made of the device's own key.
  return azureIotCommon.SharedAccessSignature.create(resource, "", key, expiry).toString();
}

/** Absent when it is no JSON. */
function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
}

/** The hub says in JSON why it refuses [facts 5.2]. */
function reasonIn(content: unknown): string | undefined {
  const message = fieldOf(content, "message");
  return typeof message === "string" ? message : undefined;
}
