import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ErrorCode } from "../../failure.ts";
import { DeviceError } from "../../failure.ts";
import type { InstalledImage } from "./install-record.ts";
import { AGENT_VARIABLE, STEP_VARIABLE } from "./step-leftovers.ts";
import type { StepProgress } from "./step-output.ts";
import { parseProgress, progressLimiter } from "./step-output.ts";
import type { StepEnd, StepProcess } from "./step-process.ts";
import type { UpdateStepsFile } from "./update-steps-file.ts";
import type { StepDescription, StepName, StepVariable } from "./update-steps.ts";

/** The maker's steps, ready to run. */
export interface MakerSteps {
  /**
   * Run a step, again where its exit code says so. Rejects with a `DeviceError` when it has failed, and with a
   * `StoppedError` when the agent was closed meanwhile.
   */
  run(name: StepName, about?: StepSubject): Promise<StepDone>;
  /** End what runs, and everything that is asked from now on. */
  stop(): void;
}

/** What a step is about; each is told in its environment and in its arguments. */
export type StepSubject = Readonly<Partial<Record<StepVariable, string>>>;

/** A step that came to its end well. */
export interface StepDone {
  /** Lines of its standard output, the first hundred. */
  readonly lines: readonly string[];
  /** Whether its exit code said that it takes a reboot. */
  readonly needsReboot: boolean;
}

/** Progress with the step that makes it. */
export interface NamedProgress extends StepProgress {
  readonly step: StepName;
}

/** The agent was closed while a step ran: nothing is known of the step. */
export class StoppedError extends Error {}

