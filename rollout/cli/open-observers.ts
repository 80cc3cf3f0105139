import { ciAnnotations } from "./ci-annotations.ts";
import type { Context } from "./command.ts";
import type { RunObserver } from "./run-observer.ts";
import type { Session } from "./session.ts";

/** Everybody who watches the runs of this process: the CI's annotations, telemetry and the channels of the settings. */
export async function openObservers(
  context: Pick<Context, "progress" | "signal" | "telemetry">,
  session: Session,
): Promise<RunObserver> {
  const observers = [ciAnnotations(context.progress)];
  if (context.telemetry !== undefined) {
    const { telemetryObserver } = await import("./telemetry/measured.ts");
    observers.push(telemetryObserver(context.telemetry));
  }
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
    [Symbol.asyncDispose]: async () => {
      await Promise.all(observers.map((observer) => observer[Symbol.asyncDispose]()));
    },
  };
}
