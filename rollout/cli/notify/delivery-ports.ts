import type { Context } from "../command.ts";
import { isToldOf } from "../settings/notify-settings.ts";
import type { Session } from "../session.ts";
import { hubsOf } from "../settings/settings.ts";
import type { DeliveryPorts, ListeningChannel } from "./deliver.ts";
import { withLink } from "./notice-link.ts";
import { openChannel } from "./open-channel.ts";

/** What delivering needs, as the settings and the command line have it; nothing is connected before it is sent. */
export function deliveryPorts(
  { progress, signal }: Pick<Context, "progress" | "signal">,
  { settings, records, cursors }: Pick<Session, "settings" | "records" | "cursors">,
): DeliveryPorts {
  const { channels = [], link } = settings.notify ?? {};
  return {
    channels: channels.map((one): ListeningChannel => {
      const { name, send } = openChannel(one);
      return {
        channel: { name, send: (notice, ends) => send(withLink(notice, link, process.env), ends) },
        wants: (notice) => isToldOf(one, notice),
      };
    }),
    ...{ records, cursors, signal },
    hubs: hubsOf(settings).map(({ name }) => name),
    warn: progress,
  };
}
