import type { MaintenanceWindow } from "../rollout/model/maintenance-window.ts";
import { isTimeZone, windowAt } from "../rollout/model/maintenance-window.ts";
import { reasonOf } from "./failure.ts";

/** When a device may leave the image it runs. What comes before, the download included, is done without asking. */
export interface Permission {
  /** Windows on the device's own clock and calendar, one of which has to be open. Default: always. */
  readonly windows?: readonly MaintenanceWindow[];
  /**
   * Ask whoever the device belongs to: nothing means yes, a text says why not now. Asked again every minute of the
   * device's clock until it is yes; an error is no. Default: nobody is asked.
   */
  readonly consent?: (update: AskedUpdate) => Promise<string | undefined> | string | undefined;
}

/** What the owner is asked about. A take-back is asked about like any other update: it interrupts as much. */
export interface AskedUpdate {
  readonly rolloutId: string;
  readonly version: string;
  readonly fromVersion: string;
}

/** How long until the owner and the windows are asked again. */
export const ASK_AGAIN_MS = 60_000;
/** A clock that shows an earlier instant has not been set since the power came. */
const CLOCK_IS_SET_FROM = Date.UTC(2025, 0, 1);

/** Every reason why the device may not go on at this instant; nothing: it may. */
export async function whyNotNow(
  { windows, consent }: Permission,
  { update, atMs }: { readonly update: AskedUpdate; readonly atMs: number },
): Promise<string | undefined> {
  const reasons = [
    windows === undefined ? undefined : whyClosed(windows, atMs),
    await refusal(consent, update),
  ];
  const given = reasons.filter((reason) => reason !== undefined);
  return given.length === 0 ? undefined : given.join("; ");
}

/** Refuse windows that could never open, before the first update has to wait for them. */
export function expectPermission({ windows = [] }: Permission): void {
  const wrong = windows.filter(({ timeZone }) => !isTimeZone(timeZone));
  const never = windows.filter((window) => !wrong.includes(window) && !opensEver(window));
  const faults = [
    ...wrong.map(({ timeZone }) => `${timeZone} is no time zone of the IANA database`),
    ...never.map(({ cron }) => `"${cron}" never opens`),
  ];
  if (faults.length > 0) throw new Error(`Windows of the device: ${faults.join("; ")}`);
}

function opensEver(window: MaintenanceWindow): boolean {
  const state = windowAt(window, CLOCK_IS_SET_FROM);
  return window.forMs > 0 && (state.open || state.next !== undefined);
}

function whyClosed(windows: readonly MaintenanceWindow[], atMs: number): string | undefined {
  if (atMs < CLOCK_IS_SET_FROM) return "its clock is not set, so no window is known to be open";
  const states = windows.map((window) => windowAt(window, atMs));
  if (states.some(({ open }) => open)) return undefined;
  const next = Math.min(...states.map((state) => (state.open ? Infinity : (state.next ?? Infinity))));
  return next === Infinity ? "no window opens" : `its window opens at ${new Date(next).toISOString()}`;
}

async function refusal(consent: Permission["consent"], update: AskedUpdate): Promise<string | undefined> {
  try {
    return await consent?.(update);
  } catch (error) {
    return `consent cannot be asked for: ${reasonOf(error)}`;
  }
}
