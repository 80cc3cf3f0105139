import { z } from "zod";
import { NOTICE_KINDS, TOLD_BY_DEFAULT, type NoticeKind } from "../../model/notice.ts";
import { LINK_PLACEHOLDERS } from "../notify/notice-link.ts";
import { address, caFile, secretPlace } from "./shared-settings.ts";

/** What every channel has. */
const common = {
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, "lower-case letters, digits and dashes")
    .describe("Name that its cursor is kept under, and that `notify test` takes."),
  on: z
    .array(z.enum(NOTICE_KINDS))
    .min(1, "leave it out for all that matters")
    .default([...TOLD_BY_DEFAULT])
    .describe("Kinds of events it is told of."),
  products: z
    .array(z.string())
    .min(1, "leave it out for all products")
    .exactOptional()
    .describe("Products it is told of; default: all."),
  caFile,
};

/** An address that lets whoever knows it write: it is a secret, and stands elsewhere. */
const secretAddress = secretPlace("address").describe(
  "Where its address is, a file or a variable: whoever knows it may write.",
);

/** Schema of one channel. */
export const channelSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("webhook").describe("A receiver of Standard Webhooks."),
    url: z
      .union([address, secretAddress])
      .describe("Its https address, or where it is, a file or a variable; http for this machine alone."),
    secret: secretPlace("signing secret").describe(
      "Where the key that signs is, as Standard Webhooks write it: `whsec_` and 24 to 64 bytes in base64.",
    ),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("slack").describe("An incoming webhook of Slack."),
    url: secretAddress,
    ...common,
  }),
  z.strictObject({
    kind: z.literal("teams").describe("A webhook of Workflows in Teams."),
    url: secretAddress,
    ...common,
  }),
  z.strictObject({
    kind: z.literal("grafana").describe("Annotations in Grafana."),
    url: address.describe("Address of the Grafana, to which /api/annotations is added."),
    token: secretPlace("token").describe("Where the token of its service account is."),
    dashboard: z
      .string()
      .exactOptional()
      .describe("The dashboard that is annotated; default: all that ask for the tags."),
    ...common,
  }),
]);

/** Schema of who is told what. */
export const notifySchema = z.strictObject({
  link: z
    .url({ protocol: /^https?$/, error: "an address: https://git.example.com/fleet?release={{release}}" })
    .refine(
      (text) =>
        [...text.matchAll(/\{\{(.*?)\}\}/g)].every(([, name]) =>
          LINK_PLACEHOLDERS.some((known) => known === name),
        ),
      `placeholders are ${LINK_PLACEHOLDERS.map((name) => `{{${name}}}`).join(", ")}`,
    )
    .exactOptional()
    .describe("Address that a notice leads to, with placeholders; default: the pipeline's run."),
  channels: z
    .array(channelSchema)
    .default([])
    .superRefine((channels, context) => {
      const names = channels.map(({ name }) => name);
      names.forEach((name, index) => {
        if (names.indexOf(name) === index) return;
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `another channel is called "${name}" too`,
        });
      });
    })
    .describe("The channels."),
});

/** Who is told what. */
export type NotifySettings = z.output<typeof notifySchema>;
/** One channel. */
export type ChannelSettings = NotifySettings["channels"][number];

/** Whether a channel is told of this. */
export function isToldOf(
  { on, products }: Pick<ChannelSettings, "on" | "products">,
  notice: { readonly kind: NoticeKind; readonly product: string },
): boolean {
  return on.includes(notice.kind) && (products === undefined || products.includes(notice.product));
}
