import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { grafana } from "../../../../rollout/adapters/notify/grafana.ts";
import { notifyError } from "../../../../rollout/adapters/notify/post.ts";
import { slack } from "../../../../rollout/adapters/notify/slack.ts";
import { teams } from "../../../../rollout/adapters/notify/teams.ts";
import { signedHeaders, webhook } from "../../../../rollout/adapters/notify/webhook.ts";
import type { Channel } from "../../../../rollout/adapters/notify/channel.ts";
import { createCertificateAuthority, issueServerCertificate } from "../../../../local/hub/certificates.ts";
import { startNumberService, type NumberService } from "../../../support/number-service.ts";
import { aNotice } from "./a-notice.ts";
import { receive, WEBHOOK_KEY, type checkBody } from "./strict-receivers.ts";

type Kind = keyof typeof checkBody;
const KINDS = ["webhook", "slack", "teams", "grafana"] as const satisfies readonly Kind[];
const PATH = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";
const NEVER = new AbortController().signal;

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A channel whose secrets stand in the environment. */
function channelTo(kind: Kind, url: string, ca?: string): Channel {
  vi.stubEnv("ADDRESS", url + PATH);
  vi.stubEnv("KEY", WEBHOOK_KEY);
  vi.stubEnv("TOKEN", "glsa_token");
  const [address, key] = [{ variable: "ADDRESS" }, { variable: "KEY" }];
  switch (kind) {
    case "webhook":
      return webhook({ name: "c", url: address, secret: key, ca });
    case "slack":
      return slack({ name: "c", url: address, ca });
    case "teams":
      return teams({ name: "c", url: address, ca });
    case "grafana":
      return grafana({ name: "c", url, token: { variable: "TOKEN" }, ca });
  }
}

async function failureOf(channel: Channel, signal = NEVER): Promise<ReturnType<typeof notifyError>> {
  const error: unknown = await channel.send(aNotice(), signal).then(
    () => new Error("it was taken"),
    (reason: unknown) => reason,
  );
  return notifyError(error, undefined);
}

describe.each(KINDS)("a %s channel", (kind) => {
  it("sends what its receiver takes, over TLS by an authority of one's own too", async () => {
    const authority = await createCertificateAuthority();
    const certificate = await issueServerCertificate(authority, ["127.0.0.1"]);
    for (const tls of [undefined, certificate]) {
      await using service = await startNumberService((asked) => receive(kind, asked), tls);
      await channelTo(kind, service.url, tls === undefined ? undefined : authority.certPem).send(
        aNotice(),
        NEVER,
      );
      expect(service.asked).toHaveLength(1);
      expect(service.asked[0]?.headers["user-agent"] ?? "").not.toContain("node");
    }
  });

  it("tells apart a message that is refused from a receiver that is not there, and never tells the address", async () => {
    const echo = ({ asked: [asked] }: NumberService): string =>
      `no ${asked?.path ?? ""} here for ${asked?.headers.authorization ?? "you"}`;
    for (const [status, code] of [
      [400, "NOTIFY_REFUSED"],
      [404, "NOTIFY_FAILED"],
      [403, "NOTIFY_FAILED"],
      [302, "NOTIFY_FAILED"],
      [500, "NOTIFY_FAILED"],
    ] as const) {
      await using service: NumberService = await startNumberService(() => ({ status, body: echo(service) }));
      const error = await failureOf(channelTo(kind, service.url));
      expect(error).toMatchObject({ code, message: expect.stringContaining("127.0.0.1") as string });
      expect(inspect(error, { depth: 9 })).not.toMatch(/XXXXXXXX|T00000000|glsa_token|whsec_/);
    }
  }, 30_000);

  it("ends with its time", async () => {
    await using service = await startNumberService(() => "never");
    const ends = new AbortController();
    const failing = failureOf(channelTo(kind, service.url), ends.signal);
    await expect.poll(() => service.asked.length).toBe(1);
    ends.abort();
    expect((await failing).code).toBe("NOTIFY_FAILED");
  });

  it("says which place is empty or wrong, not what is in it", async () => {
    const channel = channelTo(kind, "http://127.0.0.1:9");
    for (const name of ["ADDRESS", "KEY", "TOKEN"]) vi.stubEnv(name, "");
    expect((await failureOf(channel)).message).toMatch(/in the variable (ADDRESS|KEY|TOKEN)/);
    if (kind === "grafana") return;
    vi.stubEnv("ADDRESS", "http://hooks.example.com/secret-part");
    expect((await failureOf(channel)).message).toBe("the variable ADDRESS holds no https address");
  });
});

describe("a webhook's signature", () => {
  it("is that of the specification's own example", () => {
    const key = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
    const headers = signedHeaders({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      body: '{"test": 2432232314}',
      key,
      atMs: 1_614_265_330_000,
    });
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("is made by a key of the documented form only", async () => {
    const channel = channelTo("webhook", "http://127.0.0.1:9");
    for (const text of ["hunter2", "whsec_c2hvcnQ=", WEBHOOK_KEY.slice(6)]) {
      vi.stubEnv("KEY", text);
      const { message } = await failureOf(channel);
      expect(message).toMatch(/signing secret is none/);
      expect(message).not.toContain(text);
    }
  });
});
