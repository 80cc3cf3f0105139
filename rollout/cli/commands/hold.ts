import { stopRelease } from "../../reconcile/stop-release.ts";
import { requiredReason, type Command } from "../command.ts";
import { tellAfterwards } from "../notify/tell-decision.ts";
import { stopResult } from "../views/stop-result.ts";

/** `wavegate hold`. */
export const hold: Command = {
  help: `Freeze the release under way: nobody else is exposed to it until somebody resumes
it. Devices that were told already go on updating: a hold does not stop those, an
abort takes them back. The gate goes on judging, and may still abort.`,
  examples: [
    'wavegate hold thermostat --reason "support sees odd calls"',
    'wavegate hold thermostat --reason "release freeze" --json',
  ],
  options: [["--reason <text>", "why, for the record (required)"]],
  async run(context, input) {
    const product = input.args[0] ?? "";
    const reason = requiredReason(input, `wavegate hold ${product}`);
    const session = await context.session();
    const stopped = await stopRelease({ kind: "hold", product, reason, actor: session.actor }, session);
    tellAfterwards([{ product, stops: [stopped.stop] }], context, session);
    const next = `wavegate resume ${product} --reason "...", or wavegate abort ${product} --reason "..."`;
    return stopResult(stopped, { done: "is held", next });
  },
};
