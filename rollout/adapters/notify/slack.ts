import type { Notice, Severity } from "../../model/notice.ts";
import type { SecretPlace } from "../metrics/secret.ts";
import type { Channel } from "./channel.ts";
import { fitted } from "./fitted-text.ts";
import { gateLines, leftOutLines, noticeFacts } from "./notice-facts.ts";
import { post } from "./post.ts";
import { readAddress } from "./secret-address.ts";

// [Slack: Reference, blocks]
const MOST = { header: 150, section: 3_000, field: 2_000, link: 3_000 } as const;

/** A Slack channel, by an incoming webhook. */
export function slack(settings: {
  readonly name: string;
  readonly url: SecretPlace;
  readonly ca?: string | undefined;
}): Channel {
  const { name, url, ca } = settings;
  return {
    name,
    send: async (notice, signal) => {
      const address = new URL((await readAddress(url)).reveal());
      await post({ url: address, body: JSON.stringify(slackBody(notice)), ca }, signal);
    },
  };
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
