import { connect, createSecureContext } from "node:tls";
import { text } from "node:stream/consumers";
import { generate, parser, type Packet } from "mqtt-packet";
import { aConnectPacket, aSasToken } from "./raw-connect.ts";

/**
 * A program: many devices on bare MQTT, as light as can be. Like Microsoft's SDK they subscribe once and never again,
 * come back by themselves when they are cut off, and trust the hub to have kept their session. Told on standard input
 * whom to be; tells on standard output, a line of JSON each, who connected, subscribed and heard what.
 */
export interface LightFleet {
  readonly mqttPort: number;
  readonly caPem: string;
  /** What the hub is called. */
  readonly host: string;
  readonly devices: readonly { readonly id: string; readonly key: string }[];
}

/** What a device tells. */
export type LightEvent =
  | { readonly event: "connected"; readonly id: string; readonly isKept: boolean }
  | { readonly event: "subscribed"; readonly id: string }
  | { readonly event: "heard"; readonly id: string; readonly patch: Readonly<Record<string, unknown>> };

const DESIRED = "$iothub/twin/PATCH/properties/desired/";
const HOUR_SECONDS = 3600;

// Standard input is ours, written by the test.
const fleet = JSON.parse(await text(process.stdin)) as LightFleet;
const secureContext = createSecureContext({ ca: fleet.caPem });
const tell = (event: LightEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};
fleet.devices.forEach((device, index) => {
  // Not all at once at first, that is the business of the restart.
  setTimeout(start, index * 2, device);
});

function start({ id, key }: LightFleet["devices"][number]): void {
  const resource = encodeURIComponent(`${fleet.host}/devices/${id}`);
  const expiry = String(Math.floor(Date.now() / 1000) + HOUR_SECONDS);
  const password = aSasToken({ key, resource, expiry });
  let isSubscribed = false;
  let failures = 0;

  const open = (): void => {
    const socket = connect({
      host: "127.0.0.1",
      port: fleet.mqttPort,
      servername: "localhost",
      secureContext,
    });
    const packets = parser();
    const send = (packet: Packet): void => {
      socket.write(generate(packet));
    };
    packets.on("packet", (packet: Packet) => {
      if (packet.cmd === "connack" && packet.returnCode === 0) {
        failures = 0;
        tell({ event: "connected", id, isKept: packet.sessionPresent });
        if (isSubscribed) return;
        const topics = [`${DESIRED}#`, "$iothub/twin/res/#"];
        send({ cmd: "subscribe", messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 0 })) });
      } else if (packet.cmd === "suback") {
        isSubscribed = true;
        tell({ event: "subscribed", id });
      } else if (packet.cmd === "publish" && packet.topic.startsWith(DESIRED)) {
        // A desired patch is an object.
        const patch = JSON.parse(packet.payload.toString()) as Record<string, unknown>;
        tell({ event: "heard", id, patch });
      }
    });
    socket.on("data", (chunk: Buffer) => packets.parse(chunk));
    socket.once("secureConnect", () => {
      send(aConnectPacket(id, { host: fleet.host, password }));
    });
    socket.on("error", () => undefined); // told by the close
    socket.once("close", () => {
      failures += 1;
      // Full jitter, as the SDK has it.
      setTimeout(open, 50 + Math.random() * Math.min(2000, 100 * 2 ** failures));
    });
  };
  open();
}
