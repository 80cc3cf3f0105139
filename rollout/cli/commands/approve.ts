import { approve as approveWave } from "../../reconcile/approve.ts";
import { theProduct } from "../declarations/chosen-products.ts";
import { EXIT, textOption, type Command } from "../command.ts";
import { tellAfterwards } from "../notify/tell-decision.ts";
import { decisionOptions } from "../session.ts";

/** `wavegate approve`. */
export const approve: Command = {
  help: `Approve the next wave that wants it, or the one named by --wave, ahead of time if
you like: the gate still has to promote the wave before. Each person counts once;
where a wave wants two or more, whoever started the release does not count. It
opens nothing by itself: the next reconcile does.`,
  examples: [
    "wavegate approve thermostat",
    'wavegate approve thermostat --wave everyone --reason "field test is fine"',
  ],
  options: [
    ["--wave <name>", "approve this wave, not the next that wants it"],
    ["--release <version>", "a wave of this version, not of the one under way"],
    ["--reason <text>", "why, for the record"],
  ],
  async run(context, input) {
    const session = await context.session();
    const declared = theProduct(await session.declarations(), input.args[0] ?? "");
    const wave = textOption(input, "wave");
    const version = textOption(input, "release");
    const reason = textOption(input, "reason");
    const approved = await approveWave(declared, session, {
      ...decisionOptions(session),
      ...(wave === undefined ? {} : { wave }),
      ...(version === undefined ? {} : { version }),
      ...(reason === undefined ? {} : { reason }),
    });
    tellAfterwards([declared], context, session);
    const { given, wanted, already } = approved;
    const missing = wanted - given.length;
    const name = `wave "${approved.wave}" of ${declared.product} ${approved.version}`;
    const done = already ? `${session.actor} had approved ${name} already` : `${name} is approved`;
    const next =
      missing > 0
        ? `  next: ${missing} more ${missing === 1 ? "person has" : "people have"} to run: wavegate approve ${declared.product} --wave "${approved.wave}"`
        : `  next: wavegate apply ${declared.product}   opens it when its gate and calendar allow`;
    const human = `${done} (${given.length} of ${wanted}: ${given.join(", ")})\n${next}`;
    return { exitCode: EXIT.done, human, json: { schemaVersion: 1, ...approved } };
  },
};
