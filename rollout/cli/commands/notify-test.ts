import { randomBytes } from "node:crypto";
import { isoInstant } from "../../model/instant.ts";
import type { Notice } from "../../model/notice.ts";
import { WavegateError } from "../../model/problem.ts";
import { closest } from "../../model/schema-problems.ts";
import { EXIT, type Command } from "../command.ts";
import { withLink } from "../notify/notice-link.ts";
import { CHANNEL_LIMIT_MS, openChannel } from "../notify/open-channel.ts";
import type { ChannelSettings } from "../settings/notify-settings.ts";

/** `wavegate notify test`. */
export const notifyTest: Command = {
  help: `Send one message that says it is a test to a channel of the settings, or to all of
them, and show what the receiver answered where it did not take it. It is sent to a
channel whatever kinds and products that is told of otherwise. Needs the settings
only: no hub, no records.`,
  examples: ["wavegate notify test", "wavegate notify test firmware-team"],
  async run(context, input) {
    const { notify, file } = await context.settings();
    const channels = chosen(notify?.channels ?? [], input.args[0], file);
    const results = await Promise.all(
      channels.map(async (settings) => {
        const notice = withLink(testNotice(settings.name), notify?.link, process.env);
        const limit = AbortSignal.timeout(CHANNEL_LIMIT_MS);
        try {
          await openChannel(settings).send(notice, AbortSignal.any([limit, context.signal]));
          return { channel: settings.name, sent: true } as const;
        } catch (error) {
          if (!(error instanceof WavegateError)) throw error;
          const { code, message, hint } = error;
          return { channel: settings.name, sent: false, error: { code, message, hint } } as const;
        }
      }),
    );
    return {
      exitCode: results.every(({ sent }) => sent) ? EXIT.done : EXIT.error,
      human: results
        .map((one) =>
          one.sent
            ? `${one.channel}: took the test message`
            : `${one.channel}: ${one.error.code}: ${one.error.message}\n  next: ${one.error.hint}`,
        )
        .join("\n"),
      json: { schemaVersion: 1, channels: results },
    };
  },
};

function chosen(
  channels: readonly ChannelSettings[],
  name: string | undefined,
  file: string,
): readonly ChannelSettings[] {
  const names = channels.map((one) => one.name);
  if (channels.length === 0)
    throw new WavegateError("SETTINGS_INVALID", `${file} names no channel of notifications`, {
      hint: 'add one: "notify": { "channels": [{ "kind": "slack", "name": "firmware", "url": { "variable": "SLACK_WEBHOOK" } }] }',
    });
  if (name === undefined) return channels;
  const found = channels.filter((one) => one.name === name);
  if (found.length > 0) return found;
  const near = closest(name, names);
  throw new WavegateError("BAD_OPTION", `there is no channel "${name}"`, {
    hint: near === undefined ? `the settings have: ${names.join(", ")}` : `did you mean "${near}"?`,
  });
}

function testNotice(channel: string): Notice {
  return {
    id: randomBytes(32).toString("hex"),
    kind: "test",
    severity: "info",
    at: isoInstant(Date.now()),
    product: "none",
    title: "Test of a wavegate notification",
    reason: `This is a test of the channel "${channel}". Nothing happened to any device.`,
  };
}