/** What the steps run on. */
export interface MakerStepsOptions {
  readonly steps: UpdateStepsFile;
  /** The agent's directory, by which a later agent knows its steps. */
  readonly directory: string;
  /** The agent's own environment, of which steps get what is named. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onProgress: (progress: NamedProgress) => void;
  readonly run: (step: StepProcess) => Promise<StepEnd>;
}

/** What every step gets of the agent's environment. */
const ALWAYS = ["PATH", "HOME", "LANG", "TZ"];
const MOST_LINES = 100;

const CODE_BY_STEP: Readonly<Record<StepName, ErrorCode>> = {
  version: "BOOT_FAILED",
  install: "INSTALL_FAILED",
  reboot: "BOOT_FAILED",
  selfTest: "SELF_TEST_FAILED",
  confirm: "WRITE_FAILED",
  rollback: "WRITE_FAILED",
  holds: "SLOT_CORRUPT",
};

/** What a step about an image is told. */
export function subjectOf({ version, sha256, slot }: InstalledImage): StepSubject {
  return {
    WAVEGATE_VERSION: version,
    WAVEGATE_SHA256: sha256,
    ...(slot === undefined ? {} : { WAVEGATE_SLOT: slot }),
  };
}

/** Make the steps of a description runnable. */
export function makerSteps(options: MakerStepsOptions): MakerSteps {
  const { steps, onProgress, run } = options;
  const stopping = new AbortController();

  async function once(name: StepName, step: StepDescription, about: StepSubject): Promise<Once> {
    const lines: string[] = [];
    let said: string | undefined;
    const progress = progressLimiter((one) => {
      onProgress({ step: name, ...one });
    });
    const end = await run({
      ...programOf(step, about),
      folder: resolve(steps.folder, step.workingDirectory ?? steps.description.workingDirectory),
      environment: environmentOf(name, step, about),
      timeoutMs: step.timeout,
      killAfterMs: steps.description.killAfter,
      signal: stopping.signal,
      onLine(line) {
        if (lines.length < MOST_LINES) lines.push(line);
        const news = parseProgress(line);
        if (news === undefined) return;
        said = news.text ?? said;
        progress.say(news);
      },
    });
    progress.flush();
    return { end, lines, said };
  }

  function environmentOf(name: StepName, step: StepDescription, about: StepSubject): Record<string, string> {
    const entries = [...ALWAYS, ...steps.description.environment, ...step.environment].flatMap((entry) => {
      const [variable = "", ...value] = entry.split("=");
      const text = value.length > 0 ? value.join("=") : options.environment[variable];
      return text === undefined ? [] : [[variable, text] as const];
    });
    return {
      ...Object.fromEntries(entries),
      ...about,
      [STEP_VARIABLE]: name,
      [AGENT_VARIABLE]: options.directory,
    };
  }

  /** A device that goes down ends its programs, the one that asked for it too. */
  function isGoingDown(name: StepName, end: StepEnd): boolean {
    return name === "reboot" && end.type === "killed" && steps.description.steps.reboot.restarts === "device";
  }

  return {
    async run(name, about = {}) {
      const step = steps.description.steps[name];
      if (step === undefined) throw new Error(`bug: the step ${name} is not described`);
      for (let attempt = 1; ; attempt++) {
        const { end, lines, said } = await once(name, step, about);
        if (end.type === "stopped") throw new StoppedError(`${name} was stopped: the agent closes`);
        const meaning = isGoingDown(name, end) ? "ok" : meaningOf(step, end);
        if (meaning === "ok" || meaning === "reboot") return { lines, needsReboot: meaning === "reboot" };
        if (meaning === "retry" && attempt < step.attempts) {
          await delay(step.retryAfter, undefined, { signal: stopping.signal }).catch(() => {
            throw new StoppedError(`${name} was stopped: the agent closes`);
          });
          continue;
        }
        const hung = name === "selfTest" && end.type === "timedOut";
        const code = hung ? "HUNG" : isCode(meaning) ? meaning : CODE_BY_STEP[name];
        const where = `steps.${name} in ${steps.file}`;
        const program = step.command?.[0] ?? "the shell line";
        const last = said === undefined ? "" : `; it said: ${said}`;
        throw new DeviceError(
          code,
          `${name}: ${program} ${howItEnded(end, { step, attempt, where })}${last}`,
        );
      }
    },
    stop() {
      stopping.abort();
    },
  };
}

interface Once {
  readonly end: StepEnd;
  readonly lines: readonly string[];
  /** The last status line. */
  readonly said: string | undefined;
}

type Meaning = StepDescription["exitCodes"][string];

function meaningOf({ exitCodes }: StepDescription, end: StepEnd): Meaning {
  if (end.type !== "exited") return "failed";
  return exitCodes[String(end.code)] ?? (end.code === 0 ? "ok" : "failed");
}

function isCode(meaning: Meaning): meaning is Exclude<Meaning, "ok" | "retry" | "reboot" | "failed"> {
  return meaning !== "ok" && meaning !== "retry" && meaning !== "reboot" && meaning !== "failed";
}

function howItEnded(
  end: Exclude<StepEnd, { readonly type: "stopped" }>,
  {
    step,
    attempt,
    where,
  }: { readonly step: StepDescription; readonly attempt: number; readonly where: string },
): string {
  const tail = "tail" in end && end.tail !== "" ? `: ${end.tail}` : "";
  switch (end.type) {
    case "notStarted":
      return `did not run: ${end.reason}; see ${where}`;
    case "timedOut":
      return `did not end in ${step.timeout / 1000} s${tail}`;
    case "killed":
      return `was ended by ${end.by}${tail}`;
    case "exited":
      return `ended with ${end.code}${attempt > 1 ? ` in ${attempt} tries` : ""}${tail}`;
  }
}

function programOf(
  { command, shell }: StepDescription,
  about: StepSubject,
): Pick<StepProcess, "program" | "args"> {
  if (command === undefined) return { program: "/bin/sh", args: ["-c", shell ?? ""] };
  const [program = "", ...args] = command.map((argument) =>
    argument.replace(/\$\{([^}]*)\}/g, (whole, variable: string) => {
      // The check of the description has let no other names through.
      return about[variable as StepVariable] ?? whole;
    }),
  );
  return { program, args };
}
