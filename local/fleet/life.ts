/** Why a simulated device is switched off: to come up again at once, at an instant (epoch ms), or never. */
export type End =
  { readonly kind: "reboot" | "dead" } | { readonly kind: "asleep"; readonly untilMs: number };

/** A device from one power-on to the next power-off. */
export interface Life {
  /** Aborts when it is over. */
  readonly signal: AbortSignal;
  readonly over: Promise<End>;
  /** Switch off; the first who does says why. */
  readonly end: (end: End) => void;
}

/** Power on. */
export function newLife(): Life {
  const power = new AbortController();
  const { promise: over, resolve } = Promise.withResolvers<End>();
  return {
    signal: power.signal,
    over,
    end(end) {
      resolve(end);
      power.abort();
    },
  };
}
