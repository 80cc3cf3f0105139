import { describe, expect, it } from "vitest";
import type { LocalHub } from "../../../../local/hub/hub.ts";
import { openHub, type HubFixture } from "../hub-fixture.ts";
import { aSasToken, connectRaw } from "../raw-connect.ts";
import { createDice, type Dice } from "./dice.ts";
import { openTcp, openTls, type RawConnection } from "./raw-tls.ts";
import { SEED, SOAK } from "./soak.ts";
import { within } from "./within.ts";

const GARBAGE = 200 * SOAK;
const FRAMINGS = 150 * SOAK;
const HALF_OPEN = 3000;
const SHORT_MS = 300;

/** Both APIs still serve who comes in the proper way. */
async function stillServes({ hub, registry }: HubFixture, deviceId: string): Promise<void> {
  await registry.create({ deviceId });
  const { raw, code } = await connectRaw(hub, deviceId);
  expect(code).toBe(0);
  await raw[Symbol.asyncDispose]();
}

describe(`the ports of the hub, attacked with seed ${SEED}`, () => {
  it(
    `close on each of ${GARBAGE} connections that begin with garbage instead of TLS`,
    { timeout: 60_000 * SOAK },
    async () => {
      await using fixture = await openHub({ patienceMs: SHORT_MS });
      const dice = createDice(SEED);
      const hello = Buffer.from("16030100c8010000c40303", "hex");
      const attack = async (): Promise<void> => {
        using connection = await openTcp(dice.pick([fixture.hub.httpsPort, fixture.hub.mqttPort]));
        const garbage = dice.pick([
          dice.bytes(1 + dice.below(400)),
          Buffer.concat([hello, dice.bytes(dice.below(300))]),
          Buffer.from("GET /twins/d1?api-version=1 HTTP/1.1\r\nHost: x\r\n\r\n"),
          Buffer.from("101600044d5154540402003c000a", "hex"),
          Buffer.alloc(0),
          Buffer.alloc(70_000, 0x16),
        ]);
        connection.socket.write(garbage);
        if (dice.chance(0.5)) connection.socket.end();
        await within(connection.closed, `garbage ${garbage.toString("hex", 0, 100)}`);
      };
      for (let round = 0; round < GARBAGE; round += 50) {
        await Promise.all(Array.from({ length: 50 }, attack));
      }
      await stillServes(fixture, "after");
    },
  );

  it(`holds at most maxHandshakes of ${HALF_OPEN} half-open connections, and lets devices in meanwhile`, async () => {
    await using fixture = await openHub({ maxHandshakes: 50 });
    const { hub } = fixture;
    const halfOpen: RawConnection[] = [];
    let closed = 0;
    for (const port of [hub.mqttPort, hub.httpsPort]) {
      for (let index = 0; index < HALF_OPEN / 2; index++) {
        const connection = await openTcp(port);
        void connection.closed.then(() => (closed += 1));
        halfOpen.push(connection);
      }
    }
    await stillServes(fixture, "meanwhile");
    await within(
      Promise.all([...halfOpen.slice(0, 1400), ...halfOpen.slice(1500, 2900)].map((one) => one.closed)),
      "cutting the oldest",
    );
    expect(closed).toBeGreaterThanOrEqual(HALF_OPEN - 2 * 50);
    expect(closed).toBeLessThan(HALF_OPEN);
    for (const connection of halfOpen) connection[Symbol.dispose]();
  });

  it("close with the hub, however many connections are in the middle of their handshake", async () => {
    const { hub } = await openHub();
    const halfOpen = await Promise.all([hub.mqttPort, hub.httpsPort, hub.mqttPort].map(openTcp));
    halfOpen[2]?.socket.write(Buffer.from("16030100c8010000c40303", "hex"));
    await hub.close();
    await Promise.all(halfOpen.map(({ closed }) => closed));
  });

  it.each([
    ["TLS and then nothing, on the port of MQTT", "mqtt", ""],
    ["TLS and then half a CONNECT", "mqtt", "\u0010\u0040\u0000\u0004MQ"],
    ["TLS and then nothing, on the port of HTTPS", "https", ""],
    ["the headers of a request that never end", "https", "GET /twins/d1 HTTP/1.1\r\nHost: x\r\nX-Slow: "],
    [
      "the body of a request that never ends",
      "https",
      "POST /devices/query?api-version=1 HTTP/1.1\r\nHost: x\r\nAuthorization: TOKEN\r\nContent-Length: 90000\r\n\r\n{",
    ],
  ] as const)("gives up on %s, drop by drop, when its patience is over", async (_what, port, text) => {
    await using fixture = await openHub({ patienceMs: SHORT_MS });
    const { hub } = fixture;
    using connection = await openTls(hub, port === "mqtt" ? hub.mqttPort : hub.httpsPort);
    connection.socket.write(text.replace("TOKEN", tokenOf(hub)), "latin1");
    const drip = text === "" ? undefined : setInterval(() => connection.socket.write("x"), 50);
    await within(connection.closed, "a slow client").finally(() => {
      clearInterval(drip);
    });
    if (port === "https" && text !== "")
      expect(connection.heard()).toMatch(/^HTTP\/1\.1 408 .*iothub-errorcode: /su);
  });

  it("gives up on a WebSocket that never says CONNECT when its patience is over", async () => {
    await using fixture = await openHub({ patienceMs: SHORT_MS });
    using connection = await openTls(fixture.hub, fixture.hub.httpsPort);
    connection.socket.write(
      "GET /$iothub/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
    );
    await within(connection.closed, "a silent WebSocket");
    expect(connection.heard()).toMatch(/^HTTP\/1\.1 101 /u);
  });

  it(
    `never executes a request hidden in any of ${FRAMINGS} that are framed ambiguously`,
    { timeout: 60_000 * SOAK },
    async () => {
      await using fixture = await openHub({ patienceMs: SHORT_MS });
      const { hub, registry } = fixture;
      const dice = createDice(SEED + 1);
      for (let round = 0; round < FRAMINGS; round++) {
        using connection = await openTls(hub, hub.httpsPort);
        const bytes = ambiguous(hub, dice);
        connection.socket.write(bytes, "latin1");
        // Who has nothing more to say is answered and let go.
        connection.socket.end();
        await within(connection.closed, `the request ${JSON.stringify(bytes.slice(0, 600))}`);
        const statuses = connection.heard().match(/HTTP\/1\.1 \d{3}/gu) ?? [];
        expect(statuses.filter((status) => !/ (?:[124]\d\d|501)$/u.test(status))).toEqual([]);
      }
      const ids = ((await registry.list()).responseBody as { deviceId: string }[]).map(
        ({ deviceId }) => deviceId,
      );
      expect(ids).not.toContain("smuggled");
      await stillServes(fixture, "after");
    },
  );
});

