import { createHmac } from "node:crypto";
import type { Notice } from "../../model/notice.ts";
import { SourceFailure } from "../source-failure.ts";
import { readSecret, type SecretPlace } from "../secret-place.ts";
import type { Channel } from "./channel.ts";
import { fitted } from "./fitted-text.ts";
import { post } from "./post.ts";
import { readAddress } from "./secret-address.ts";

/** Longest texts in UTF-16 units, and most reasons: a body stays under the 20 KB that Standard Webhooks advise. */
const MOST = { reason: 800, field: 300, link: 2_000, reasons: 5 } as const;

/** A program of one's own, told as Standard Webhooks say: JSON, and headers that prove who sent it. */
export function webhook(settings: {
  readonly name: string;
  /** Its address, or where it is. */
  readonly url: string | SecretPlace;
  readonly secret: SecretPlace;
  readonly ca?: string | undefined;
}): Channel {
  const { name, url: place, ca } = settings;
  return {
    name,
    send: async (notice, signal) => {
      const url = new URL(typeof place === "string" ? place : (await readAddress(place)).reveal());
      const body = JSON.stringify(webhookBody(notice));
      const key = signingKey(await readSecret(settings.secret));
      const headers = signedHeaders({ id: notice.id, body, key, atMs: Date.now() });
      await post({ url, body, headers, ca }, signal);
    },
  };
}

/** The body: `type`, `timestamp` and `data`, as Standard Webhooks have it [spec: Payload structure]. */
export function webhookBody(notice: Notice): Readonly<Record<string, unknown>> {
  const { gate, reason, link, ...rest } = notice;
  const reasons = gate?.reasons
    .slice(0, MOST.reasons)
    .map((one) => ({ ...one, text: fitted(one.text, MOST.reason) }));
  const fields = Object.entries(rest).map(([name, value]): [string, unknown] => [
    name,
    typeof value === "string" ? fitted(value, MOST.field) : value,
  ]);
  return {
    schemaVersion: 1,
    type: `rollout.${notice.kind.replaceAll(" ", "_")}`,
    timestamp: notice.at,
    data: {
      ...Object.fromEntries(fields),
      reason: fitted(reason, MOST.reason),
      ...(gate === undefined ? {} : { gate: { ...gate, reasons } }),
      ...(link === undefined || link.length > MOST.link ? {} : { link }),
    },
  };
}

/** The headers that prove a message [spec: Signature scheme: HMAC-SHA256 over `id.timestamp.body`]. */
export function signedHeaders(message: {
  readonly id: string;
  readonly body: string;
  readonly key: Buffer;
  /** Epoch ms of sending: receivers refuse what is minutes old. */
  readonly atMs: number;
}): Readonly<Record<string, string>> {
  const { id, body, key, atMs } = message;
  const timestamp = String(Math.floor(atMs / 1_000));
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

/** A key as it is written: `whsec_` and 24 to 64 bytes in base64. */
function signingKey(text: string): Buffer {
  const key = Buffer.from(text.replace(/^whsec_/, ""), "base64");
  if (text.startsWith("whsec_") && key.length >= 24 && key.length <= 64) return key;
  throw new SourceFailure(
    "refused",
    "the signing secret is none: whsec_ and 24 to 64 random bytes in base64 (openssl rand -base64 32)",
  );
}
