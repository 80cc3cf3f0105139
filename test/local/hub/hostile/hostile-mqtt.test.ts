import { once } from "node:events";
import { generate } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { openHub, type HubFixture } from "../hub-fixture.ts";
import { aConnect, connectRaw } from "../raw-connect.ts";
import { aPublish, connectRawDevice } from "../raw-device.ts";
import { openRawMqttOverWebSocket, type RawMqtt } from "../raw-mqtt.ts";
import { createDice, type Dice } from "./dice.ts";
import { attack, ATTACKER, MARKER, VICTIM } from "./mqtt-attacks.ts";
import { openTls, sayAtOnce } from "./raw-tls.ts";
import { SEED, SOAK } from "./soak.ts";
import { within } from "./within.ts";

const ATTACKS = 400 * SOAK;
const WEB_SOCKET_ATTACKS = 150 * SOAK;
const FLOOD = 20_000;
const AT_ONCE = 8;
const SECRET = "MARK-OF-THE-VICTIM";
const FILTERS = [
  "$iothub/twin/res/#",
  "$iothub/twin/PATCH/properties/desired/#",
  "$iothub/methods/POST/#",
  `devices/${VICTIM}/messages/devicebound/#`,
];

/** A connection that says its piece, and the bytes it got back. */
type Say = (fixture: HubFixture, bytes: Buffer, dice: Dice) => Promise<string>;

const overTls: Say = async ({ hub }, bytes, dice) => {
  using connection = await openTls(hub, hub.mqttPort);
  const at = dice.below(bytes.length + 1);
  connection.socket.write(bytes.subarray(0, at));
  if (dice.chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
  connection.socket.end(bytes.subarray(at));
  await within(connection.closed, shown(bytes));
  return connection.heard();
};

const overWebSocket: Say = async ({ hub }, bytes, dice) => {
  await using raw = await openRawMqttOverWebSocket(hub);
  const { webSocket } = raw;
  const closed = once(webSocket, "close");
  const heard: Buffer[] = [];
  webSocket.on("message", (data) => heard.push(Buffer.from(data as Buffer))); // the default type of binary data
  // Packets in any frames: several in one, or one in several.
  for (let at = 0; at < bytes.length;) {
    const size = dice.chance(0.5) ? bytes.length : 1 + dice.below(60);
    webSocket.send(bytes.subarray(at, at + size), { binary: !dice.chance(0.01) });
    at += size;
  }
  if (dice.chance(0.1)) webSocket.ping(dice.bytes(100));
  webSocket.close();
  await within(closed, shown(bytes));
  return Buffer.concat(heard).toString("latin1");
};

function shown(bytes: Buffer): string {
  return bytes.toString("hex").slice(0, 4000);
}

/** Two devices, of which one attacks; whatever it does, the other one knows nothing of it, nor it of the other. */
async function attackAll(count: number, say: Say, dice: Dice): Promise<void> {
  await using fixture = await openHub();
  const { hub, registry } = fixture;
  hub.createDevice({ deviceId: ATTACKER });
  hub.createDevice({ deviceId: VICTIM, tags: { secret: SECRET } });
  await using victim = await connectRawDevice(hub, VICTIM);
  victim.send({ cmd: "subscribe", messageId: 1, subscriptions: FILTERS.map((topic) => ({ topic, qos: 1 })) });
  await victim.receive("suback");
  let patches = 0;
  const stir = async (): Promise<void> => {
    patches += 1;
    await registry.updateTwin(VICTIM, { properties: { desired: { secret: `${SECRET} ${patches}` } } }, "*");
    const patch = await victim.receive("publish");
    expect(patch?.topic).toMatch(/^\$iothub\/twin\/PATCH\/properties\/desired\//u);
    expect(String(patch?.payload)).toContain(`${SECRET} ${patches}"`);
  };
  await stir();
  const reported = JSON.stringify({ secret: SECRET });
  victim.send(aPublish("$iothub/twin/PATCH/properties/reported/?$rid=1", { payload: reported }));
  await victim.receive("publish");

  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const bytes = attack(hub, dice);
      const heard = await say(fixture, bytes, dice);
      if (heard.includes(SECRET))
        throw new Error(`the attacker heard the victim by ${bytes.toString("hex")}`);
      if (left % 20 === 0)
        await registry.updateTwin(ATTACKER, { properties: { desired: { mark: MARKER } } }, "*");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));

  // The victim has heard nothing but its own, is connected all the time, and its twin is as it was left.
  expect(victim.pending).toEqual([]);
  await stir();
  expect(await twinOf(victim)).toEqual({
    desired: { secret: `${SECRET} 2`, $version: 3 },
    reported: { secret: SECRET, $version: 2 },
  });
  expect(JSON.stringify((await registry.getTwin(VICTIM)).responseBody)).not.toContain(MARKER);
  expect(Object.prototype).not.toHaveProperty("polluted");
  // The attacker is no worse off than before.
  const { raw, code } = await connectRaw(hub, ATTACKER, { clean: true });
  expect(code).toBe(0);
  await twinOf(raw);
  await raw[Symbol.asyncDispose]();
}