function tokenOf(hub: LocalHub): string {
  return aSasToken({ key: hub.serviceKey, resource: hub.hostName, policy: "iothubowner" });
}

/** A request whose end may be seen in two places; between them stands another that nobody may execute. */
function ambiguous(hub: LocalHub, dice: Dice): string {
  const authorization = `Authorization: ${tokenOf(hub)}`;
  const identity = '{"deviceId":"smuggled"}';
  const hidden = [
    "PUT /devices/smuggled?api-version=2021-04-12 HTTP/1.1",
    "Host: x",
    authorization,
    `Content-Length: ${identity.length}`,
    "",
    identity,
  ].join("\r\n");
  const size = hidden.length;
  const framings = [
    ["Transfer-Encoding: chunked", `Content-Length: ${size}`],
    [`Content-Length: ${size}`, "Transfer-Encoding: chunked"],
    [`Content-Length: ${size}`, "Content-Length: 0"],
    ["Content-Length: 0", `Content-Length: ${size}`],
    [`Content-Length: 0, ${size}`],
    [`Content-Length: +${size}`],
    [`Content-Length: -1`],
    [`Content-Length: 0x${size.toString(16)}`],
    [`Content-Length: ${size} ${size}`],
    ["Content-Length: 18446744073709551616"],
    [`Content-Length : ${size}`],
    [`Content-Length:\u000b${size}`],
    ["Transfer-Encoding: xchunked"],
    ["Transfer-Encoding: chunked, identity"],
    ["Transfer-Encoding: identity", `Content-Length: ${size}`],
    ["Transfer-Encoding : chunked"],
    [" Transfer-Encoding: chunked"],
    ["X: y\r\n Transfer-Encoding: chunked"],
    ["Transfer-Encoding:\tchunked", "Transfer-Encoding: identity"],
    [`X: y\nContent-Length: ${size}`],
    [`X: y\rContent-Length: ${size}`],
    [`X: \u0000`, `Content-Length: ${size}`],
    [
      "Upgrade: h2c",
      "Connection: Upgrade, HTTP2-Settings",
      "HTTP2-Settings: AAMAAABkAAQAAP__",
      `Content-Length: ${size}`,
    ],
    Array.from({ length: 3000 }, (_, index) => `X-${index}: y`),
    [`X: ${"y".repeat(20_000)}`],
  ] as const;
  const [first, ...others] = framings;
  const framing = dice.pick<readonly string[]>([first, ...others]);
  const start = dice.pick([
    ...(["POST /devices/query?api-version=1 HTTP/1.1", "GET /twins/d1?api-version=1 HTTP/1.1"] as const),
    ...[
      "PATCH /twins/d1?api-version=1 HTTP/1.0",
      "GET /x HTTP/9.9",
      "GET  /x HTTP/1.1",
      "CONNECT localhost:1 HTTP/1.1",
    ],
    ...[
      "OPTIONS * HTTP/1.1",
      "GET https://evil.example/twins/d1 HTTP/1.1",
      "PRI * HTTP/2.0",
      "\u0000\u0001 / HTTP/1.1",
    ],
  ]);
  const body = dice.pick([
    hidden,
    `${size.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    `${size.toString(16)};x="${"y".repeat(20_000)}"\r\n${hidden}\r\n0\r\n\r\n`,
    `0\r\n${hidden.replaceAll("\r\n", "\r\nX: ")}\r\n\r\n`,
    `ffffffffffffffff\r\n${hidden}`,
    `-1\r\n${hidden}`,
  ]);
  const isPlainlyPipelined = body === hidden && !framing.some((line) => line.includes(`${size}`));
  // Two requests one after the other are no attack: what comes second then is damaged.
  const sent = isPlainlyPipelined || body.startsWith("0") ? body.replace("PUT ", "P\u0000T ") : body;
  return [start, "Host: x", authorization, ...framing, "", sent].join("\r\n");
}
