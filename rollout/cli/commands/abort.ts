import { stopRelease } from "../../reconcile/stop-release.ts";
import { requiredReason, textOption, type Command } from "../command.ts";
import { stopResult } from "../views/stop-result.ts";

/** `wavegate abort`. */
export const abort: Command = {
  name: "abort",
  summary: "stop a release now and take its devices back",
  help: `Stop the release under way (or the watched one, or the one named by --release):
its configuration is emptied at once, so that the hub gives its devices the
baseline again. Needs nothing but the hub; the next reconcile records it. An
abort is never taken back: the same release does not start again.`,
  examples: [
    'wavegate abort thermostat --reason "units overheat in the lab"',
    'wavegate abort thermostat --release 2.1.0 --reason "recall"',
  ],
  arguments: [["<product>", "the product whose release is stopped"]],
  options: [
    ["--reason <text>", "why, for the record (required)"],
    ["--release <version>", "stop this version, not the one under way"],
  ],
  async run(context, input) {
    const product = input.args[0] ?? "";
    const reason = requiredReason(input, `wavegate abort ${product}`);
    const session = await context.session();
    const version = textOption(input, "release");
    const stopped = await stopRelease(
      { kind: "abort", product, reason, actor: session.actor, ...(version === undefined ? {} : { version }) },
      session,
    );
    const next = `wavegate apply ${product}   records it and watches the devices come back`;
    return stopResult(stopped, { done: "is stopped", next });
  },
};