async function twinOf(device: RawMqtt): Promise<unknown> {
  device.send({ cmd: "subscribe", messageId: 9, subscriptions: [{ topic: "$iothub/twin/res/#", qos: 0 }] });
  await device.receive("suback");
  device.send(aPublish("$iothub/twin/GET/?$rid=99"));
  const answer = await device.receive("publish");
  return JSON.parse(String(answer?.payload)) as unknown;
}

describe(`the device API, attacked with seed ${SEED}`, () => {
  it(
    `survives ${ATTACKS} connections of damaged, misplaced and hostile packets, and tells no device of another`,
    { timeout: 60_000 * SOAK },
    () => attackAll(ATTACKS, overTls, createDice(SEED)),
  );

  it(`survives ${WEB_SOCKET_ATTACKS} of them in WebSocket frames`, { timeout: 60_000 * SOAK }, () =>
    attackAll(WEB_SOCKET_ATTACKS, overWebSocket, createDice(SEED + 1)),
  );

  it("does nothing for who goes on before CONNECT is answered, with or without credentials", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: ATTACKER });
    const early = [
      generate(aPublish("$iothub/twin/GET/?$rid=1")),
      generate(aPublish("devices/null/messages/events/", { payload: MARKER })),
      generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "$iothub/twin/res/#", qos: 0 }] }),
    ];
    for (const forged of [{ key: Buffer.alloc(32).toString("base64") }, { as: "null" }]) {
      for (const packet of early) {
        const greeting = generate(aConnect(hub, ATTACKER, forged));
        using connection = await sayAtOnce(hub, hub.mqttPort, [greeting, packet]);
        await connection.closed;
        // CONNACK 5 or nothing, and nothing after it.
        expect(["", "\u0020\u0002\u0000\u0005"]).toContain(connection.heard());
      }
    }
    expect(hub.calls().devices).toMatchObject({ messages: 0, twinReads: 0 });
  });

  it("answers a flood of pings and requests of a device that does not read, once it reads", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: ATTACKER });
    hub.createDevice({ deviceId: VICTIM });
    using attacker = await openTls(hub, hub.mqttPort);
    attacker.socket.write(generate(aConnect(hub, ATTACKER)));
    await once(attacker.socket, "data");
    attacker.socket.pause();
    const ping = Buffer.concat(Array.from({ length: FLOOD }, () => generate({ cmd: "pingreq" })));
    const get = generate(aPublish("$iothub/twin/GET/?$rid=1"));
    attacker.socket.write(ping);
    attacker.socket.write(Buffer.concat(Array.from({ length: FLOOD }, () => get)));
    // Meanwhile others are served.
    await using victim = await connectRawDevice(hub, VICTIM);
    expect(await twinOf(victim)).toMatchObject({ desired: { $version: 1 } });
    attacker.socket.resume();
    const last = "$iothub/twin/GET/?$rid=last";
    attacker.socket.write(generate(aPublish(last)));
    await expect.poll(() => attacker.heard().includes("$rid=last"), { timeout: 20_000 }).toBe(true);
    expect(attacker.heard().match(/\$iothub\/twin\/res\/200\/\?\$rid=1(?!\d)/gu)).toHaveLength(FLOOD);
  });

  it("refuses 10,000 subscriptions in one packet and in many, and keeps none of them", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: ATTACKER });
    await using raw = await connectRawDevice(hub, ATTACKER);
    const filters = Array.from(
      { length: 10_000 },
      (_, index) => ({ topic: `f/${index}/#`, qos: 0 }) as const,
    );
    raw.send({ cmd: "subscribe", messageId: 1, subscriptions: filters });
    const granted = (await raw.receive("suback"))?.granted;
    expect(new Set(granted)).toEqual(new Set([128]));
    for (const filter of filters.slice(0, 2000))
      raw.send({ cmd: "subscribe", messageId: 2, subscriptions: [filter] });
    for (let index = 0; index < 2000; index++) await raw.receive("suback");
    expect(await twinOf(raw)).toMatchObject({ desired: { $version: 1 } });
  });
});
