import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Asked, Said } from "../../../support/number-service.ts";

// Receivers that take nothing but what their vendors document.

/** The key that tests sign by. */
export const WEBHOOK_KEY = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

const plainText = (most: number): z.ZodType =>
  z.strictObject({ type: z.literal("plain_text"), text: z.string().min(1).max(most), emoji: z.boolean() });

/** [Slack: Reference: Block Kit, blocks; limits of each] */
const slackSchema = z.strictObject({
  text: z.string().min(1).max(40_000),
  blocks: z
    .array(
      z.union([
        z.strictObject({ type: z.literal("header"), text: plainText(150) }),
        z.strictObject({
          type: z.literal("section"),
          text: z.union([
            plainText(3_000),
            z.strictObject({
              type: z.literal("mrkdwn"),
              text: z
                .string()
                .regex(/^<https?:\/\/[^|<>\s]+\|Open>$/)
                .max(3_010),
            }),
          ]),
        }),
        z.strictObject({ type: z.literal("section"), fields: z.array(plainText(2_000)).min(1).max(10) }),
      ]),
    )
    .min(1)
    .max(50),
});

const textRun = z.strictObject({
  type: z.literal("TextRun"),
  text: z.string().min(1),
  size: z.enum(["Small", "Default", "Medium", "Large", "ExtraLarge"]).optional(),
  weight: z.enum(["Lighter", "Default", "Bolder"]).optional(),
  color: z.enum(["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]).optional(),
  fontType: z.enum(["Default", "Monospace"]).optional(),
});
/** [Adaptive Cards 1.4: RichTextBlock, TextRun, Action.OpenUrl; Teams: webhooks of workflows] */
const teamsSchema = z.strictObject({
  type: z.literal("message"),
  attachments: z.tuple([
    z.strictObject({
      contentType: z.literal("application/vnd.microsoft.card.adaptive"),
      contentUrl: z.null(),
      content: z.strictObject({
        $schema: z.literal("http://adaptivecards.io/schemas/adaptive-card.json"),
        type: z.literal("AdaptiveCard"),
        version: z.literal("1.4"),
        msteams: z.strictObject({ width: z.literal("Full") }),
        body: z
          .array(z.strictObject({ type: z.literal("RichTextBlock"), inlines: z.array(textRun).min(1) }))
          .min(1),
        actions: z
          .array(z.strictObject({ type: z.literal("Action.OpenUrl"), title: z.string(), url: z.url() }))
          .optional(),
      }),
    }),
  ]),
});
/** What a card of Teams may weigh, bytes. */
const TEAMS_BYTES = 28 * 1_024;

/** [Grafana HTTP API: Create Annotation] */
const grafanaSchema = z.strictObject({
  dashboardUID: z.string().optional(),
  time: z.int().positive(),
  tags: z.array(z.string().min(1).max(100)).min(1),
  text: z.string().min(1),
});

/** [Standard Webhooks: Payload structure] */
const webhookSchema = z.strictObject({
  schemaVersion: z.literal(1),
  type: z.string().regex(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/),
  timestamp: z.iso.datetime(),
  data: z.looseObject({ id: z.string().min(1), title: z.string(), product: z.string() }),
});

/** Check a body as its receiver would; throws what is wrong. */
export const checkBody = {
  slack: (text: string): void => void slackSchema.parse(JSON.parse(text)),
  teams: (text: string): void => {
    const bytes = Buffer.byteLength(text);
    if (bytes > TEAMS_BYTES) throw new Error(`a card of ${bytes} bytes`);
    teamsSchema.parse(JSON.parse(text));
  },
  grafana: (text: string): void => void grafanaSchema.parse(JSON.parse(text)),
  webhook: (text: string): void => {
    const bytes = Buffer.byteLength(text);
    if (bytes > 20_000) throw new Error(`a body of ${bytes} bytes`);
    webhookSchema.parse(JSON.parse(text));
  },
} as const;

/** Answer as a receiver of that kind does: with 400 and why where it does not take what was sent. */
export function receive(kind: keyof typeof checkBody, asked: Asked): Said {
  try {
    if (asked.method !== "POST") throw new Error(`${asked.method} is no POST`);
    if (asked.headers["content-type"] !== "application/json") throw new Error("no JSON");
    if (kind === "webhook") checkSignature(asked);
    checkBody[kind](asked.body);
  } catch (error) {
    return { status: 400, body: error instanceof Error ? error.message : "" };
  }
  if (kind === "grafana") {
    if (asked.path !== "/api/annotations") return { status: 404, body: "not found" };
    if (asked.headers.authorization !== "Bearer glsa_token") return { status: 401, body: "unauthorized" };
    return { body: '{"message":"Annotation added","id":1}' };
  }
  return { status: kind === "teams" ? 202 : 200, body: kind === "slack" ? "ok" : "" };
}

/** [Standard Webhooks: Verifying signatures] */
export function checkSignature({ headers, body }: Pick<Asked, "headers" | "body">): void {
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) =>
    String(headers[`webhook-${name}`]),
  );
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) throw new Error("too old");
  const key = Buffer.from(WEBHOOK_KEY.slice("whsec_".length), "base64");
  const expected = createHmac("sha256", key)
    .update(`${id ?? ""}.${timestamp ?? ""}.${body}`)
    .digest();
  const isOurs = (signatures ?? "").split(" ").some((signature) => {
    const [version, text = ""] = signature.split(",");
    const given = Buffer.from(text, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!isOurs) throw new Error("the signature is not that of the key");
}
