/** Calls that Azure limits by the minute [facts 1.9]. */
export type PacedCalls = "registry" | "configurations" | "queries" | "jobs";

/** So many of each in a minute: a little less than a hub of one unit S1 or F1 takes. */
const PER_MINUTE: Readonly<Record<PacedCalls, number>> = {
  registry: 90,
  configurations: 18,
  queries: 18,
  jobs: 90,
};
const MINUTE_MS = 60_000;
/** How often a call is made again that was throttled all the same: others may use the hub too. */
const TRIES = 12;
const AGAIN_AFTER_MS = 20_000;

/** Makes a call when its turn has come. */
export type Pace = <Answer>(
  calls: {
    readonly of?: PacedCalls | undefined;
    readonly amount?: number;
    /** Whether an answer says that the call was throttled; an SDK throws. */
    readonly isThrottled?: (answer: Answer) => boolean;
  },
  call: () => Promise<Answer>,
) => Promise<Answer>;

/** Time that the pace passes: the clock of a local hub, or real waiting. */
export interface PaceClock {
  readonly now: () => number;
  readonly pass: (ms: number) => Promise<void>;
  /** What a call takes at least, so that limits by the second are respected too. */
  readonly callMs: number;
  /** Whether others may spend from the same limits, so that a throttled call is made again. */
  readonly isShared: boolean;
}

/** Keep the service's limits: no minute has more calls of a kind than it takes. */
export function createPace({ now, pass, callMs, isShared }: PaceClock): Pace {
  const made = new Map<PacedCalls, number[]>();
  const turn = async (of: PacedCalls, amount: number): Promise<void> => {
    const times = made.get(of) ?? [];
    made.set(of, times);
    for (;;) {
      while (times[0] !== undefined && times[0] <= now() - MINUTE_MS) times.shift();
      const [oldest] = times;
      if (oldest === undefined || times.length + amount <= PER_MINUTE[of]) break;
      await pass(oldest + MINUTE_MS - now());
    }
    times.push(...Array.from({ length: amount }, now));
  };
  return async ({ of, amount = 1, isThrottled = () => false }, call) => {
    for (let again = 1; ; again++) {
      if (of !== undefined) await turn(of, amount);
      if (callMs > 0) await pass(callMs);
      try {
        const answer = await call();
        if (!isShared || !isThrottled(answer) || again === TRIES) return answer;
      } catch (error) {
        if (!isShared || !isThrottlingError(error) || again === TRIES) throw error;
      }
      await pass(AGAIN_AFTER_MS);
    }
  };
}

function isThrottlingError(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === "ThrottlingError";
}
