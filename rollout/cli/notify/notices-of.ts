import type { NamedRecord } from "../../engine/observation.ts";
import type { Status } from "../../engine/step.ts";
import type { AttemptId } from "../../model/attempt.ts";
import { digestOf } from "../../model/digest.ts";
import { isoInstant } from "../../model/instant.ts";
import { severityOf, type Notice, type NoticeKind } from "../../model/notice.ts";
import { errorsOf, type Problem } from "../../model/problem.ts";
import { totalOf } from "../../model/question.ts";
import { isRolledOut, type Intent, type RecordKind } from "../../model/record.ts";
import { strengthOf, type Stop } from "../../model/stop.ts";
import type { Verdict } from "../../model/verdict.ts";

/**
 * What a record tells people. One that takes stops into the chain tells each release's strongest, under the stop's own
 * id: it may have been told already, before there was a record.
 */
export function noticesOfRecord({ digest, record }: NamedRecord): readonly Notice[] {
  const { product, kind, subject, intents } = record;
  if (record.stops.length > 0) {
    return strongestStops(record.stops).map((stop) => ({
      ...noticeOfStop(product, stop, intents),
      record: digest,
      ...(stop.attempt === subject && record.verdict !== undefined ? { gate: gateOf(record.verdict) } : {}),
    }));
  }
  // A first record without anything in it is no news.
  if (kind === "create") return [];
  const about = aboutAttempt(intents, subject);
  const { at, actor, reason } = record;
  return [
    {
      ...{ id: digest, kind, severity: severityOf(kind), at, product },
      title: titleOf(kind, nameOf(product, subject, about), about.wave),
      ...{ reason, ...about, actor },
      ...(record.verdict === undefined ? {} : { gate: gateOf(record.verdict) }),
      record: digest,
      next: nextCommand(kind, product, about.release),
    },
  ];
}

/** What a stop tells that was carried out, recorded or not. */
export function noticeOfStop(product: string, stop: Stop, intents: readonly Intent[] = []): Notice {
  const { id, kind, attempt, at, actor, reason } = stop;
  const about = aboutAttempt(intents, attempt);
  return {
    ...{ id, kind, severity: severityOf(kind), at, product },
    title: titleOf(kind, nameOf(product, attempt, about), about.wave),
    ...{ reason, ...about, attempt, actor },
    next: nextCommand(kind, product, about.release),
  };
}

/** That a rollout waits for a person; undefined where it does not, or where a hold has told it already. */
export function noticeOfWaiting(
  product: string,
  {
    status,
    problems = [],
  }: { readonly status?: Status | undefined; readonly problems?: readonly Problem[] | undefined },
  { head, at }: { readonly head: NamedRecord | undefined; readonly at: number },
): Notice | undefined {
  const blocking = errorsOf(problems);
  const isHeld = status?.phase === "held" && status.attempt !== undefined;
  if (blocking.length === 0 && (status?.needsPerson !== true || isHeld)) return undefined;
  const what =
    blocking.length > 0
      ? { problems: blocking.map(({ code, path }) => ({ code, path })) }
      : {
          phase: status?.phase,
          attempt: status?.attempt ?? null,
          code: status?.verdict?.reasons[0]?.code ?? null,
        };
  const intents = head?.record.intents ?? [];
  const about = aboutAttempt(intents, status?.attempt ?? null);
  const reason =
    blocking.length > 0
      ? blocking.map(({ code, path, summary }) => `${code}: ${path}: ${summary}`).join("; ")
      : (status?.text ?? "");
  const kind = "person needed";
  return {
    // The same for as long as the same is waited for under the same head.
    id: digestOf({ kind, product, head: head?.digest ?? null, ...what }),
    ...{ kind, severity: severityOf(kind), at: isoInstant(at), product },
    title: titleOf(kind, nameOf(product, status?.attempt ?? null, about), about.wave),
    ...{ reason, ...about },
    next: blocking.length > 0 ? `wavegate plan ${product}` : `wavegate status ${product}`,
  };
}

function strongestStops(stops: readonly Stop[]): readonly Stop[] {
  const byAttempt = new Map<AttemptId, Stop>();
  for (const stop of stops) {
    const before = byAttempt.get(stop.attempt);
    if (before === undefined || strengthOf(stop.kind) > strengthOf(before.kind))
      byAttempt.set(stop.attempt, stop);
  }
  return [...byAttempt.values()];
}

type About = Pick<Notice, "release" | "attempt" | "wave" | "devices">;

function aboutAttempt(intents: readonly Intent[], subject: AttemptId | null): About {
  const intent = intents.find(({ attempt }) => attempt === subject);
  if (intent === undefined) return {};
  const { version: release, attempt } = intent;
  if (!isRolledOut(intent)) return { release, attempt };
  const wave = intent.release.waves[intent.wave]?.name;
  return { release, attempt, ...(wave === undefined ? {} : { wave }), devices: totalOf(intent.targeted) };
}

function nameOf(product: string, attempt: AttemptId | null, { release }: About): string {
  // The id of an attempt names the product too.
  return release === undefined ? (attempt ?? product) : `${product} ${release}`;
}

function gateOf({ kind, guarantee, reasons }: Verdict): NonNullable<Notice["gate"]> {
  return {
    verdict: kind,
    guarantee,
    reasons: reasons.map(({ stratum, k, n, evidence, threshold, text }) => ({
      ...(stratum === undefined ? {} : { stratum }),
      ...(k === undefined ? {} : { k }),
      ...(n === undefined ? {} : { n }),
      ...(evidence === undefined ? {} : { evidence }),
      ...(threshold === undefined ? {} : { threshold }),
      text,
    })),
  };
}

function titleOf(kind: Exclude<NoticeKind, "test">, name: string, wave = ""): string {
  switch (kind) {
    case "adopt":
      return `${name} is what the devices run`;
    case "start":
      return `${name} starts with wave "${wave}"`;
    case "promote":
      return `${name} goes on to wave "${wave}"`;
    case "widen":
      return `${name} opens the next part of wave "${wave}"`;
    case "approve":
      return `${name}: somebody approved a wave`;
    case "override":
      return `${name}: somebody overruled the gate of wave "${wave}"`;
    case "complete":
      return `${name} has reached everyone`;
    case "settle":
      return `${name} is settled: its watch is over`;
    case "hold":
      return `${name} is held and waits for a person`;
    case "resume":
      return `${name} was resumed`;
    case "halt":
      return `${name} was halted: its devices keep it`;
    case "abort":
      return `${name} was stopped and is taken back`;
    case "retry":
      return `${name} may be tried once more`;
    case "rolled back":
      return `${name} is taken back: its devices are on the version before`;
    case "retire":
      return `${name}: its configuration is retired`;
    case "person needed":
      return `${name} waits for a person`;
  }
}

function nextCommand(kind: RecordKind, product: string, release: string | undefined): string {
  switch (kind) {
    case "hold":
      return `wavegate resume ${product} --reason "...", or wavegate abort ${product} --reason "..."`;
    case "halt":
    case "abort":
    case "rolled back":
      return `wavegate history ${product}${release === undefined ? "" : ` --release ${release}`}`;
    default:
      return `wavegate status ${product}`;
  }
}
