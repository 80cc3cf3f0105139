import { formatDuration, parseDuration } from "../../model/duration.ts";
import { WavegateError } from "../../model/problem.ts";
import { override as overrideGate } from "../../reconcile/override.ts";
import { EXIT, requiredReason, textOption, type Command, type Input } from "../command.ts";
import { theProduct } from "../session.ts";

const DEFAULT_FOR_MS = 3_600_000;

/** `wavegate override`. */
export const override: Command = {
  help: `Decide what the gate cannot: for the open wave, and for the counts that status
shows under "evidence". With other counts, or after --for, it is void. It never
stands over an abort, and resets nothing: the next wave is judged as ever. The
record says "overridden", by whom and why.`,
  examples: [
    'wavegate override pump --wave 10% --evidence 3f2a9c01b7de --reason "seen"',
    'wavegate override pump --wave 1% --evidence 3f2a9c01b7de --reason "x" --json',
  ],
  options: [
    ["--wave <name>", "the open wave (required)"],
    ["--evidence <digest>", "the counts you saw, as status names them (required)"],
    ["--reason <text>", "why, for the record (required)"],
    ["--for <duration>", 'how long it is good for (default "1 hour")'],
  ],
  async run(context, input) {
    const product = input.args[0] ?? "";
    const command = `wavegate override ${product} --wave NAME --evidence DIGEST`;
    const reason = requiredReason(input, command);
    const wave = required(input, "wave", command);
    const evidence = required(input, "evidence", command);
    const forMs = durationOption(input);
    const session = await context.session();
    const declared = theProduct(await session.declarations(), product);
    const {
      version,
      override: made,
      verdict,
    } = await overrideGate(declared, session, {
      actor: session.actor,
      queryLagMs: session.settings.queryLag,
      wave,
      evidence,
      reason,
      forMs,
    });
    const human = [
      `the gate of wave "${made.wave}" of ${product} ${version} is overridden for ${formatDuration(forMs)}, on evidence ${made.evidence.slice(0, 12)}`,
      `  it held: ${verdict.reasons[0]?.text ?? ""}`,
      `  next: wavegate apply ${product}`,
    ].join("\n");
    return { exitCode: EXIT.done, human, json: { schemaVersion: 1, version, override: made, verdict } };
  },
};

function required(input: Input, name: string, command: string): string {
  const value = textOption(input, name);
  if (value !== undefined && value !== "") return value;
  throw new WavegateError("BAD_OPTION", `an override needs --${name}`, {
    hint: `${command} --reason "..."; wavegate status shows wave and evidence`,
  });
}

function durationOption(input: Input): number {
  const text = textOption(input, "for");
  const ms = text === undefined ? DEFAULT_FOR_MS : parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new WavegateError("BAD_OPTION", `"${text ?? ""}" is no duration`, { hint: 'write --for "2 hours"' });
}
