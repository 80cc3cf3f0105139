import { WavegateError } from "../../model/problem.ts";
import type { MetricAnswer } from "../../model/question.ts";
import type { MetricPort } from "../../reconcile/ports.ts";
import type { MetricSource } from "./metric-source.ts";
import { SourceFailure } from "../source-failure.ts";
import { whenAborted } from "../when-aborted.ts";

/** A source and the time it has. */
export interface TimedSource {
  readonly ask: MetricSource;
  /** Longest time for one query with all its tries, real ms. */
  readonly timeoutMs: number;
}

/** The sources of the settings by name, as the loop asks them: whatever happens is an answer, in time. */
export function metricSources(sources: Readonly<Record<string, TimedSource>>): MetricPort {
  return {
    sources: Object.keys(sources),
    measure: async (request) => {
      const { source: name } = request;
      const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
      if (source === undefined)
        return broken(new SourceFailure("unknown source", `the settings have no source "${name}"`));
      const signal = AbortSignal.timeout(source.timeoutMs);
      const late = new SourceFailure("time-out", `${name}: no answer within ${source.timeoutMs / 1_000} s`);
      try {
        // Raced, since not everybody heeds the signal.
        return await Promise.race([source.ask(request, signal), whenAborted(signal, () => late)]);
      } catch (error) {
        if (signal.aborted) return broken(late);
        // Not even a bug in here may keep the hub's counts from stopping a release.
        return broken(error instanceof SourceFailure ? error : unexpected(name, error));
      }
    },
  };
}

function broken({ trouble, message }: SourceFailure): MetricAnswer {
  return { state: "broken", trouble, detail: message };
}

/** Of somebody else's error only the name: its message may hold a request. */
function unexpected(source: string, error: unknown): SourceFailure {
  if (error instanceof WavegateError) return new SourceFailure("refused", `${source}: ${error.message}`);
  return new SourceFailure(
    "failed",
    `${source}: ${error instanceof Error ? error.name : "something"} was thrown`,
  );
}
