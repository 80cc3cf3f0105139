import type { Client, PublishPacket } from "aedes";
import type { DirectMethods } from "../direct-methods.ts";
import { Unanswered } from "../faults.ts";
import type { Throttle } from "../throttle.ts";
import { createLane, type Lane } from "./lane.ts";
import { takeMessage, type TelemetryContext } from "./telemetry.ts";
import { parseTopic } from "./topic.ts";
import { answerTwinRequest } from "./twin-request.ts";
import { sendTo } from "./wire.ts";

/** What a device's publishing leads to. */
export interface PublishHandlerOptions extends TelemetryContext {
  readonly methods: Pick<DirectMethods, "answered">;
}

type Done = (error?: Error | null) => void;

/** Takes what devices publish. */
export interface PublishHandler {
  /** Take a packet; `done` without an error acknowledges it, with one ends the connection. */
  readonly take: (client: Client, packet: PublishPacket, done: Done) => void;
  /** The last will of a device whose connection was lost: a message like any other, or nothing. */
  readonly takeWill: (client: Client, will: PublishPacket) => void;
}

/** A handler for all connections of a broker. */
export function createPublishHandler(options: PublishHandlerOptions): PublishHandler {
  const { devices, counts, methods } = options;
  const lanes = new WeakMap<Client, Lane>();
  // Requests of a connection are answered in their order, though some wait for their turn.
  const laneOf = (client: Client): Lane => {
    const lane = lanes.get(client) ?? createLane(() => client.conn.destroy());
    lanes.set(client, lane);
    return lane;
  };
  return {
    take: (client, packet, done) => {
      const { id: key } = client;
      const { topic, payload } = packet;
      const request = packet.qos === 2 ? undefined : parseTopic(topic, key);
      if (request === undefined) {
        // QoS 2 and foreign topics end the connection [facts 5.2].
        done(new Error(`A device may not publish to ${topic}`));
        return;
      }
      devices.touch(key);
      if (request.kind === "method answer") {
        // Not behind twin requests that wait for their turn: somebody waits for it.
        methods.answered(key, { ...request, payload });
        done(null);
        return;
      }
      if (request.kind === "message") counts.countDevice("messages");
      else counts.countDevice(request.kind === "report" ? "reports" : "twinReads");
      const context = { ...options, throttle: throttleWhileOpen(client, options.throttle) };
      laneOf(client)(async () => {
        if (client.closed) return;
        if (request.kind === "message") {
          // Nothing is retained, a message only says that it should have been [facts 5.2].
          const stamps = packet.retain ? { "x-opt-retain": "true" } : {};
          if (await takeMessage({ key, bag: request.bag, payload, stamps }, context)) done(null);
          // Once what was acknowledged before is on its way.
          else client.conn.end(done.bind(undefined, new Error("The message is refused")));
          return;
        }
        const outcome = await answerTwinRequest({ ...context, request, deviceId: key, payload });
        if (outcome.kind === "done") sendTo(client, outcome.result);
        else if (outcome.isCut) client.close();
        done(null);
      });
    },
    takeWill: (client, { topic, payload, qos }) => {
      const { id: key } = client;
      const request = qos === 2 ? undefined : parseTopic(topic, key);
      // Who lost its right to be here has no last word either; a will may only be telemetry [IoT Hub: MQTT, Will, D].
      if (request?.kind !== "message" || devices.find(key)?.status !== "enabled") return;
      counts.countDevice("messages");
      const stamps = { "iothub-MessageType": "Will" };
      void takeMessage({ key, bag: request.bag, payload, stamps }, options);
    },
  };
}

/** Whoever left, or lost its right to be here, while it waited for its turn does nothing more. */
function throttleWhileOpen(client: Client, throttle: Throttle): Throttle {
  return async (operations, amount) => {
    await throttle(operations, amount);
    if (client.closed) throw new Unanswered(true);
  };
}
