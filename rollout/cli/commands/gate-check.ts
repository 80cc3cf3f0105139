import { relative, resolve } from "node:path";
import { tryGate } from "../../gate/gate-trial.ts";
import { gateOf, gateSchema, type Gate } from "../../model/gate.ts";
import { WavegateError, type Problem } from "../../model/problem.ts";
import { parseRelease } from "../../model/release.ts";
import { problemsFromZod } from "../../model/schema-problems.ts";
import { EXIT, textOption, type Command, type Input } from "../command.ts";
import { readCounts } from "../written-counts.ts";
import { loadDeclaration } from "../declarations/declarations.ts";
import { renderTrial } from "../views/gate-check.ts";

/** How sure the failure rates are that it tells. */
const CONFIDENCE = 0.95;

/** `wavegate gate check`. */
export const gateCheck: Command = {
  help: `Judge counts by a gate as an evidence wave would be judged that is covered and
has baked. The gate is a release file's, or made of options, which go before the
file's. Shown are the verdict, the evidence of each stratum against and in favour
of the release, the failure rate with bounds that are valid at any time, what is
missing to promote or to stop, and what the gate comes to at good and bad rates.`,
  examples: [
    "wavegate gate check --tolerate 1% --reject 5% --counts 'A=480/3/2/6, B=57'",
    "wavegate gate check --release rollout/releases/thermostat-2.1.0.ts --counts counts.json",
  ],
  options: [
    ["--counts <counts>", "contacted/failed/silent/unresolved by stratum, or a JSON file (required)"],
    ["--release <file>", "take the gate from this release file"],
    ["--tolerate <rate>", "failure rate of a release that is good enough"],
    ["--reject <rate>", "failure rate of a release that must not ship"],
    ["--false-stop <rate>", "chance to stop a good release (default: 5%)"],
    ["--missed-bad <rate>", "chance an evidence wave lets a bad one pass (default: 5%)"],
    ["--harm-cap <devices>", "failed and silent devices that stop it (default: no cap)"],
    ["--evidence-waves <n>", "evidence waves that share the budget (default: the file's, else 1)"],
  ],
  async run(context, input) {
    const written = textOption(input, "counts");
    if (written === undefined)
      throw new WavegateError("BAD_OPTION", "--counts <counts> is missing", {
        hint: "see: wavegate gate check --help",
      });
    const { counts, population } = await readCounts(written, context.folder);
    const { gate, evidenceWaves } = await gateFrom(input, context.folder);
    const trial = tryGate({ gate, counts, population, evidenceWaves, confidence: CONFIDENCE });
    const { tolerate, reject, falseStop, missedBad } = gate;
    return {
      exitCode: EXIT.done,
      human: renderTrial(trial, gate),
      json: { schemaVersion: 1, gate: { tolerate, reject, falseStop, missedBad }, ...trial },
    };
  },
};

/** What a trial does not ask for: nobody waits in it. */
const UNUSED = { deadline: "1 hour", bake: "1 hour", harmCap: Number.MAX_SAFE_INTEGER } as const;

async function gateFrom(
  input: Input,
  folder: string,
): Promise<{ readonly gate: Gate; readonly evidenceWaves: number }> {
  const file = textOption(input, "release");
  const base = file === undefined ? undefined : await gateOfFile(file, folder);
  const harmCap = textOption(input, "harmCap");
  const declared = {
    falseStop: "5%",
    missedBad: "5%",
    ...UNUSED,
    ...base?.declared,
    ...given(input, "tolerate", "reject", "falseStop", "missedBad"),
    ...(harmCap === undefined ? {} : { harmCap: Number(harmCap) }),
  };
  const parsed = gateSchema.safeParse(declared);
  const waves = textOption(input, "evidenceWaves") ?? String(base?.evidenceWaves ?? 1);
  const problems = parsed.success
    ? []
    : problemsFromZod({ error: parsed.error, code: "GATE_INVALID", file: "gate", shape: gateSchema });
  if (!/^[1-9]\d{0,3}$/.test(waves)) problems.push(noWaves(waves));
  if (parsed.success && problems.length === 0)
    return { gate: gateOf(parsed.data), evidenceWaves: Number(waves) };
  throw new WavegateError("GATE_INVALID", "this is no gate", {
    hint: "write it as in: wavegate gate check --tolerate 1% --reject 5% --counts 480/3/2/6",
    problems,
  });
}

function noWaves(text: string): Problem {
  return {
    severity: "error",
    code: "BAD_OPTION",
    path: "--evidence-waves",
    summary: `"${text}" is no number of waves`,
    hint: "write it as in: --evidence-waves 3",
  };
}

async function gateOfFile(
  file: string,
  folder: string,
): Promise<{ readonly declared: Readonly<Record<string, unknown>>; readonly evidenceWaves: number }> {
  const path = resolve(folder, file);
  const shown = relative(folder, path);
  const loaded = await loadDeclaration(path, shown, { code: "RELEASE_INVALID" });
  const { release, problems } =
    "problem" in loaded ? { problems: [loaded.problem] } : parseRelease(loaded.value, shown);
  if (release === undefined || !("value" in loaded))
    throw new WavegateError("RELEASE_INVALID", `${shown} is no release`, {
      hint: "correct it, or name another with --release",
      problems,
    });
  return {
    // Just checked: it has a gate.
    declared: (loaded.value as { readonly gate: Readonly<Record<string, unknown>> }).gate,
    evidenceWaves: Math.max(1, release.waves.filter(({ kind }) => kind === "evidence").length),
  };
}

function given(input: Input, ...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = textOption(input, name);
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
}
