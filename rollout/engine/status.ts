import { formatDuration } from "../model/duration.ts";
import type { RolloutIntent } from "../model/record.ts";
import { bakeNeededMs } from "./assess-evidence.ts";
import { remainingDevices } from "./finish-taking-back.ts";
import { growthBar, startBar, type GrowthBar } from "./growth-bar.ts";
import { silenceLagMs, type Judged, type Judgement } from "./judge.ts";
import type { StepInput } from "./observation.ts";
import { hasMoreParts } from "./promote.ts";
import type { Status, Step } from "./step.ts";

/** Where a product stands when there is nothing to do now, and what is waited for: what is most urgent first. */
export function statusOf(input: StepInput, judgements: readonly Judgement[]): Status {
  const intents = input.observation.store?.head?.record.intents ?? [];
  const find = (state: RolloutIntent["state"]): RolloutIntent | undefined =>
    intents.findLast((intent): intent is RolloutIntent => intent.state === state);
  const held = find("held");
  if (held !== undefined) {
    const text = `${held.version} is held; wavegate resume ${input.declared.product}, or abort it (why: wavegate history)`;
    return { phase: "held", attempt: held.attempt, text, needsPerson: true };
  }
  const back = find("rolling back");
  if (back !== undefined) {
    const remaining = remainingDevices(input, back);
    const text =
      remaining === undefined
        ? "the hub did not say how many devices are still to come back"
        : `${remaining} devices still to come back from ${back.version}`;
    return { phase: "rolling back", attempt: back.attempt, text, needsPerson: false };
  }
  const running = find("running");
  if (running !== undefined)
    return statusOfRunning(
      input,
      running,
      judgements.find(({ intent }) => intent.attempt === running.attempt),
    );
  const start = startBar(input);
  if (start !== undefined) {
    const phase = start.isForOthers === true ? "idle" : "waiting";
    return { phase, attempt: undefined, ...told(start, start.version) };
  }
  const watching = find("watching");
  if (watching !== undefined) {
    const until = (watching.completedAt ?? input.observation.at) + watching.release.watchMs;
    const text = `${watching.version} is complete and watched for another ${formatDuration(until - input.observation.at)}`;
    return { phase: "watching", attempt: watching.attempt, text, needsPerson: false, notBefore: until };
  }
  const halted = intents.at(-1);
  const text =
    halted?.state === "halted"
      ? `${halted.version} is halted: its devices keep it, nobody else gets it; wavegate retry ${input.declared.product}, or declare a higher version`
      : "nothing to do: the fleet is as declared";
  return { phase: "idle", attempt: undefined, text, needsPerson: false };
}

/** A bar in the words of a status. */
function told(bar: GrowthBar, what: string): Pick<Status, "text" | "needsPerson" | "notBefore"> {
  const { why, needsPerson, until } = bar;
  return { text: `${what} waits: ${why}`, needsPerson, ...(until === undefined ? {} : { notBefore: until }) };
}

/** What a wave in parts waits for before its next part. */
function statusOfParts(input: StepInput, { intent, verdict, slowed }: Judged): Status | undefined {
  const { attempt, release, wave, part, partOpenedAt } = intent;
  const declared = release.waves[wave];
  if (declared?.pace === undefined || !hasMoreParts(intent)) return undefined;
  const { parts, everyMs } = declared.pace;
  const name = `wave "${declared.name}", part ${part} of ${parts}`;
  const common = { phase: "contacting", attempt, verdict } as const;
  if (slowed !== undefined) {
    // It may pass by itself; what does not within the gate's patience is for a person, as an undecided wave is.
    const isLong = input.observation.at - partOpenedAt > release.gate.patienceMs;
    const asked = isLong
      ? `; for longer than the gate's patience of ${formatDuration(release.gate.patienceMs)}`
      : "";
    const needsPerson = isLong || slowed.code === "STAYED_AWAY";
    return { ...common, text: `${name}: ${slowed.text}${asked}`, needsPerson };
  }
  const bar = growthBar(input, intent);
  if (bar !== undefined) return { ...common, phase: "waiting", ...told(bar, name) };
  const notBefore = partOpenedAt + everyMs;
  const text = `${name}: the next opens in ${formatDuration(notBefore - input.observation.at)}`;
  return { ...common, text, needsPerson: false, notBefore };
}

/** Nothing is done, and why: for a person, unless told that it may pass by itself. */
export function held(text: string, needsPerson = true): Extract<Step, { kind: "wait" }> {
  return { kind: "wait", status: { phase: "held", attempt: undefined, text, needsPerson } };
}

function statusOfRunning(input: StepInput, intent: RolloutIntent, judgement: Judgement | undefined): Status {
  const attempt = intent.attempt;
  const wave = intent.release.waves[intent.wave];
  const name = `wave "${wave?.name ?? ""}"`;
  if (judgement?.kind !== "judged") {
    const text = `${name}: the hub did not answer every count${judgement === undefined ? "" : ` (${judgement.reason})`}; nothing is promoted`;
    return { phase: "contacting", attempt, text, needsPerson: false };
  }
  const parts = statusOfParts(input, judgement);
  if (parts !== undefined) return parts;
  const { verdict, coverage, bakedSince } = judgement;
  const next = intent.release.waves[intent.wave + 1];
  const bar =
    verdict.kind === "promote" && next !== undefined
      ? growthBar(input, { ...intent, wave: intent.wave + 1 })
      : undefined;
  if (bar !== undefined) {
    // A baked, promoted wave: what is waited for is the calendar, or people.
    return { phase: "waiting", attempt, verdict, ...told(bar, `${name} is judged; "${next?.name ?? ""}"`) };
  }
  const reason = verdict.reasons[0];
  const away = verdict.reasons.find(({ code }) => code === "STAYED_AWAY");
  if (away !== undefined)
    return { phase: "contacting", attempt, text: `${name}: ${away.text}`, needsPerson: true, verdict };
  const needsPerson = reason?.code === "PATIENCE";
  if (bakedSince === undefined || wave === undefined) {
    const text = `${name}: ${coverage.contacted} of ${coverage.targeted} devices made contact`;
    return { phase: "contacting", attempt, text, needsPerson, verdict };
  }
  const until = bakedSince + bakeNeededMs(wave, intent.release.gate, silenceLagMs(input));
  if (until > input.observation.at) {
    const text = `${name}: bakes for another ${formatDuration(until - input.observation.at)}`;
    return { phase: "baking", attempt, text, needsPerson, notBefore: until, verdict };
  }
  return { phase: "judged", attempt, text: `${name}: ${reason?.text ?? verdict.kind}`, needsPerson, verdict };
}
