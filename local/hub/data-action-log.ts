import type { DataAction } from "./data-action.ts";

/** Calls of one kind by one caller, with the data actions that they took. */
export interface DataActionUse {
  /** Method and path with its parameters named, such as `PUT /configurations/:id`. */
  readonly call: string;
  /** A policy's name, or who a bearer token was made for. */
  readonly caller: string;
  readonly actions: readonly DataAction[];
  /** How many were let in; what became of them after does not matter. */
  readonly times: number;
}

/** What was allowed to whom since the hub started. */
export interface DataActionLog {
  readonly record: (use: Omit<DataActionUse, "times">) => void;
  /** In the order in which each kind was first seen. */
  readonly read: () => readonly DataActionUse[];
}

/** Callers are named by their tokens: a bound to how many are told apart. */
const MAX_KINDS = 10_000;

/** An empty log. */
export function createDataActionLog(): DataActionLog {
  const uses = new Map<string, DataActionUse>();
  return {
    record: (use) => {
      const kind = `${use.call}\n${use.caller}`;
      const before = uses.get(kind);
      if (before === undefined && uses.size >= MAX_KINDS) return;
      uses.set(kind, { ...use, times: (before?.times ?? 0) + 1 });
    },
    read: () => [...uses.values()],
  };
}
