import { retry as retryRelease } from "../../reconcile/retry.ts";
import { theProduct } from "../declarations/chosen-products.ts";
import { EXIT, requiredReason, textOption, type Command } from "../command.ts";
import { tellAfterwards } from "../notify/tell-decision.ts";
import { decisionOptions } from "../session.ts";
import { quarantineLines } from "../views/quarantine.ts";

/** `wavegate retry`. */
export const retry: Command = {
  help: `Let a release that was aborted, halted or is held start anew: a new attempt with
an id and evidence of its own, once. The stop stands for the attempt it stopped.
With --failed only the devices that failed are tried again (at most 100, by id);
the others keep what they have. Devices that failed twice are listed.`,
  examples: [
    'wavegate retry thermostat --reason "the fan of the lab was off"',
    'wavegate retry thermostat --failed --reason "power was restored"',
  ],
  options: [
    ["--reason <text>", "why, for the record (required)"],
    ["--release <version>", "this version, not the one stopped last"],
    ["--failed", "only the devices that failed"],
  ],
  async run(context, input) {
    const product = input.args[0] ?? "";
    const reason = requiredReason(input, `wavegate retry ${product}`);
    const session = await context.session();
    const declared = theProduct(await session.declarations(), product);
    const version = textOption(input, "release");
    const retried = await retryRelease(declared, session, {
      ...decisionOptions(session),
      reason,
      failed: input.options["failed"] === true,
      ...(version === undefined ? {} : { version }),
    });
    tellAfterwards([{ product }], context, session);
    const { only, attempt, repeatFailers, priority } = retried;
    const whom = only === undefined ? "" : `, for ${only.length} ${only.length === 1 ? "device" : "devices"}`;
    const human = [
      `${product} ${retried.version} may be tried once more${whom} (${attempt} stays stopped)`,
      ...(only === undefined ? [] : [`  ${only.join(", ")}`]),
      ...quarantineLines(repeatFailers, { hub: session.settings.hub.name, priority }),
      `  next: wavegate apply ${product}`,
    ].join("\n");
    return { exitCode: EXIT.done, human, json: { schemaVersion: 1, ...retried } };
  },
};
