/**
 * Devices in a process of their own, as light as they can be: a TLS connection each, packets of MQTT and nothing else.
 * Takes orders over IPC, and ends when the process that gave them does.
 */
import { once } from "node:events";
import { Agent, request } from "node:https";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { parser } from "mqtt-packet";

/** What the process is asked to do. */
export type Order =
  | {
      readonly kind: "connect";
      readonly port: number;
      readonly caPem: string;
      /** For each device, what it says first: CONNECT and SUBSCRIBE. */
      readonly greetings: readonly Uint8Array[];
      /** Handshakes that run at the same time. */
      readonly atOnce: number;
    }
  /** Say when every device has had so many patches since it connected. */
  | { readonly kind: "await patches"; readonly each: number }
  /** Patch the twins of devices over the service API, some at the same time. */
  | {
      readonly kind: "patch";
      readonly port: number;
      readonly caPem: string;
      readonly authorization: string;
      readonly deviceIds: readonly string[];
      readonly body: string;
      readonly atOnce: number;
    };

/** What it answers. */
export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "connected" }
  /** When the last of them came, in milliseconds since the epoch. */
  | { readonly kind: "patched"; readonly at: number }
  | { readonly kind: "answered"; readonly at: number }
  | { readonly kind: "failed"; readonly message: string };

const PUBLISH = "publish";
const sockets: TLSSocket[] = [];
let received = 0;
let awaited = Infinity;

process.on("message", (order: Order) => {
  void obey(order).catch((error: unknown) => {
    report({ kind: "failed", message: error instanceof Error ? (error.stack ?? "") : String(error) });
  });
});
process.on("disconnect", () => process.exit());
report({ kind: "ready" });

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case "connect": {
      // One for all: it is what a handshake costs a client most.
      const secureContext = createSecureContext({ ca: order.caPem });
      await inLanes(order.atOnce, order.greetings, (greeting) =>
        join({ port: order.port, secureContext, greeting }),
      );
      report({ kind: "connected" });
      break;
    }
    case "await patches":
      awaited = order.each * sockets.length;
      look();
      break;
    case "patch":
      await patchAll(order);
      report({ kind: "answered", at: now() });
      break;
  }
}

/** Connect one device; resolves when its subscription is granted. */
async function join({
  port,
  secureContext,
  greeting,
}: {
  readonly port: number;
  readonly secureContext: SecureContext;
  readonly greeting: Uint8Array;
}): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", secureContext });
  await once(socket, "secureConnect");
  socket.setNoDelay(true);
  const granted = Promise.withResolvers<undefined>();
  const packets = parser();
  packets.on("packet", ({ cmd }) => {
    if (cmd === "suback") granted.resolve(undefined);
    if (cmd !== PUBLISH) return;
    received += 1;
    look();
  });
  socket.on("data", (chunk: Buffer) => packets.parse(chunk));
  socket.once("close", () => {
    granted.reject(new Error("the hub closed a connection"));
    if (sockets.includes(socket)) report({ kind: "failed", message: "the hub closed a connection" });
  });
  socket.on("error", granted.reject);
  socket.write(greeting);
  await granted.promise;
  sockets.push(socket);
}

async function patchAll(order: Extract<Order, { kind: "patch" }>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: order.atOnce, ca: order.caPem });
  const { port, authorization, body } = order;
  const headers = {
    authorization,
    "content-type": "application/json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
  };
  await inLanes(order.atOnce, order.deviceIds, async (deviceId) => {
    const path = `/twins/${deviceId}?api-version=2021-04-12`;
    const call = request({ host: "localhost", port, agent, method: "PATCH", path, headers });
    const answered = Promise.withResolvers<undefined>();
    call.once("response", (response) => {
      response.resume().once("end", () => {
        if (response.statusCode === 200) answered.resolve(undefined);
        else answered.reject(new Error(`a patch was answered with ${response.statusCode ?? "nothing"}`));
      });
    });
    call.once("error", answered.reject);
    call.end(body);
    await answered.promise;
  });
  agent.destroy();
}

/** Do something for all items, so many at the same time. */
async function inLanes<Item>(
  lanes: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function look(): void {
  if (received < awaited) return;
  awaited = Infinity;
  report({ kind: "patched", at: now() });
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function report(what: Report): void {
  process.send?.(what);
}
