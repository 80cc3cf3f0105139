import type { HubClock } from "./clock.ts";
import type { Device } from "./device.ts";

/** The records of a table as queries see them: some time ago. */
export interface LaggingView {
  readonly note: (slot: number, device: Device | undefined) => void;
  readonly slots: () => readonly (Device | undefined)[];
  readonly clear: () => void;
}

const LEAST_TO_SETTLE = 1024;

/** A view that is `lagMs` of the clock behind: results may lag the twins by seconds to minutes [facts 3.1]. */
export function createLaggingView({ clock, lagMs }: { clock: HubClock; lagMs: number }): LaggingView {
  const slots: (Device | undefined)[] = [];
  let waiting: { readonly slot: number; readonly device: Device | undefined; readonly at: number }[] = [];
  let settleAt = LEAST_TO_SETTLE;
  const settle = (): void => {
    const until = clock.now() - lagMs;
    const due = waiting.findIndex(({ at }) => at > until);
    const shown = waiting.splice(0, due < 0 ? waiting.length : due);
    for (const { slot, device } of shown) {
      while (slots.length < slot) slots.push(undefined);
      slots[slot] = device;
    }
    settleAt = Math.max(LEAST_TO_SETTLE, 2 * waiting.length);
  };
  return {
    note: (slot, device) => {
      waiting.push({ slot, device, at: clock.now() });
      // Where nobody queries, what is due must not gather for ever.
      if (waiting.length >= settleAt) settle();
    },
    slots: () => {
      settle();
      return slots;
    },
    clear: () => {
      slots.length = 0;
      waiting = [];
    },
  };
}
