import type { Notice, Severity } from "../../model/notice.ts";
import type { Channel } from "./channel.ts";
import { fitted } from "./fitted-text.ts";
import { incomingWebhook, type IncomingWebhook } from "./incoming-webhook.ts";
import { gateLines, leftOutLines, noticeFacts } from "./notice-facts.ts";

/** Longest texts in UTF-16 units, of up to three bytes each: the card stays under the 28 KB that Teams takes. */
const MOST = { title: 200, reason: 1_200, detail: 400, fact: 200 } as const;

/** A Teams channel or chat, by the webhook of a workflow ("Post to a channel when a webhook request is received"). */
export function teams(settings: IncomingWebhook): Channel {
  return incomingWebhook(settings, teamsBody);
}

/**
 * The message: an Adaptive Card. Texts are runs of a RichTextBlock: unlike a TextBlock's they are shown as they are, no
 * Markdown is read into them [Adaptive Cards: TextRun].
 */
export function teamsBody(notice: Notice): Readonly<Record<string, unknown>> {
  const { severity, title, reason, link, next } = notice;
  const run = (text: string, most: number, more: Readonly<Record<string, unknown>> = {}): unknown => ({
    type: "TextRun",
    text: fitted(text, most, withoutFunctions),
    ...more,
  });
  const block = (...inlines: readonly unknown[]): unknown => ({ type: "RichTextBlock", inlines });
  const details = [...gateLines(notice), ...leftOutLines(notice)];
  const card = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    msteams: { width: "Full" },
    body: [
      block(run(title, MOST.title, { size: "Large", weight: "Bolder", color: COLORS[severity] })),
      ...(reason === "" ? [] : [block(run(reason, MOST.reason))]),
      ...details.map((text) => block(run(text, MOST.detail))),
      ...noticeFacts(notice).map(([name, value]) =>
        block(run(name, MOST.fact, { weight: "Bolder" }), run(`: ${value}`, MOST.fact)),
      ),
      ...(next === undefined ? [] : [block(run(next, MOST.detail, { fontType: "Monospace" }))]),
    ],
    ...(link === undefined || link.length > 2_000
      ? {}
      : { actions: [{ type: "Action.OpenUrl", title: "Open", url: link }] }),
  };
  return {
    type: "message",
    attachments: [
      { contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content: card },
    ],
  };
}

const COLORS: Readonly<Record<Severity, string>> = {
  critical: "Attention",
  warning: "Warning",
  info: "Default",
};

/** Cards know functions such as `{{DATE(…)}}`: two braces in a row are none of ours. */
function withoutFunctions(character: string): string {
  return { "{": "(", "}": ")" }[character] ?? character;
}
