import type { Notice, Severity } from "../../model/notice.ts";
import type { Channel } from "./channel.ts";
import { fitted } from "./fitted-text.ts";
import { incomingWebhook, type IncomingWebhook } from "./incoming-webhook.ts";
import { gateLines, leftOutLines, noticeFacts } from "./notice-facts.ts";

// [Slack: Reference, blocks]
const MOST = { header: 150, section: 3_000, field: 2_000, link: 3_000 } as const;

/** A Slack channel, by an incoming webhook. */
export function slack(settings: IncomingWebhook): Channel {
  return incomingWebhook(settings, slackBody);
}

/** The message: Block Kit, and a text for notifications. What others wrote stands in plain text, which nothing is read into. */
export function slackBody(notice: Notice): Readonly<Record<string, unknown>> {
  const { severity, title, reason, link, next } = notice;
  const plain = (text: string, most: number): unknown => ({
    type: "plain_text",
    text: fitted(text, most, escaped),
    emoji: false,
  });
  const section = (text: string): unknown => ({ type: "section", text: plain(text, MOST.section) });
  const details = [...gateLines(notice), ...leftOutLines(notice)];
  return {
    text: fitted(`${SIGNS[severity]}${title}: ${reason}`, MOST.section, escaped),
    blocks: [
      { type: "header", text: plain(`${SIGNS[severity]}${title}`, MOST.header) },
      section(reason === "" ? title : reason),
      ...details.map(section),
      {
        type: "section",
        fields: noticeFacts(notice).map(([name, value]) => plain(`${name}: ${value}`, MOST.field)),
      },
      ...(next === undefined ? [] : [section(`Next: ${next}`)]),
      ...(link === undefined || link.length > MOST.link
        ? []
        : [{ type: "section", text: { type: "mrkdwn", text: `<${linkTarget(link)}|Open>` } }]),
    ],
  };
}

const SIGNS: Readonly<Record<Severity, string>> = { critical: "STOP: ", warning: "Attention: ", info: "" };

/** Slack reads `<`, `>` and `&` as its own, in plain text too [Slack: Formatting text, escaping]. */
function escaped(character: string): string {
  return { "&": "&amp;", "<": "&lt;", ">": "&gt;" }[character] ?? character;
}

/** An address within `<…|…>`. */
function linkTarget(link: string): string {
  return link.replaceAll("&", "&amp;").replaceAll("<", "%3C").replaceAll(">", "%3E").replaceAll("|", "%7C");
}
