import type { Status } from "../engine/step.ts";
import type { Problem } from "../model/problem.ts";
import type { ApplyEvent } from "../reconcile/apply.ts";
import { ciAnnotations } from "./ci-annotations.ts";
import type { Context } from "./command.ts";
import type { Session } from "./session.ts";

/** Somebody who is told what a run does, and never has a say in it. */
export interface RunObserver {
  onEvent(product: string, event: ApplyEvent): void;
  /** One look at a product is over. */
  onLookEnd(product: string, end: LookEnd): void;
  /** Resolves when all is told, or after a bounded time. */
  settle(): Promise<void>;
}

/** Where a look left a product. */
export interface LookEnd {
  /** Epoch ms by the rollout's clock. */
  readonly at: number;
  readonly status?: Status | undefined;
  readonly problems?: readonly Problem[] | undefined;
}

/** Everybody who watches the runs of this process: the CI's annotations and the channels of the settings. */
export async function runObservers(
  context: Pick<Context, "progress" | "signal">,
  session: Session,
): Promise<RunObserver> {
  const observers = [ciAnnotations(context.progress)];
  if ((session.settings.notify?.channels.length ?? 0) > 0) {
    // Loaded late: most settings name no channel.
    const { notifier } = await import("./notify/notifier.ts");
    observers.push(notifier(context, session));
  }
  return {
    onEvent: (product, event) => {
      for (const observer of observers) observer.onEvent(product, event);
    },
    onLookEnd: (product, end) => {
      for (const observer of observers) observer.onLookEnd(product, end);
    },
    settle: async () => {
      await Promise.all(observers.map((observer) => observer.settle()));
    },
  };
}
