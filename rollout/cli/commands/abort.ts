import { stopRelease } from "../../reconcile/stop-release.ts";
import { requiredReason, textOption, type Command } from "../command.ts";
import { tellAfterwards } from "../notify/tell-decision.ts";
import { stopResult } from "../views/stop-result.ts";

/** `wavegate abort`. */
export const abort: Command = {
  help: `Stop the release under way (or the watched one, or the one named by --release):
its configuration is emptied at once, so that the hub gives its devices the
baseline again. Needs nothing but the hub; the next reconcile records it. With
--halt the devices stay where they are and nobody else is exposed. Neither is ever
lifted: only wavegate retry starts the same release again, as a new attempt.`,
  examples: [
    'wavegate abort thermostat --reason "units overheat in the lab"',
    'wavegate abort thermostat --release 2.1.0 --reason "recall"',
  ],
  options: [
    ["--reason <text>", "why, for the record (required)"],
    ["--release <version>", "stop this version, not the one under way"],
    ["--halt", "for good, but leave the devices where they are"],
  ],
  async run(context, input) {
    const product = input.args[0] ?? "";
    const reason = requiredReason(input, `wavegate abort ${product}`);
    const kind = input.options["halt"] === true ? "halt" : "abort";
    const session = await context.session();
    const version = textOption(input, "release");
    const stopped = await stopRelease(
      { kind, product, reason, actor: session.actor, ...(version === undefined ? {} : { version }) },
      session,
    );
    tellAfterwards([{ product, stops: [stopped.stop] }], context, session);
    const next = `wavegate apply ${product}   records it and watches the devices ${kind === "halt" ? "that keep it" : "come back"}`;
    return stopResult(stopped, { done: kind === "halt" ? "is halted" : "is stopped", next });
  },
};
