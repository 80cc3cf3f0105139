import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grafanaBody } from "../../../../rollout/adapters/notify/grafana.ts";
import { slackBody } from "../../../../rollout/adapters/notify/slack.ts";
import { teamsBody } from "../../../../rollout/adapters/notify/teams.ts";
import { webhookBody } from "../../../../rollout/adapters/notify/webhook.ts";
import type { Notice } from "../../../../rollout/model/notice.ts";
import { aNotice } from "./a-notice.ts";
import { checkBody } from "./strict-receivers.ts";

const BODIES: Readonly<Record<keyof typeof checkBody, (notice: Notice) => unknown>> = {
  webhook: webhookBody,
  slack: slackBody,
  teams: teamsBody,
  grafana: (notice) => grafanaBody(notice, undefined),
};
const KINDS = Object.keys(BODIES) as (keyof typeof BODIES)[]; // its own keys

describe.each(KINDS)("what %s is sent", (kind) => {
  const bodyOf = (notice: Notice): string => JSON.stringify(BODIES[kind](notice));

  it("is the documented payload", async () => {
    await expect(`${JSON.stringify(BODIES[kind](aNotice()), undefined, 2)}\n`).toMatchFileSnapshot(
      `golden/${kind}.json`,
    );
    checkBody[kind](bodyOf(aNotice()));
  });

  it("is taken whatever people and devices have written into it", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.constantFrom(
        "<!channel> <@U1> <https://evil.example|x> & *bold* _it_ `code`",
        "</p><script>alert(1)</script><img src=x onerror=alert(1)>",
        "{{DATE(2026-01-01T00:00:00Z,SHORT)}} ${name} [link](https://evil.example) <at>all</at>",
        "\u202Egnp.exe\u202C\u0000\u001B[31m\uD800 line\r\nfeed",
        "",
      ),
      fc.constantFrom("x", "&", "<", "€", "😀", '"', "\\").map((character) => character.repeat(5_000)),
    );
    fc.assert(
      fc.property(
        fc.record({ title: text, reason: text, wave: text, actor: text, release: text, next: text }),
        fc.array(text, { maxLength: 30 }),
        (texts, reasons) => {
          const gate = {
            verdict: "abort",
            guarantee: "smoke",
            reasons: reasons.map((one) => ({ text: `because ${one}` })),
          } as const;
          checkBody[kind](bodyOf(aNotice({ ...texts, title: `t ${texts.title}`, gate, leftOut: 7 })));
        },
      ),
      { numRuns: 20 },
    );
  }, 30_000);

  it("says nothing of what it does not know", () => {
    const { id, severity, at, product, title, reason } = aNotice();
    const body = bodyOf({ id, kind: "abort", severity, at, product, title, reason });
    checkBody[kind](body);
    expect(body).not.toMatch(/undefined|NaN|null"/);
  });
});

describe("texts of others", () => {
  const hostile = aNotice({
    reason: "<!channel> & <https://evil.example|here> *b*",
    link: "https://x.example/a|b>c",
  });

  it("call nobody and lead nowhere in Slack", () => {
    const text = JSON.stringify(slackBody(hostile));
    expect(text).toContain("&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt; *b*");
    expect(text).toContain("<https://x.example/a%7Cb%3Ec|Open>");
  });

  it("are no HTML in Grafana", () => {
    const { text } = grafanaBody({ ...hostile, reason: '<img src=x onerror="a()">' }, "abc") as {
      text: string;
    };
    expect(text).toContain("&lt;img src=x onerror=&quot;a()&quot;&gt;");
    expect(text.match(/<[^>]*>/g)).toEqual(['<a href="https://x.example/a|b&gt;c">', "</a>"]);
  });

  it("are no functions of a card in Teams", () => {
    expect(JSON.stringify(teamsBody(aNotice({ reason: "{{DATE(x)}}" })))).toContain("((DATE(x)))");
  });
});
