import type { Notice } from "../../model/notice.ts";
import { readSecret, type SecretPlace } from "../secret-place.ts";
import type { Channel } from "./channel.ts";
import { fitted } from "./fitted-text.ts";
import { post } from "./post.ts";

const MOST = { text: 2_000, tag: 100 } as const;

/** Annotations of a Grafana [HTTP API: POST /api/annotations]. */
export function grafana(settings: {
  readonly name: string;
  /** Address of the server. */
  readonly url: string;
  readonly token: SecretPlace;
  /** UID of the dashboard; default: none, found by the tags. */
  readonly dashboard?: string | undefined;
  readonly ca?: string | undefined;
}): Channel {
  const { name, dashboard, ca } = settings;
  const url = new URL("api/annotations", settings.url.endsWith("/") ? settings.url : `${settings.url}/`);
  return {
    name,
    send: async (notice, signal) => {
      const token = await readSecret(settings.token);
      await post({ url, body: JSON.stringify(grafanaBody(notice, dashboard)), token, ca }, signal);
    },
  };
}

/** The annotation: an instant with tags, among them the notice's id, and a text, which Grafana shows as HTML. */
export function grafanaBody(
  notice: Notice,
  dashboard: string | undefined,
): Readonly<Record<string, unknown>> {
  const { id, kind, at, product, release, wave, severity, title, reason, link } = notice;
  const tags = [
    ["product", product],
    ["release", release],
    ["wave", wave],
    ["kind", kind],
    ["severity", severity],
    ["id", id.slice(0, 12)],
  ] as const;
  const text = fitted(`${title}: ${reason}`, MOST.text, escaped);
  return {
    ...(dashboard === undefined ? {} : { dashboardUID: dashboard }),
    time: Date.parse(at),
    tags: [
      "wavegate",
      ...tags.flatMap(([name, value]) => (value === undefined ? [] : [fitted(`${name}:${value}`, MOST.tag)])),
    ],
    text: link === undefined ? text : `${text} <a href="${Array.from(link, escaped).join("")}">open</a>`,
  };
}

function escaped(character: string): string {
  return { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }[character] ?? character;
}
