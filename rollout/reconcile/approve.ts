import { countingApprovals, pendingApprovals, unapprovedWaves } from "../engine/growth-bar.ts";
import { reachedHubs } from "../engine/found.ts";
import { nextRecord } from "../engine/next-record.ts";
import type { StepInput } from "../engine/observation.ts";
import type { Step } from "../engine/step.ts";
import { wantedOf } from "../engine/wanted.ts";
import type { AttemptId } from "../model/attempt.ts";
import { WavegateError } from "../model/problem.ts";
import type { Approval, RolloutIntent } from "../model/record.ts";
import { closest } from "../model/schema-problems.ts";
import type { Wave } from "../model/wave.ts";
import type { Declared } from "../plan/declared.ts";
import { nextAttempt } from "../plan/plan-release.ts";
import type { ReconcileOptions, ReconcilePorts } from "./reconcile.ts";
import { recordDecision } from "./record-decision.ts";

/** An approval, and how far the wave is with it. */
export interface Approved {
  readonly attempt: AttemptId;
  readonly version: string;
  readonly wave: string;
  /** People whose approval counts, this one among them. */
  readonly given: readonly string[];
  readonly wanted: number;
  /** True when this person had approved before: nothing was written. */
  readonly already: boolean;
}

/** Approve one wave of a release, ahead of time or when it is awaited: a record, and nothing else happens. */
export async function approve(
  declared: Declared,
  ports: ReconcilePorts,
  options: ReconcileOptions & {
    readonly wave?: string;
    readonly version?: string;
    readonly reason?: string;
  },
): Promise<Approved> {
  return recordDecision(declared, ports, options, ({ input }) => {
    const subject = subjectOf(input, options);
    const { attempt, release, approvals, author, intent } = subject;
    const wave = waveToApprove(subject, options.wave);
    const { name, approvals: wanted } = wave;
    const { actor } = options;
    if (wanted > 1 && actor === author) {
      throw new WavegateError(
        "APPROVAL_VOID",
        `${actor} started ${release.version}, and "${name}" wants ${wanted} others`,
        { hint: `somebody else has to run: wavegate approve ${declared.product} --wave "${name}"` },
      );
    }
    const already = approvals.some((one) => one.wave === name && one.actor === actor);
    const approval: Approval = { wave: name, actor, at: input.observation.at };
    const all = already ? approvals : [...approvals, approval];
    const given = countingApprovals({ wanted, wave: name, approvals: all, author });
    const result = { attempt, version: release.version, wave: name, given, wanted, already };
    if (already) return Promise.resolve({ result });
    const reason = options.reason ?? `approves "${name}"`;
    const changed = intent === undefined ? [] : [{ ...intent, approvals: all }];
    const step = nextRecord(input, { kind: "approve", subject: attempt, changed, reason });
    return Promise.resolve({ step: intent === undefined ? withApproval(step, approval) : step, result });
  });
}

interface Subject extends Pick<RolloutIntent, "attempt" | "release" | "approvals" | "author"> {
  /** Index of the widest wave that is open; -1 before the start. */
  readonly open: number;
  /** Absent before the start. */
  readonly intent?: RolloutIntent;
}

/** The release under way while one of its waves still wants people, else the one that would start next. */
function subjectOf(input: StepInput, { version }: { readonly version?: string }): Subject {
  const { declared, observation, deciding } = input;
  const intents = observation.store?.head?.record.intents ?? [];
  const isMeant = (found: string): boolean => version === undefined || found === version;
  const intent = intents.findLast(
    (one): one is RolloutIntent => (one.state === "running" || one.state === "held") && isMeant(one.version),
  );
  if (intent !== undefined) {
    const { attempt, release, approvals, author, wave } = intent;
    const subject = { attempt, release, approvals, author, open: wave, intent };
    if (version !== undefined || unapprovedWaves(subject).length > 0) return subject;
  }
  const wanted = wantedOf(input);
  if (wanted !== undefined && isMeant(wanted.release.version)) {
    const { release, digest } = wanted;
    const attempt = nextAttempt(release, digest, { intents, hubs: reachedHubs(observation) });
    return { attempt, release, approvals: pendingApprovals(input, attempt), author: "", open: -1 };
  }
  const which = version === undefined ? "no release of" : `${version} of`;
  throw new WavegateError(
    "NOTHING_TO_APPROVE",
    `${which} ${declared.product} awaits an approval${deciding.actor === "" ? "" : ` of ${deciding.actor}`}`,
    { hint: `see what is under way: wavegate status ${declared.product}` },
  );
}

function waveToApprove(subject: Subject, name: string | undefined): Wave {
  const { release, open } = subject;
  const refuse = (message: string, hint: string): never => {
    throw new WavegateError("NOTHING_TO_APPROVE", message, { hint });
  };
  const see = `see what is under way: wavegate status ${release.product}`;
  if (name === undefined) {
    const [first] = unapprovedWaves(subject);
    return first ?? refuse(`no wave of ${release.version} awaits an approval`, see);
  }
  const index = release.waves.findIndex((wave) => wave.name === name);
  const wave: Wave | undefined = release.waves[index];
  if (wave === undefined) {
    const names = release.waves.map((one) => one.name);
    const near = closest(name, names);
    const hint = near === undefined ? `its waves: ${names.join(", ")}` : `did you mean "${near}"?`;
    return refuse(`${release.version} has no wave "${name}"`, hint);
  }
  if (index <= open) return refuse(`wave "${name}" of ${release.version} is open already`, see);
  if (wave.approvals === 0) return refuse(`wave "${name}" of ${release.version} wants no approval`, see);
  return wave;
}

/** Before the start there is no intent to keep an approval in: the record itself does. */
function withApproval(step: Step, approval: Approval): Step {
  return step.kind === "record" ? { ...step, record: { ...step.record, approval } } : step;
}
