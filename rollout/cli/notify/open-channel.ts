import type { Channel } from "../../adapters/notify/channel.ts";
import { grafana } from "../../adapters/notify/grafana.ts";
import { notifyError } from "../../adapters/notify/post.ts";
import { slack } from "../../adapters/notify/slack.ts";
import { teams } from "../../adapters/notify/teams.ts";
import { webhook } from "../../adapters/notify/webhook.ts";
import type { ChannelSettings } from "../settings/notify-settings.ts";
import { readCa } from "../read-ca.ts";

/** Longest time for all that one channel is told after one look, real ms. */
export const CHANNEL_LIMIT_MS = 10_000;

/** A channel of the settings; nothing is read before it sends. Whatever fails is a WavegateError that names the channel. */
export function openChannel(settings: ChannelSettings): Channel {
  const { name } = settings;
  let opened: Promise<Channel> | undefined;
  return {
    name,
    send: async (notice, signal) => {
      try {
        opened ??= connect(settings);
        await (await opened).send(notice, signal);
      } catch (error) {
        throw notifyError(error, signal.aborted ? whyEnded(signal) : undefined);
      }
    },
  };
}

function whyEnded({ reason }: AbortSignal): string {
  const isLate = reason instanceof Error && reason.name === "TimeoutError";
  return isLate ? `no answer within ${CHANNEL_LIMIT_MS / 1_000} s` : "interrupted";
}

async function connect({ caFile, ...settings }: ChannelSettings): Promise<Channel> {
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  switch (settings.kind) {
    case "webhook":
      return webhook({ ...settings, ca });
    case "slack":
      return slack({ ...settings, ca });
    case "teams":
      return teams({ ...settings, ca });
    case "grafana":
      return grafana({ ...settings, ca });
  }
}
