import { describe, expect, it } from "vitest";
import type { Wanted } from "../../../../rollout/cli/dashboard/act.ts";
import { dashboardApp, type Dashboard } from "../../../../rollout/cli/dashboard/app.ts";
import type { Feed, Shown } from "../../../../rollout/cli/dashboard/feed.ts";
import { WavegateError } from "../../../../rollout/model/problem.ts";
import { secret } from "../../../../rollout/model/secret.ts";

const TOKEN = "a-token-that-is-long-enough-for-a-test";
const HOST = "127.0.0.1:4280";
const SHOWN: Shown = {
  version: 1,
  at: 0,
  products: [{ product: "thermostat", rollouts: [], decisions: [] }],
  news: [],
};

interface Trial {
  readonly app: ReturnType<typeof dashboardApp>;
  readonly acted: Wanted[];
  readonly looks: () => number;
}

function aDashboard(
  more: Partial<Dashboard["guard"]> = {},
  act?: Dashboard["act"] | "none",
  moreOfFeed: Partial<Feed> = {},
): Trial {
  const acted: Wanted[] = [];
  let looks = 0;
  const feed: Feed = {
    current: () => Promise.resolve(SHOWN),
    subscribe: () => () => undefined,
    lookSoon: () => (looks += 1),
    run: () => Promise.resolve(),
    ...moreOfFeed,
  };
  const guard = { token: secret(TOKEN), isReadProtected: false, hosts: () => [HOST], ...more };
  const doIt = (wanted: Wanted): Promise<{ text: string; isWhole: boolean }> => {
    acted.push(wanted);
    return Promise.resolve({ text: "done", isWhole: true });
  };
  const app = dashboardApp({
    feed,
    guard,
    script: "// none",
    act: act === "none" ? undefined : (act ?? doIt),
  });
  return { app, acted, looks: () => looks };
}

function get(path: string, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request(`http://${HOST}${path}`, { headers: { host: HOST, ...headers } });
}

function post(
  action: string,
  headers: Readonly<Record<string, string>> = {},
  body: unknown = { reason: "x" },
): Request {
  return new Request(`http://${HOST}/api/products/thermostat/${action}`, {
    method: "POST",
    headers: {
      host: HOST,
      origin: `http://${HOST}`,
      authorization: `Bearer ${TOKEN}`,
      "x-wavegate": "1",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

describe("the dashboard's door", () => {
  it("lets nobody act without the token, from another site, or by a name that is not ours", async () => {
    const { app, acted } = aDashboard();
    const refused: readonly (readonly [Request, number])[] = [
      [post("hold", { authorization: "" }), 401],
      [post("hold", { authorization: `Bearer ${TOKEN}x` }), 401],
      [post("hold", { authorization: TOKEN }), 401],
      [post("hold", { origin: "http://evil.example" }), 403],
      [post("hold", { origin: "null" }), 403],
      [post("hold", { "sec-fetch-site": "cross-site" }), 403],
      [post("hold", { "x-wavegate": undefined as unknown as string }), 403],
      [post("hold", { host: "evil.example:4280", origin: "http://evil.example:4280" }), 421],
    ];
    for (const [request, status] of refused) {
      if (status === 403 && request.headers.get("x-wavegate") === "undefined")
        request.headers.delete("x-wavegate");
      const answer = await app.request(request);
      expect({ status: answer.status, url: request.headers.get("origin") }).toMatchObject({ status });
      expect(await answer.text()).not.toContain(TOKEN);
    }
    expect(acted).toEqual([]);
  });

  it("lets nobody read by a rebound name, and with a protected door nobody without the token", async () => {
    const { app } = aDashboard();
    expect((await app.request(get("/api/products", { host: "rebound.example" }))).status).toBe(421);
    expect((await app.request(get("/api/products", { "sec-fetch-site": "cross-site" }))).status).toBe(403);
    expect((await app.request(get("/api/products"))).status).toBe(200);
    const { app: closed } = aDashboard({ isReadProtected: true, hosts: undefined });
    for (const path of ["/api/products", "/api/products/thermostat", "/api/events"])
      expect((await closed.request(get(path))).status).toBe(401);
    expect((await closed.request(get("/"))).status).toBe(200);
    expect((await closed.request(get("/api/products", { authorization: `Bearer ${TOKEN}` }))).status).toBe(
      200,
    );
  });

  it("gives every answer a policy under which nothing foreign runs, and lets nobody keep or frame it", async () => {
    const { app } = aDashboard();
    for (const path of ["/", "/api/products", "/nowhere"]) {
      const { headers } = await app.request(get(path));
      expect(headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; style-src 'sha256-.*connect-src 'self'/,
      );
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("the stream", () => {
  it("begins with everything that is known, and then tells only what is another than it was", async () => {
    let tell: (shown: Shown) => void = () => undefined;
    const { app } = aDashboard({}, undefined, {
      subscribe: (onChange) => ((tell = onChange), () => undefined),
    });
    const answer = await app.request(get("/api/events"));
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<unknown> => {
      const { value = "" } = await reader.read();
      return JSON.parse(/^event: page\ndata: (.*)$/m.exec(value)?.[1] ?? "null") as unknown;
    };
    expect(await next()).toMatchObject({
      at: 0,
      news: [],
      products: [{ product: "thermostat" }],
      all: ["thermostat"],
    });
    tell({ ...SHOWN, version: 2, at: 60_000, news: ["thermostat: hold 1.1.0: x"] });
    expect(await next()).toMatchObject({ at: 60_000, news: ["thermostat: hold 1.1.0: x"], products: [] });
    await reader.cancel();
  });
});

describe("acting from the dashboard", () => {
  it("does what was asked, with its reason, and looks again soon", async () => {
    const { app, acted, looks } = aDashboard();
    const answer = await app.request(post("abort", {}, { reason: " smells " }));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ schemaVersion: 1, text: "done", isWhole: true });
    expect(acted).toEqual([{ action: "abort", product: "thermostat", reason: "smells" }]);
    expect(looks()).toBe(1);
  });

  it("wants a reason for all but an approval, and knows no other action", async () => {
    const { app, acted } = aDashboard();
    for (const action of ["hold", "resume", "abort"])
      expect((await app.request(post(action, {}, { reason: "  " }))).status).toBe(400);
    expect((await app.request(post("hold", {}, "no object"))).status).toBe(400);
    expect((await app.request(post("override"))).status).toBe(404);
    expect((await app.request(post("hold", {}, { reason: "x".repeat(9_000) }))).status).toBe(413);
    expect(acted).toEqual([]);
    expect((await app.request(post("approve", {}, {}))).status).toBe(200);
  });

  it("hands the command's own error on, with its hint", async () => {
    const { app } = aDashboard({}, () =>
      Promise.reject(
        new WavegateError("NOTHING_TO_STOP", "thermostat has no release under way", {
          hint: "wavegate status",
        }),
      ),
    );
    const answer = await app.request(post("hold"));
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      error: { code: "NOTHING_TO_STOP", hint: "wavegate status" },
    });
  });

  it("is not there in a dashboard that is read-only", async () => {
    const { app } = aDashboard({ token: undefined }, "none");
    expect((await app.request(post("hold"))).status).toBe(401);
    expect(await (await app.request(get("/"))).text()).toContain("Read only");
  });
});
