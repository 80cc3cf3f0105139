import { resume as resumeRelease } from "../../reconcile/resume.ts";
import { EXIT, requiredReason, type Command } from "../command.ts";
import { chosenProducts } from "../session.ts";

/** `wavegate resume`. */
export const resume: Command = {
  help: `Let a release that was held (by a person, or because its configuration was edited
outside wavegate) go on. The gate judges the same wave again with everything it
has seen; nothing is reset. A release that was aborted is never resumed.`,
  examples: [
    'wavegate resume thermostat --reason "the calls were about something else"',
    'wavegate resume thermostat --reason "freeze is over" --json',
  ],
  options: [["--reason <text>", "why, for the record (required)"]],
  async run(context, input) {
    const reason = requiredReason(input, `wavegate resume ${input.args[0] ?? ""}`);
    const session = await context.session();
    const checked = await session.declarations();
    const [declared] = chosenProducts(checked, input.args[0] ?? "");
    if (declared === undefined) throw new RangeError("no product was chosen");
    const options = {
      actor: session.actor,
      queryLagMs: session.settings.queryLag,
      // What a signed plan has to start, no resume does on the way.
      startsNothing: session.settings.plans !== undefined,
      reason,
    };
    const { attempt, version } = await resumeRelease(declared, session, options);
    const human = `${version} goes on (${attempt})\n  next: wavegate apply ${declared.product}`;
    return { exitCode: EXIT.done, human, json: { schemaVersion: 1, attempt } };
  },
};
