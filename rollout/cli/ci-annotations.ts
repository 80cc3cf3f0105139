import type { Notice } from "../model/notice.ts";
import { digestOf } from "../model/digest.ts";
import { errorsOf, type Problem, type WavegateError } from "../model/problem.ts";
import { fitted } from "../adapters/notify/fitted-text.ts";
import { noticeOfStop, noticesOfRecord } from "./notify/notices-of.ts";
import type { RunObserver } from "./run-observer.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a CI shows beside a run. */
interface Annotation {
  readonly level: "error" | "warning";
  readonly title: string;
  readonly message: string;
}

/** Longest message; a CI cuts what is longer, or refuses it. */
const MOST = 1_000;
/** GitHub shows so many of each level a step; the rest is in the log. */
const MOST_OF_A_LEVEL = 10;

/**
 * Annotations of GitHub Actions and Azure Pipelines for stops, holds and what blocks; elsewhere nothing. They are lines of
 * standard error, which both read, so that standard output stays the result's.
 */
export function ciAnnotations(
  write: (line: string) => void,
  environment: Environment = process.env,
): RunObserver {
  const annotate = annotations(write, environment);
  const told = (notice: Notice): void => {
    if (!["abort", "halt", "hold"].includes(notice.kind)) return;
    const level = notice.severity === "critical" ? "error" : "warning";
    annotate(notice.id, { level, title: notice.title, message: notice.reason });
  };
  return {
    onEvent: (product, event) => {
      if (event.kind !== "step") return;
      if (event.step.kind === "stop") told(noticeOfStop(product, event.step.stop));
      if (event.step.kind !== "record") return;
      const { record } = event.step;
      for (const notice of noticesOfRecord({ digest: digestOf(record), record })) told(notice);
    },
    onLookEnd: (product, { status, problems = [] }) => {
      if (status?.needsPerson === true)
        annotate(`${product} ${status.text}`, {
          level: "warning",
          title: `${product} waits for a person`,
          message: status.text,
        });
      for (const problem of errorsOf(problems)) annotate(JSON.stringify(problem), annotationOf(problem));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Annotate the problems that block a plan. */
export function annotateProblems(
  problems: readonly Problem[],
  write: (line: string) => void,
  environment: Environment = process.env,
): void {
  const annotate = annotations(write, environment);
  for (const problem of errorsOf(problems)) annotate(JSON.stringify(problem), annotationOf(problem));
}

/** Annotate an error that ends a command, with all that it has to say. */
export function annotateError(
  { code, message, hint, problems }: WavegateError,
  write: (line: string) => void,
  environment: Environment = process.env,
): void {
  const title = code;
  annotations(write, environment)(code, { level: "error", title, message: `${message}; next: ${hint}` });
  annotateProblems(problems, write, environment);
}

function annotationOf({ code, path, summary, hint }: Problem): Annotation {
  return { level: "error", title: code, message: `${path}: ${summary}; next: ${hint}` };
}

/** Writes annotations in the CI's own form, each once. */
function annotations(
  write: (line: string) => void,
  environment: Environment,
): (key: string, annotation: Annotation) => void {
  const form = formOf(environment);
  const seen = new Set<string>();
  const counts = { error: 0, warning: 0 };
  return (key, annotation) => {
    if (form === undefined || seen.has(key) || counts[annotation.level] >= MOST_OF_A_LEVEL) return;
    seen.add(key);
    counts[annotation.level] += 1;
    write(form(annotation));
  };
}

function formOf(environment: Environment): ((annotation: Annotation) => string) | undefined {
  if (environment["GITHUB_ACTIONS"] === "true") return githubCommand;
  return environment["TF_BUILD"]?.toLowerCase() === "true" ? azureCommand : undefined;
}

/** [GitHub: workflow commands; toolkit/core/command.ts] */
function githubCommand({ level, title, message }: Annotation): string {
  const data = (character: string): string => ({ "%": "%25" })[character] ?? character;
  const property = (character: string): string =>
    ({ "%": "%25", ":": "%3A", ",": "%2C" })[character] ?? character;
  return `::${level} title=${fitted(`wavegate: ${title}`, 200, property)}::${fitted(message, MOST, data)}`;
}

/** [Azure Pipelines: logging commands, task.logissue, formatting commands] */
function azureCommand({ level, title, message }: Annotation): string {
  const escaped = (character: string): string => ({ "%": "%AZP25" })[character] ?? character;
  return `##vso[task.logissue type=${level}]${fitted(`wavegate: ${title}: ${message}`, MOST, escaped)}`;
}
