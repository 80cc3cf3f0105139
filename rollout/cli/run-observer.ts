import type { Status } from "../engine/step.ts";
import type { Problem } from "../model/problem.ts";
import type { ApplyEvent } from "../reconcile/apply.ts";

/** Somebody who is told what a run does, and never has a say in it. Disposed of, it has told everything, in bounded time. */
export interface RunObserver extends AsyncDisposable {
  readonly onEvent: (product: string, event: ApplyEvent) => void;
  /** One look at a product is over. */
  readonly onLookEnd: (product: string, end: LookEnd) => void;
}

/** Where a look left a product. */
export interface LookEnd {
  /** Epoch ms by the rollout's clock. */
  readonly at: number;
  readonly status?: Status | undefined;
  readonly problems?: readonly Problem[] | undefined;
}
