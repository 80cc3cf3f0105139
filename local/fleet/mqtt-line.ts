import { isIP } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { parser, writeToStream, type Packet } from "mqtt-packet";
import { withTimeout } from "../../device/answer-timeout.ts";

/** One MQTT connection over TLS, open until it is lost. */
export interface MqttLine {
  /** Resolves with the reason when nothing comes through any more. */
  readonly lost: Promise<string>;
  /** Resolves when all filters were granted. */
  subscribe(filters: readonly string[]): Promise<void>;
  /** Quality of service 0: nobody says whether it arrived. */
  publish(topic: string, payload: string): void;
  /** Say goodbye; resolves when the connection is closed. */
  close(): Promise<void>;
}

/** Whom to call and as whom. */
export interface MqttLineOptions {
  readonly host: string;
  readonly port: number;
  /** Default: the authorities Node trusts. */
  readonly caPem?: string | undefined;
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  readonly onPublish: (topic: string, payload: Buffer) => void;
  /** Gives up while the connection is being made. */
  readonly signal: AbortSignal;
}

/** As Microsoft's SDK has them. */
const KEEP_ALIVE_SECONDS = 180;
const CONNECT_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** [MQTT-3.2.2.3]: CONNACK return codes. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: "it does not speak this protocol",
  2: "it does not take this client id",
  3: "it is not available now",
  4: "wrong user name or password",
  5: "not authorized",
};
/** [MQTT-3.9.3]. */
const FILTER_REFUSED = 128;

/** One for all devices of a process: what a handshake costs a client most is to read the authority. */
let trusted: { readonly caPem: string | undefined; readonly context: SecureContext } | undefined;

/** Connect with a persistent session; resolves when the hub has let the device in. */
export async function openMqttLine(options: MqttLineOptions): Promise<MqttLine> {
  const { host, port, caPem, signal } = options;
  if (trusted === undefined || trusted.caPem !== caPem)
    trusted = { caPem, context: createSecureContext(caPem === undefined ? {} : { ca: caPem }) };
  const socket = connect({
    ...{ host, port, secureContext: trusted.context },
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  socket.setNoDelay(true);
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
  const { promise: admitted, resolve: admit, reject: refuse } = Promise.withResolvers<undefined>();
  const grants = new Map<number, PromiseWithResolvers<undefined>>();
  const fail = (reason: string): void => {
    lose(reason);
    refuse(new Error(reason));
    for (const { reject } of grants.values()) reject(new Error(reason));
  };
  let messages = 0;
  let isPingOpen = false;

  function receive(packet: Packet): void {
    switch (packet.cmd) {
      case "connack":
        if (packet.returnCode === 0) admit(undefined);
        else
          fail(`the hub refused the connection: ${REFUSALS[packet.returnCode ?? -1] ?? "no reason given"}`);
        break;
      case "suback": {
        const grant = grants.get(packet.messageId ?? 0);
        if (packet.granted.includes(FILTER_REFUSED))
          grant?.reject(new Error("the hub refused a subscription"));
        else grant?.resolve(undefined);
        break;
      }
      case "publish":
        options.onPublish(packet.topic, Buffer.from(packet.payload));
        break;
      case "pingresp":
        isPingOpen = false;
        break;
      default:
    }
  }

  const packets = parser();
  packets.on("packet", receive);
  packets.on("error", (error: Error) => socket.destroy(error));
  socket.on("data", (chunk: Buffer) => packets.parse(chunk));
  socket.once("secureConnect", () => writeToStream(connectPacket(options), socket));
  socket.on("error", (error: Error) => {
    fail(`the connection was lost: ${error.message}`);
  });
  const keepAlive = setInterval(
    () => {
      if (isPingOpen) socket.destroy(new Error("the hub does not answer any more"));
      else if (socket.writable) {
        isPingOpen = true;
        writeToStream({ cmd: "pingreq" }, socket);
      }
    },
    (KEEP_ALIVE_SECONDS * 1000) / 2,
  );
  const giveUp = (): void => {
    socket.destroy();
  };
  signal.addEventListener("abort", giveUp, { once: true });
  socket.once("close", () => {
    clearInterval(keepAlive);
    fail("the connection was lost");
  });

  try {
    await withTimeout(admitted, CONNECT_TIMEOUT_MS, `the hub did not answer in ${CONNECT_TIMEOUT_MS} ms`);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  return {
    lost,
    async subscribe(filters) {
      const messageId = ++messages;
      const grant = Promise.withResolvers<undefined>();
      grants.set(messageId, grant);
      const subscriptions = filters.map((topic) => ({ topic, qos: 0 as const }));
      writeToStream({ cmd: "subscribe", messageId, subscriptions }, socket);
      await grant.promise;
      grants.delete(messageId);
    },
    publish(topic, payload) {
      if (socket.writable)
        writeToStream({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false }, socket);
    },
    close: () => hangUp(socket),
  };
}

function connectPacket({ clientId, username, password }: MqttLineOptions): Packet {
  return {
    ...{ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: false },
    ...{ keepalive: KEEP_ALIVE_SECONDS, clientId, username, password: Buffer.from(password) },
  };
}

async function hangUp(socket: TLSSocket): Promise<void> {
  if (socket.closed) return;
  const closed = new Promise<void>((resolve) =>
    socket.once("close", () => {
      resolve();
    }),
  );
  if (socket.writable) {
    writeToStream({ cmd: "disconnect" }, socket);
    socket.end();
  }
  await withTimeout(closed, CLOSE_TIMEOUT_MS, "the connection does not close").catch(() => socket.destroy());
}
