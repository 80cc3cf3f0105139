import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalHub } from "../../../../local/hub/hub.ts";
import { aConfiguration, openHub, type HubFixture } from "../hub-fixture.ts";
import { aSasToken } from "../raw-connect.ts";
import { createDice, type Dice } from "./dice.ts";
import { countNodes, damaged, mutated } from "./hostile-json.ts";
import { bodiesFor } from "./service-bodies.ts";
import { SEED, SOAK } from "./soak.ts";

const MUTATIONS_PER_NODE = 5 * SOAK;
const RANDOM_REQUESTS = 1000 * SOAK;
const AT_ONCE = 8;
/** Longest that any request may take, on a machine busy with other tests. */
const MOST_MS = 10_000;
/** Nobody needs a longer explanation, however long the request was. */
const LONGEST_REFUSAL = 20_000;

interface Attack {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}
interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

let fixture: HubFixture;
let agent: Agent;
beforeAll(async () => {
  fixture = await openHub();
  agent = new Agent({ ca: fixture.hub.caPem, keepAlive: true, maxSockets: AT_ONCE });
  const { registry, hub } = fixture;
  hub.createDevice({ deviceId: "control", tags: { site: "lab" } });
  await registry.updateTwin("control", { properties: { desired: { a: { b: 1 } } } }, "*");
  await registry.addConfiguration(aConfiguration("c1", { targetCondition: "tags.site = 'nowhere'" }));
});
afterAll(async () => {
  agent.destroy();
  await fixture[Symbol.asyncDispose]();
});

function tokenOf(hub: LocalHub): string {
  return aSasToken({ key: hub.serviceKey, resource: hub.hostName, policy: "iothubowner" });
}

async function send(attack: Attack, retries = 2): Promise<Answer> {
  const { method, path, headers, body } = attack;
  // The name of the certificate, whatever an attack has for Host.
  const to = { host: "localhost", port: fixture.hub.httpsPort, servername: "localhost", agent };
  // Stated, or Node would send the body of a GET that has an Expect without any framing.
  const framed = { ...headers, "content-length": String(body.length) };
  const call = request({ ...to, method, path, headers: framed });
  call.setTimeout(MOST_MS, () => call.destroy(new Error(`no answer within ${MOST_MS} ms`)));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    call.once("response", resolve).once("error", reject).end(body);
  });
  try {
    const response = await answered;
    return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
  } catch (error) {
    // A kept connection that the hub was just closing, as it does after what it did not read to the end.
    if (retries > 0 && /ECONNRESET|EPIPE|hang up/u.test(String(error))) return send(attack, retries - 1);
    throw error;
  }
}

