import { join } from "node:path";
import { formatDuration } from "../../model/duration.ts";
import { WavegateError } from "../../model/problem.ts";
import { isoInstant } from "../../model/instant.ts";
import { overridable } from "../../engine/overridable.ts";
import type { Declared } from "../../plan/declared.ts";
import { observeProduct } from "../../reconcile/observe.ts";
import { notOverridable, override as overrideGate } from "../../reconcile/override.ts";
import { theProduct } from "../declarations/chosen-products.ts";
import {
  EXIT,
  requiredReason,
  textOption,
  type Command,
  type Context,
  type Input,
  type Result,
} from "../command.ts";
import { overridesFolder, shownPath } from "../declarations/declarations.ts";
import { durationOption } from "../number-options.ts";
import { tellAfterwards } from "../notify/tell-decision.ts";
import { decisionOptions, type Session } from "../session.ts";
import { overrideFileName, renderOverride } from "../views/override-file.ts";
import { writeNewFile } from "../write-new-file.ts";

const DEFAULT_FOR_MS = 3_600_000;
/** A file has to be reviewed and merged first. */
const FILE_FOR_MS = 24 * 3_600_000;

/** `wavegate override`. */
export const override: Command = {
  help: `Decide what the gate cannot: for the open wave, and for the counts that status
shows under "evidence". With other counts, or after --for, it is void. It never
stands over an abort, and resets nothing: the next wave is judged as ever. The
record says "overridden", by whom and why. With --file nothing is decided: the
override is written into the overrides folder, to be reviewed in a pull request.`,
  examples: [
    'wavegate override pump --wave 10% --evidence 3f2a9c01b7de --reason "seen"',
    'wavegate override pump --wave 1% --evidence 3f2a9c01b7de --reason "x" --file',
  ],
  options: [
    ["--wave <name>", "the open wave (required)"],
    ["--evidence <digest>", "the counts you saw, as status names them (required)"],
    ["--reason <text>", "why, for the record (required)"],
    ["--for <duration>", 'how long it is good for (default "1 hour"; with --file "1 day")'],
    ["--file", "write a file that declares it, and decide nothing"],
  ],
  async run(context, input) {
    const product = input.args[0] ?? "";
    const command = `wavegate override ${product} --wave NAME --evidence DIGEST`;
    const reason = requiredReason(input, command);
    const wave = required(input, "wave", command);
    const evidence = required(input, "evidence", command);
    const asFile = input.options["file"] === true;
    const forMs = durationOption(input, "for", "2 hours") ?? (asFile ? FILE_FOR_MS : DEFAULT_FOR_MS);
    const session = await context.session();
    const declared = theProduct(await session.declarations(), product);
    if (asFile) return declareOverride({ context, session, declared }, { wave, evidence, reason, forMs });
    const {
      version,
      override: made,
      verdict,
    } = await overrideGate(declared, session, {
      ...decisionOptions(session),
      wave,
      evidence,
      reason,
      forMs,
    });
    tellAfterwards([{ product }], context, session);
    const human = [
      `the gate of wave "${made.wave}" of ${product} ${version} is overridden for ${formatDuration(forMs)}, on evidence ${made.evidence.slice(0, 12)}`,
      `  it held: ${verdict.reasons[0]?.text ?? ""}`,
      `  next: wavegate apply ${product}`,
    ].join("\n");
    return { exitCode: EXIT.done, human, json: { schemaVersion: 1, version, override: made, verdict } };
  },
};

/** Write what would be decided as a file: refused where the command would be, and never over another file. */
async function declareOverride(
  { context, session, declared }: { context: Context; session: Session; declared: Declared },
  wanted: {
    readonly wave: string;
    readonly evidence: string;
    readonly reason: string;
    readonly forMs: number;
  },
): Promise<Result> {
  const { product } = declared;
  const { judgements, observation } = await observeProduct(declared, session);
  const found = overridable(judgements, { product, ...wanted });
  if (found.kind === "no") throw notOverridable(found, product);
  const { wave, reason, forMs } = wanted;
  const { intent, verdict } = found.judgement;
  // Whole seconds, as people write them.
  const until = `${isoInstant(observation.at + forMs).slice(0, 19)}Z`;
  const { version } = intent;
  const declaration = { product, version, wave, evidence: found.evidence, reason, until };
  const file = join(overridesFolder(session.settings.declarations), overrideFileName(declaration));
  const shown = shownPath(context.folder, file);
  await writeNewFile(file, renderOverride(declaration), {
    shown,
    hint: `edit that one, or remove it: wavegate status ${product} says what became of it`,
  });
  const human = [
    `wrote ${shown}: the gate of wave "${wave}" of ${product} ${version} is overridden until ${until} once it is merged and applied`,
    `  it holds: ${verdict.reasons[0]?.text ?? ""}`,
    `  next: open a pull request with it; wavegate plan ${product} shows what it does`,
  ].join("\n");
  return { exitCode: EXIT.done, human, json: { schemaVersion: 1, file: shown, override: declaration } };
}

function required(input: Input, name: string, command: string): string {
  const value = textOption(input, name);
  if (value !== undefined && value !== "") return value;
  throw new WavegateError("BAD_OPTION", `an override needs --${name}`, {
    hint: `${command} --reason "..."; wavegate status shows wave and evidence`,
  });
}
