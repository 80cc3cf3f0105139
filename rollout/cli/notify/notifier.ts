import type { Digest } from "../../model/digest.ts";
import type { Stop } from "../../model/stop.ts";
import type { Context } from "../command.ts";
import { isToldOf } from "../notify-settings.ts";
import type { RunObserver } from "../run-observer.ts";
import type { Session } from "../session.ts";
import { hubsOf } from "../settings.ts";
import { deliver, type ListeningChannel } from "./deliver.ts";
import { withLink } from "./notice-link.ts";
import { openChannel } from "./open-channels.ts";

/** Tells the channels of the settings after each look, beside the rollout and never in its way. */
export function notifier(
  { progress, signal }: Pick<Context, "progress" | "signal">,
  session: Pick<Session, "settings" | "records" | "cursors">,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): RunObserver {
  const { settings, records, cursors } = session;
  const channels = (settings.notify?.channels ?? []).map((one): ListeningChannel => {
    const { name, send } = openChannel(one);
    return {
      channel: {
        name,
        send: (notice, ends) => send(withLink(notice, settings.notify?.link, environment), ends),
      },
      wants: (notice) => isToldOf(one, notice),
    };
  });
  const ports = {
    channels,
    records,
    cursors,
    hubs: hubsOf(settings).map(({ name }) => name),
    warn: progress,
    signal,
  };
  const memories = new Map<string, Memory>();
  const memoryOf = (product: string): Memory => {
    const memory = memories.get(product) ?? { stops: [], last: Promise.resolve() };
    memories.set(product, memory);
    return memory;
  };
  return {
    onEvent: (product, { kind, ...event }) => {
      if (kind !== "step" || !("step" in event)) return;
      const memory = memoryOf(product);
      if (event.step.kind === "stop") memory.stops.push(event.step.stop);
      if (event.step.kind === "record" && memory.headBefore === undefined)
        memory.headBefore = event.step.record.parent;
    },
    onLookEnd: (product, end) => {
      const memory = memoryOf(product);
      const stops = memory.stops.splice(0);
      // One after the other: two at once would both find the same cursor.
      memory.last = memory.last.then(() =>
        deliver({ product, ...end, stops, headBefore: memory.headBefore }, ports),
      );
    },
    settle: async () => {
      await Promise.all([...memories.values()].map(({ last }) => last));
    },
  };
}

/** What is known of one product. */
interface Memory {
  /** Carried out since the last look's end. */
  readonly stops: Stop[];
  headBefore?: Digest | null;
  last: Promise<void>;
}
