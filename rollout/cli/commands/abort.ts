import { stopRelease } from "../../reconcile/stop-release.ts";
import { EXIT, requiredReason, textOption, type Command } from "../command.ts";

/** `wavegate abort`. */
export const abort: Command = {
  name: "abort",
  summary: "stop a release now and take its devices back",
  help: `Stop the release under way (or the watched one, or the one named by --release):
its configuration is emptied at once, so that the hub gives its devices the
baseline again. Needs nothing but the hub; the next reconcile records it. With
--halt the devices stay where they are and nobody else is exposed. Neither is ever
lifted: only wavegate retry starts the same release again, as a new attempt.`,
  examples: [
    'wavegate abort thermostat --reason "units overheat in the lab"',
    'wavegate abort thermostat --release 2.1.0 --reason "recall"',
  ],
  arguments: [["<product>", "the product whose release is stopped"]],
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
    const { stop, writes } = await stopRelease(
      { kind, product, reason, actor: session.actor, ...(version === undefined ? {} : { version }) },
      session,
    );
    const human =
      writes === 0
        ? `${stop.attempt} is stopped already, since ${stop.at} by ${stop.actor}: ${stop.reason}`
        : `${stop.attempt} is ${kind === "halt" ? "halted" : "stopped"}: the stop is in force on ${session.hub.name} (${writes} writes)\n  next: wavegate apply ${product}   records it${kind === "halt" ? "" : " and watches the devices come back"}`;
    return { exitCode: EXIT.done, human, json: { schemaVersion: 1, stop, writes } };
  },
};
