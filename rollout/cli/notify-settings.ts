import { z } from "zod";
import { NOTICE_KINDS, TOLD_BY_DEFAULT, type NoticeKind } from "../model/notice.ts";
import { LINK_PLACEHOLDERS } from "./notify/notice-link.ts";
import { address, secretPlace } from "./source-settings.ts";

const caFile = z.string().exactOptional();

/** What every channel has. */
const common = {
  /** Name that its cursor is kept under, and that `notify test` takes. */
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, "lower-case letters, digits and dashes"),
  /** Kinds it is told of; default: all but adopt, widen, approve and retire. */
  on: z
    .array(z.enum(NOTICE_KINDS))
    .min(1, "leave it out for all that matters")
    .default([...TOLD_BY_DEFAULT]),
  /** Products it is told of; default: all. */
  products: z.array(z.string()).min(1, "leave it out for all products").exactOptional(),
  caFile,
};

/** An address that lets whoever knows it write: it is a secret, and stands elsewhere. */
const secretAddress = secretPlace("address");

const channelSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("webhook"),
    url: z.union([address, secretAddress]),
    /** Where the key that signs is, as Standard Webhooks write it: `whsec_` and 24 to 64 bytes in base64. */
    secret: secretPlace("signing secret"),
    ...common,
  }),
  z.strictObject({ kind: z.literal("slack"), url: secretAddress, ...common }),
  z.strictObject({ kind: z.literal("teams"), url: secretAddress, ...common }),
  z.strictObject({
    kind: z.literal("grafana"),
    /** Address of the Grafana, to which /api/annotations is added. */
    url: address,
    /** Where the token of its service account is. */
    token: secretPlace("token"),
    /** The dashboard that is annotated; default: all that ask for the tags. */
    dashboard: z.string().exactOptional(),
    ...common,
  }),
]);

/** Schema of who is told what. */
export const notifySchema = z.strictObject({
  /** Address that a notice leads to, with placeholders; default: the pipeline's run. */
  link: z
    .url({ protocol: /^https?$/, error: "an address: https://git.example.com/fleet?release={{release}}" })
    .refine(
      (text) =>
        [...text.matchAll(/\{\{(.*?)\}\}/g)].every(([, name]) =>
          LINK_PLACEHOLDERS.some((known) => known === name),
        ),
      `placeholders are ${LINK_PLACEHOLDERS.map((name) => `{{${name}}}`).join(", ")}`,
    )
    .exactOptional(),
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
    }),
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