/** Of a bulk call, with an error for each item that failed [facts 4.1]. */
const BULK_FAILURE = /^\{"isSuccessful":false,"errors":\[\{"deviceId":"[^]*"warnings":\[[^]*\]\}$/u;
/** Of a method that no device took [facts 2.7]. */
const NO_ANSWER_FROM_DEVICE =
  /^\{"Message":"\{\\"errorCode\\":(?:404103|504101),[^]*\}","ExceptionMessage":""\}$/u;

/** What is wrong with an answer; undefined when nothing is. */
function faultOf(attack: Attack, { status, headers, text: body }: Answer): string | undefined {
  const code = headers["iothub-errorcode"];
  if (status >= 500 && !(status === 501 && code === "NotImplemented")) return `a status of ${status}`;
  if (status < 300 || attack.method === "HEAD") return undefined;
  if (BULK_FAILURE.test(body) && status === 400 && /^\/devices\/?\?/u.test(attack.path)) return undefined;
  if (NO_ANSWER_FROM_DEVICE.test(body) && (status === 404 || status === 504)) return undefined;
  if (body.length > LONGEST_REFUSAL) return `a refusal of ${body.length} characters`;
  const form =
    /^\{"Message":"ErrorCode:(\w+);[^;]*","ExceptionMessage":"Tracking ID:[0-9a-f]{32}-G:\d+-TimeStamp:\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d"\}$/u;
  if (form.exec(body)?.[1] !== code || code === undefined) return `not the form of an error: ${body}`;
  if (headers["content-type"] !== "application/json; charset=utf-8") return "not the type of JSON";
  return undefined;
}

/** Run all attacks, some at the same time; the first fault ends it with the attack that found it. */
async function run(attacks: Iterable<Attack>): Promise<{ readonly sent: number; readonly accepted: number }> {
  const rest = Iterator.from(attacks);
  let [sent, accepted] = [0, 0];
  const lane = async (): Promise<void> => {
    for (const attack of rest) {
      const answer = await send(attack).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${shown(attack)}`);
      });
      const fault = faultOf(attack, answer);
      if (fault !== undefined) throw new Error(`${fault} (${answer.text.slice(0, 300)}): ${shown(attack)}`);
      sent += 1;
      if (answer.status < 300) accepted += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { sent, accepted };
}

function shown({ method, path, headers, body }: Attack): string {
  const rest = { ...headers, authorization: undefined };
  const said =
    body.length > 500 ? `${body.toString("latin1", 0, 500)}… (${body.length})` : body.toString("latin1");
  return `${method} ${path.slice(0, 300)} ${JSON.stringify(rest)} ${JSON.stringify(said)}`;
}

/** Everything about the device that nobody attacks, and that the hub is still itself. */
async function controlOf({ hub }: HubFixture): Promise<string> {
  const headers = { authorization: tokenOf(hub) };
  const paths = ["/twins/control", "/devices/control", "/configurations/c1"];
  const answers = await Promise.all(
    paths.map((path) =>
      send({ method: "GET", path: `${path}?api-version=1`, headers, body: Buffer.alloc(0) }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  return answers.map(({ headers: { etag }, text: body }) => `${etag ?? ""} ${body}`).join("\n");
}

async function survives(attacks: (hub: LocalHub) => Iterable<Attack>): Promise<void> {
  const before = await controlOf(fixture);
  const { sent, accepted } = await run(attacks(fixture.hub));
  // Attacks that nobody takes reach nothing of the hub.
  expect(accepted / sent).toBeGreaterThan(0.02);
  expect(await controlOf(fixture)).toBe(before);
  expect(Object.prototype).not.toHaveProperty("polluted");
  const { registry } = fixture;
  await registry.create({ deviceId: `after-${sent}` });
  await registry.updateTwin(`after-${sent}`, { tags: { a: 1 } }, "*");
}

const IDS: readonly [string, ...string[]] = [
  "target-1",
  ...["target-1", "target-1", "target-2", "__proto__", "constructor", "toString", "..", ".", "*", "$", "%00"],
  ...[
    "%ff",
    "%zz",
    "%",
    "%2e%2e",
    "a%2Fb",
    "target-1%2Fm1",
    "%F0%9F%98%80",
    "x".repeat(129),
    "x".repeat(500),
  ],
  ...["query", "%20", "a;b", "a%3Bb", "devices", "%25", "%2525", "Target-1"],
];

function addressOf(path: string, dice: Dice): string {
  const address = path.replaceAll(/:\w+/gu, () => dice.pick(IDS));
  const options = dice.pick([
    ...(["?api-version=2021-04-12", "?api-version=2021-04-12&top=2"] as const),
    ...[
      "",
      "?",
      "?api-version=",
      "?api-version=1&api-version=2",
      "?api-version[]=1",
      "?__proto__=1&api-version=1",
    ],
    ...[
      "?api-version=1&top=0",
      "?api-version=1&top=1&top=2",
      "?api-version=%ff",
      `?api-version=1&${"a=1&".repeat(2000)}`,
    ],
    ...[
      "?api-version=1&top=1e9",
      "?api-version=1&top=%00",
      "?api-version=1;top=1",
      "?api-version=1#x",
      "//?api-version=1",
    ],
  ]);
  return `${address}${dice.chance(0.7) ? "?api-version=2021-04-12" : options}`;
}

function headersOf(hub: LocalHub, dice: Dice): Record<string, string | string[]> {
  const good = tokenOf(hub);
  const at = dice.below(good.length);
  const authorization = dice.chance(0.8)
    ? good
    : dice.pick([
        ...([
          "",
          "Bearer",
          "Bearer a.b.c",
          "SharedAccessSignature",
          "SharedAccessSignature sr=&sig=&se=",
        ] as const),
        good.slice(0, at) + dice.pick(["%", "&", "\u00ff", "x"]) + good.slice(at + 1),
        good.repeat(20),
        aSasToken({ key: hub.serviceKey, resource: hub.hostName, policy: "__proto__" }),
        aSasToken({ key: hub.policies.device.primaryKey, resource: hub.hostName, policy: "device" }),
      ]);
  const headers: Record<string, string | string[]> = authorization === "" ? {} : { authorization };
  const more: readonly [string, ...(readonly string[])][] = [
    ["if-match", "*", '"*"', '"MQ=="', "MQ==", '"', '""', '"a", "b"', 'W/"a"', "\u00ff", "x".repeat(5000)],
    [
      "content-type",
      "application/json",
      "text/plain",
      "",
      "application/json; charset=utf-16",
      "multipart/form-data",
    ],
    ["content-encoding", "gzip", "br", "identity", "x"],
    ["x-ms-max-item-count", "1", "0", "-1", "1e9", "NaN", "\u00ff", "9".repeat(300)],
    ["x-ms-continuation", "e30", "x", Buffer.from('{"query":"x","next":1,"given":1}').toString("base64url")],
    ["expect", "100-continue", "200-ok", ""],
    ["x-http-method-override", "DELETE"],
    ["accept", "text/html", "*/*;q=0"],
    ["host", "", "[", "a b", "evil.example", "localhost:99999"],
    ["cookie", "a=1", "x".repeat(8000)],
  ];
  for (const [name, ...values] of more) {
    const [first = "", ...others] = values;
    if (!dice.chance(0.15)) continue;
    const value = dice.pick([first, ...others]);
    headers[name] = dice.chance(0.1) && name !== "host" ? [value, value] : value;
  }
  return headers;
}

function* mutatedAtEveryNode(hub: LocalHub, dice: Dice): Generator<Attack> {
  for (const route of hub.routes) {
    for (const body of bodiesFor(route)) {
      for (let node = 0; node < countNodes(body); node++) {
        for (let round = 0; round < MUTATIONS_PER_NODE; round++) {
          const address = route.path.replaceAll(/:\w+/gu, "target-1");
          yield {
            method: route.method,
            path: `${address}?api-version=2021-04-12`,
            headers: { authorization: tokenOf(hub), ...(dice.chance(0.5) ? { "if-match": '"*"' } : {}) },
            body: body === undefined ? Buffer.alloc(0) : Buffer.from(mutated(body, node, dice)),
          };
        }
      }
    }
  }
}

function* atRandom(hub: LocalHub, dice: Dice): Generator<Attack> {
  const others = [...hub.routes, { method: "GET", path: "/x/:id" }];
  for (let round = 0; round < RANDOM_REQUESTS; round++) {
    const route = dice.pick([{ method: "GET", path: "/healthz" }, ...others]);
    const method = dice.chance(0.9)
      ? route.method
      : dice.pick([
          "HEAD",
          "OPTIONS",
          "TRACE",
          "PUT",
          "PATCH",
          "DELETE",
          "POST",
          "PROPFIND",
          "QUERY",
          "SOURCE",
        ]);
    const [body, ...more] = bodiesFor(route);
    const chosen = dice.pick([body, ...more]);
    const written = chosen === undefined ? "" : JSON.stringify(chosen);
    yield {
      method,
      path: addressOf(route.path, dice),
      headers: headersOf(hub, dice),
      body: dice.chance(0.01) ? Buffer.alloc(600 * 1024, 0x20) : damaged(written, dice),
    };
  }
}

describe(`the service API, attacked with seed ${SEED}`, () => {
  it(
    `refuses or takes every valid body of every route, mutated ${MUTATIONS_PER_NODE} times at every node`,
    { timeout: 60_000 * SOAK },
    () => survives((hub) => mutatedAtEveryNode(hub, createDice(SEED))),
  );

  it(
    `answers ${RANDOM_REQUESTS} requests that are wrong in any way, in the service's form`,
    { timeout: 60_000 * SOAK },
    () => survives((hub) => atRandom(hub, createDice(SEED + 1))),
  );
});
