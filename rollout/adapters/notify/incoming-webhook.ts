import type { Notice } from "../../model/notice.ts";
import type { SecretPlace } from "../secret-place.ts";
import type { Channel } from "./channel.ts";
import { post } from "./post.ts";
import { readAddress } from "./secret-address.ts";

/** Where an incoming webhook is. */
export interface IncomingWebhook {
  /** The channel's name in the settings. */
  readonly name: string;
  /** Where its address is, which is a secret in itself: whoever knows it may post. */
  readonly url: SecretPlace;
  /** PEM of a certificate authority of one's own. */
  readonly ca?: string | undefined;
}

/** A channel whose address alone lets one post to it. */
export function incomingWebhook(
  { name, url, ca }: IncomingWebhook,
  bodyOf: (notice: Notice) => Readonly<Record<string, unknown>>,
): Channel {
  return {
    name,
    send: async (notice, signal) => {
      const address = new URL((await readAddress(url)).reveal());
      await post({ url: address, body: JSON.stringify(bodyOf(notice)), ca }, signal);
    },
  };
}
