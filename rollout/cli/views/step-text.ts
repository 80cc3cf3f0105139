import type { Effect } from "../../reconcile/act.ts";

/** One step in words, for people who watch; undefined for what is only bookkeeping. */
export function stepText(step: Effect): string | undefined {
  switch (step.kind) {
    case "stop":
      return `STOP ${step.stop.attempt}: ${step.why}`;
    case "create":
    case "grant":
    case "write":
    case "remove":
      return step.why;
    case "mark":
      return undefined;
    case "record": {
      const { record } = step;
      const subject = record.intents.find(({ attempt }) => attempt === record.subject);
      const evidence =
        record.verdict?.reasons.map(({ text }) => text).filter((text) => !record.reason.startsWith(text)) ??
        [];
      return `${record.kind}${subject === undefined ? "" : ` ${subject.version}`}: ${[record.reason, ...evidence].join("; ")}`;
    }
  }
}
