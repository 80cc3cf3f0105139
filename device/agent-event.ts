import type { Failure } from "./failure.ts";
import type { HubLinkEvent } from "./hub-link.ts";

/** What a running agent does, for logs, simulations and tests. */
export type AgentEvent =
  | HubLinkEvent
  | { readonly type: "booted"; readonly version: string; readonly failure?: Failure }
  /** Something that is not supposed to happen did; the agent goes on. */
  | { readonly type: "trouble"; readonly message: string };
