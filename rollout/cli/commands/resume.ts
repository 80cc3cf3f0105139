import { resume as resumeRelease } from "../../reconcile/resume.ts";
import { theProduct } from "../declarations/chosen-products.ts";
import { EXIT, requiredReason, type Command } from "../command.ts";
import { tellAfterwards } from "../notify/tell-decision.ts";
import { decisionOptions } from "../session.ts";

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
    const product = input.args[0] ?? "";
    const reason = requiredReason(input, `wavegate resume ${product}`);
    const session = await context.session();
    const declared = theProduct(await session.declarations(), product);
    const options = { ...decisionOptions(session), reason };
    const { attempt, version } = await resumeRelease(declared, session, options);
    tellAfterwards([{ product }], context, session);
    const human = `${version} goes on (${attempt})\n  next: wavegate apply ${product}`;
    return { exitCode: EXIT.done, human, json: { schemaVersion: 1, attempt } };
  },
};
