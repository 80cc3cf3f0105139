import type { Telemetry } from "../../adapters/telemetry/telemetry.ts";
import type { Part } from "../../reconcile/reconcile.ts";
import type { RunObserver } from "../run-observer.ts";
import { secondsSince } from "./around-hub.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { readingsOfIntents, readingsOfJudgement, readingsOfLook, readingsOfStatus } from "./readings.ts";

/** Run a look at one product as a span, and measure how long it takes. */
export async function measuredLook<T>(
  telemetry: Telemetry | undefined,
  product: string,
  run: () => Promise<T>,
): Promise<T> {
  if (telemetry === undefined) return run();
  const attributes = { "wavegate.product": product };
  const began = performance.now();
  try {
    return await telemetry.around({ name: "look", attributes }, run);
  } finally {
    telemetry.measure({ instrument: INSTRUMENTS.lookDuration, value: secondsSince(began), attributes });
  }
}

/** The parts of a run as spans. */
export function partsOf(telemetry: Telemetry | undefined): Part | undefined {
  return telemetry === undefined ? undefined : (name, run) => telemetry.around({ name }, run);
}

/** Measures what a run sees and does. */
export function telemetryObserver({ measure }: Telemetry): RunObserver {
  return {
    onEvent: (product, event) => {
      if (event.kind === "judged") {
        const { judgement } = event;
        const { intent } = judgement;
        for (const reading of [
          ...readingsOfLook(product, event.at),
          ...readingsOfIntents(product, [intent]),
          ...readingsOfJudgement(judgement),
        ])
          measure(reading);
      }
      if (event.kind !== "step" || (event.step.kind !== "stop" && event.step.kind !== "record")) return;
      const decision = event.step.kind === "stop" ? "stop" : event.step.record.kind;
      const attributes = { "wavegate.product": product, "wavegate.decision": decision };
      measure({ instrument: INSTRUMENTS.decisions, value: 1, attributes });
      if (event.step.kind === "record")
        for (const reading of readingsOfIntents(product, event.step.record.intents)) measure(reading);
    },
    onLookEnd: (product, { at, status }) => {
      const found = status === undefined ? [] : readingsOfStatus(product, status);
      for (const reading of [...readingsOfLook(product, at), ...found]) measure(reading);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
