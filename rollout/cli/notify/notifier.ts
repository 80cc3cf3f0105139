import type { Digest } from "../../model/digest.ts";
import type { Stop } from "../../model/stop.ts";
import type { Context } from "../command.ts";
import type { LookEnd, RunObserver } from "../run-observer.ts";
import type { Session } from "../session.ts";
import { deliver } from "./deliver.ts";
import { deliveryPorts } from "./delivery-ports.ts";

/** Tells the channels of the settings after each look, beside the rollout and never in its way. */
export function notifier(
  context: Pick<Context, "progress" | "signal">,
  session: Pick<Session, "settings" | "records" | "cursors">,
): RunObserver {
  const ports = deliveryPorts(context, session);
  const memories = new Map<string, Memory>();
  const memoryOf = (product: string): Memory => {
    const memory = memories.get(product) ?? { stops: [] };
    memories.set(product, memory);
    return memory;
  };
  // One after the other: two at once would both find the same cursor. Of looks that end meanwhile the last one counts.
  const work = async (product: string, memory: Memory): Promise<void> => {
    for (let end = memory.due; end !== undefined; end = memory.due) {
      delete memory.due;
      const stops = memory.stops.splice(0);
      await deliver({ product, ...end, stops, headBefore: memory.headBefore }, ports);
    }
    delete memory.working;
  };
  return {
    onEvent: (product, event) => {
      if (event.kind !== "step") return;
      const memory = memoryOf(product);
      if (event.step.kind === "stop") memory.stops.push(event.step.stop);
      if (event.step.kind === "record" && memory.headBefore === undefined)
        memory.headBefore = event.step.record.parent;
    },
    onLookEnd: (product, end) => {
      const memory = memoryOf(product);
      memory.due = end;
      memory.working ??= work(product, memory);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...memories.values()].map(({ working }) => working ?? Promise.resolve()));
    },
  };
}

/** What is known of one product. */
interface Memory {
  /** Carried out since they were told last. */
  readonly stops: Stop[];
  headBefore?: Digest | null;
  /** The end of the latest look, while it is not told yet. */
  due?: LookEnd;
  working?: Promise<void>;
}
