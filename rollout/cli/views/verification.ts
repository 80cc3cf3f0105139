import type { Verification, VerifiedStep } from "../../engine/verify/verify-store.ts";
import { errorsOf } from "../../model/problem.ts";
import { formatInstant, instantMs } from "../../model/instant.ts";
import { counted } from "./numbers.ts";
import { renderProblems } from "./problems.ts";

/** What verifying a store came to, for people: a line a record, then everything that was found. */
export function renderVerification({ product, heads, steps, problems }: Verification): string {
  const judged = steps.filter(({ rejudged }) => rejudged).length;
  const [errors, warnings] = [errorsOf(problems).length, problems.length - errorsOf(problems).length];
  const found = [some(errors, "error"), some(warnings, "warning")].filter((text) => text !== "");
  const sum = `${product}: ${some(steps.length, "record") || "no record"} under ${heads.map((head) => head.slice(0, 12)).join(", ") || "no head"}, ${some(judged, "verdict") || "no verdict"} judged again: ${found.join(", ") || "all as recorded"}`;
  return [...steps.map(lineOf), sum, ...(problems.length === 0 ? [] : [renderProblems(problems)])].join("\n");
}

function lineOf({ digest, record, rejudged, problems }: VerifiedStep): string {
  const sign = errorsOf(problems).length > 0 ? "FAIL" : problems.length > 0 ? "warn" : "ok  ";
  const verdict =
    record.verdict === undefined ? "" : `  ${record.verdict.kind} (${record.verdict.guarantee})`;
  const again = rejudged ? ", judged again" : "";
  const instant = instantMs(record.at);
  const when = Number.isFinite(instant) ? formatInstant(instant) : record.at;
  return `${sign}  ${digest.slice(0, 12)}  ${when}  ${`${record.kind} ${record.subject ?? ""}`.trim()}${verdict}${again}`;
}

/** Nothing where there is none. */
function some(count: number, noun: string): string {
  return count === 0 ? "" : counted(count, noun);
}
