import { generate } from "mqtt-packet";
import type { LocalHub } from "../../../../local/hub/hub.ts";
import { aConnect } from "../raw-connect.ts";
import type { Dice } from "./dice.ts";

/** Who attacks. */
export const ATTACKER = "attacker";
/** Whom it attacks: no packet of one may reach the other. */
export const VICTIM = "victim";
/** Everything that the attacker sends has this in it somewhere. */
export const MARKER = "MARK-OF-THE-ATTACKER";

const VICTIM_TOPICS = [
  `devices/${VICTIM}/messages/events/`,
  `devices/${VICTIM}/messages/devicebound/${MARKER}`,
  `devices/${ATTACKER}/../${VICTIM}/messages/events/`,
] as const;
const OWN_TOPICS = [
  "$iothub/twin/PATCH/properties/desired/?$version=1",
  "$iothub/twin/res/200/?$rid=1",
  "$iothub/methods/POST/reboot/?$rid=1",
  "$iothub/twin/GET/?$rid=1",
  "$iothub/twin/GET/?$rid=",
  "$iothub/twin/PATCH/properties/reported/?$rid=2",
  "$iothub/twin/PATCH/properties/desired/?$rid=2",
  "$iothub/methods/res/200/?$rid=1",
  `devices/${ATTACKER}/messages/events/`,
  `devices/${ATTACKER}/messages/events/${MARKER}=1&$.mid=%ff`,
  "$SYS/x",
  "/",
  "a/".repeat(99),
  "__proto__",
  MARKER,
] as const;
const FILTERS = [
  "#",
  "+",
  "+/+/+/+",
  "$iothub/#",
  "$iothub/twin/#",
  "$iothub/twin/res/#",
  "$iothub/twin/PATCH/properties/desired/#",
  "$iothub/methods/POST/#",
  `devices/${VICTIM}/#`,
  `devices/${VICTIM}/messages/devicebound/#`,
  "devices/+/messages/devicebound/#",
  `$share/g/devices/${VICTIM}/messages/devicebound/#`,
  "$SYS/#",
  "__proto__",
  "",
] as const;

/** Bytes that one connection of the attacker says, in pieces; authenticated or not. */
export function attack(hub: LocalHub, dice: Dice): Buffer {
  const length = 1 + dice.below(8);
  const packets = Array.from({ length }, () => aPacket(dice));
  // Not always first, sometimes twice, sometimes never.
  if (dice.chance(0.85))
    packets.splice(dice.chance(0.9) ? 0 : dice.below(length), 0, connectPacket(hub, dice));
  return Buffer.concat(packets.map((packet) => (dice.chance(0.2) ? damagedPacket(packet, dice) : packet)));
}

function connectPacket(hub: LocalHub, dice: Dice): Buffer {
  const connect = aConnect(hub, ATTACKER, { clean: dice.chance(0.5) });
  if (dice.chance(0.6)) return generate(connect);
  const topic = dice.pick([...VICTIM_TOPICS, ...OWN_TOPICS]);
  const will = {
    topic,
    payload: Buffer.from(MARKER),
    qos: dice.pick([0, 1, 2]),
    retain: dice.chance(0.5),
  } as const;
  const forged = dice.pick<object>([
    { will },
    { will },
    { clientId: VICTIM },
    { username: `x/${VICTIM}/?api-version=1` },
    { clientId: "", clean: true },
    { clientId: `${ATTACKER}/${VICTIM}` },
    { keepalive: 0 },
    { keepalive: 1 },
    { protocolId: "MQIsdp", protocolVersion: 3 },
    { password: Buffer.alloc(0) },
    { clientId: `${MARKER}${"x".repeat(60_000)}` },
  ]);
  return generate({ ...connect, ...forged });
}

function aPacket(dice: Dice): Buffer {
  const topic = dice.pick([...VICTIM_TOPICS, ...OWN_TOPICS, ...OWN_TOPICS]);
  const messageId = dice.pick([1, 1, 2, 65_535]);
  const filters = (most: number): { topic: string; qos: 0 | 1 | 2 }[] =>
    Array.from({ length: 1 + dice.below(most) }, () => ({
      topic: dice.pick(FILTERS),
      qos: dice.pick([0, 1, 2]),
    }));
  switch (dice.below(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return generate({
        cmd: "publish",
        topic,
        payload: payloadOf(dice),
        ...{ qos: dice.pick([0, 0, 1, 2]), dup: false, retain: dice.chance(0.2), messageId },
      });
    case 4:
      return generate({ cmd: "subscribe", messageId, subscriptions: filters(5) });
    case 5:
      return generate({ cmd: "unsubscribe", messageId, unsubscriptions: filters(5).map((one) => one.topic) });
    case 6:
      return generate({ cmd: dice.pick(["puback", "pubrec", "pubrel", "pubcomp"]), messageId });
    case 7:
      return Buffer.concat(Array.from({ length: 1 + dice.below(200) }, () => generate({ cmd: "pingreq" })));
    case 8:
      return generate({ cmd: dice.pick(["disconnect", "pingreq", "pingresp"]) });
    case 9:
      return generate({ cmd: "connack", returnCode: 0, sessionPresent: true });
    case 10:
      return generate({ cmd: "suback", messageId, granted: [0, 128] });
    case 11:
      // Text that MQTT forbids: NUL, half a character, bytes that are none [MQTT-1.5.3-1, MQTT-1.5.3-2].
      return publishOf(
        dice.pick([
          `a\u0000${MARKER}`,
          `\u00ff${MARKER}`,
          "\u00ed\u00a0\u0080",
          `devices/${ATTACKER}/messages/events/\u00ff`,
        ]),
      );
    case 12:
      return publishOf(`devices/${ATTACKER}/messages/events/${"x".repeat(dice.pick([1000, 60_000]))}`);
    default:
      return dice.bytes(1 + dice.below(60));
  }
}

function payloadOf(dice: Dice): string | Buffer {
  return dice.pick<string | Buffer>([
    MARKER,
    JSON.stringify({ mark: MARKER }),
    JSON.stringify({ mark: { deep: [MARKER] }, gone: null }),
    `{"__proto__":{"polluted":"${MARKER}"}}`,
    `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`,
    `{"mark":1e999}`,
    Buffer.concat([Buffer.from('{"mark":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    Buffer.alloc(100_000, 0x20),
    "",
  ]);
}

/** A PUBLISH with any bytes for its topic, a character a byte. */
function publishOf(topic: string): Buffer {
  const text = Buffer.from(topic, "latin1");
  const size = text.length + 2;
  const lengthBytes =
    size < 128
      ? [size]
      : size < 16_384
        ? [(size & 127) | 128, size >> 7]
        : [(size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14];
  return Buffer.concat([Buffer.from([0x30, ...lengthBytes, text.length >> 8, text.length & 255]), text]);
}

function damagedPacket(packet: Buffer, dice: Dice): Buffer {
  const at = dice.below(packet.length);
  const bit = 1 << dice.below(8);
  switch (dice.below(5)) {
    case 0:
      return packet.subarray(0, at);
    case 1:
      return Buffer.concat([packet.subarray(0, at), dice.bytes(1 + dice.below(4)), packet.subarray(at)]);
    case 2:
      // Its length, which ends where it should not.
      return Buffer.concat([packet.subarray(0, 1), dice.bytes(4), packet.subarray(1)]);
    default:
      return Buffer.from(packet.map((byte, index) => (index === at ? byte ^ bit : byte)));
  }
}
