import { WavegateError } from "../model/problem.ts";
import type { ClockPort, HubCallOptions } from "../reconcile/ports.ts";
import { hubError } from "./hub-errors.ts";
import { throwIfInterrupted, type Pace } from "./hub-pace.ts";
import { AGAIN_FOR_READS, AGAIN_FOR_URGENT_WRITES, retryCall } from "./hub-retries.ts";
import type { Around } from "./telemetry/telemetry.ts";
import { withinTime } from "./within-time.ts";

/** One call of the SDK, with its name for an error's words and the class of calls it belongs to. */
export interface HubCall<T> extends HubCallOptions {
  /** What is done, of which there are few: "replace configuration". */
  readonly what: string;
  /** To which one. */
  readonly which?: string;
  readonly pace: Pace;
  readonly run: () => Promise<T>;
}

/** Calls of one hub: each waits for its turn, ends in time, and fails with a WavegateError. */
export interface HubCalls {
  /** Tried again when the hub throttles, fails or does not answer. */
  readonly read: <T>(call: HubCall<T>) => Promise<T>;
  /** Sent once; again only if it is urgent and a throttle refused it, which surely had no effect. */
  readonly write: <T>(call: HubCall<T>) => Promise<T>;
}

/** The signal of what nobody may interrupt. */
const NEVER = new AbortController().signal;

/** How to call one hub. */
export function hubCalls(options: {
  /** The hub's name in the settings. */
  readonly hub: string;
  readonly clock: ClockPort;
  /** Longest wait for one answer, real ms. */
  readonly timeoutMs: number;
  /** Interrupts every call that is not urgent. */
  readonly signal?: AbortSignal | undefined;
  /** Measures each request that is sent; default: nobody does. */
  readonly around?: Around | undefined;
}): HubCalls {
  const { hub, clock, timeoutMs } = options;
  const around: Around = options.around ?? ((_, run) => run());

  /** A stop that was begun is carried to its end, though somebody stopped watching. */
  const interruptionOf = ({ urgent = false, signal }: HubCallOptions): AbortSignal => {
    const signals = [signal, urgent ? undefined : options.signal].filter((one) => one !== undefined);
    return signals.length === 0 ? NEVER : AbortSignal.any(signals);
  };

  const send = async <T>(
    call: HubCall<T>,
    { interruption, isRead, onSend }: { interruption: AbortSignal; isRead: boolean; onSend: () => void },
  ): Promise<T> => {
    const { pace, urgent = false, sendBy, run } = call;
    const what = call.which === undefined ? call.what : `${call.what} ${call.which}`;
    await pace.turn({ urgent, signal: interruption });
    if (sendBy !== undefined && clock.monotonic() > sendBy) {
      const message = `${what} on ${hub}: its turn came over a minute after the look; it was not sent`;
      throw new WavegateError("OBSERVATION_STALE", message, { hint: "run the command again" });
    }
    onSend();
    const attributes = {
      "wavegate.hub": hub,
      "wavegate.hub.call.class": pace.name,
      "wavegate.hub.call.operation": call.what,
    };
    return around({ name: `hub: ${call.what}`, isCall: true, attributes }, async () => {
      try {
        // A write that was sent is not cut off: whether it took effect is worth the wait.
        const signal = isRead ? interruption : NEVER;
        return await withinTime(run, { what: `${what} on ${hub}`, timeoutMs, signal });
      } catch (error) {
        if (isRead) throwIfInterrupted(interruption);
        const failure = hubError(error, { what, hub, now: clock.now() });
        if (failure.code === "HUB_THROTTLED") pace.refused(failure.retryAfterMs);
        throw failure;
      }
    });
  };

  return {
    read: (call) => {
      const interruption = interruptionOf(call);
      return retryCall((onSend) => send(call, { interruption, isRead: true, onSend }), {
        again: AGAIN_FOR_READS,
        clock,
        signal: interruption,
      });
    },
    write: (call) => {
      const interruption = interruptionOf(call);
      return retryCall((onSend) => send(call, { interruption, isRead: false, onSend }), {
        again: call.urgent === true ? AGAIN_FOR_URGENT_WRITES : [],
        clock,
        signal: interruption,
      });
    },
  };
}
