import type { ActiveUpdate, DeviceState, Latch } from "./device-state.ts";
import { isSwitching } from "./device-state.ts";
import { firmwareReport } from "./firmware-report.ts";
import type { AskedFirmware } from "./firmware-request.ts";
import { isNewerVersion, readAskedFirmware } from "./firmware-request.ts";
import { findLatch, latchSuccess, withLatch } from "./latch.ts";
import { endFailed, endWell } from "./update-end.ts";
import type { Transition, UpdateEffect } from "./update-step.ts";

interface Asked extends AskedFirmware {
  readonly desired: unknown;
  readonly atMs: number;
}

/** Hear what the hub wants: begin, go on, turn back or stay. The same request twice is heard once. */
export function hearDesired(
  state: DeviceState,
  { desired, atMs }: { readonly desired: unknown; readonly atMs: number },
): Transition {
  const { update } = state;
  if (isSwitching(state)) return wait(state, desired);
  const asked = readAskedFirmware(desired);
  if (asked === undefined) return stay(state);
  if (update !== undefined) {
    if (update.rolloutId === asked.rolloutId && sameImage(update.asked, asked.asked)) return unchanged(state);
    if (mustProveFirst(state, update, asked)) return wait(state, desired);
  } else if (hasEnded(state, asked)) {
    return unchanged(state);
  }
  const stop: readonly UpdateEffect[] = update === undefined ? [] : [{ type: "stop" }];
  const { state: next, effects } = begin(state, { ...asked, desired, atMs });
  return { state: next, effects: [...stop, ...effects] };
}

/** Step into an attempt's first phase; also how one goes on after a power cut. */
export function contact(state: DeviceState, update: Omit<ActiveUpdate, "phase" | "step">): Transition {
  const step = state.steps + 1;
  const contacted: DeviceState = {
    ...state,
    ...(update.returning ? {} : { rolloutId: update.rolloutId }),
    status: "current",
    substatus: "",
    steps: step,
    update: { ...update, phase: "contacted", step },
  };
  const look: UpdateEffect = { type: "look", step, sha256: update.asked.sha256 };
  // A return is no contact: reports go on about the attempt whose image still runs.
  if (update.returning) return { state: contacted, effects: [look] };
  return { state: contacted, effects: [{ type: "report", reported: firmwareReport(contacted) }, look] };
}

function begin(state: DeviceState, { rolloutId, asked, desired, atMs }: Asked): Transition {
  const fresh: DeviceState = { ...state, update: undefined, startedMs: atMs, endedMs: undefined };
  const latch = findLatch(state, rolloutId);
  const firstContact: Latch = {
    rolloutId,
    outcome: "contacted",
    contactedAt: Math.floor(atMs / 1000),
    fromVersion: state.running.version,
    asked,
    recovered: false,
  };
  if (latch !== undefined && !sameImage(latch.asked, asked)) {
    const message = `${rolloutId} asked for ${latch.asked.version} before and now asks for another image; use a new attempt`;
    return endFailed(fresh, { latch, atMs, status: "error", failure: { code: "DESIRED_CHANGED", message } });
  }
  if (sameImage(state.running, asked)) {
    if (latch?.outcome !== "contacted" && state.trial === undefined)
      return alreadyRuns(fresh, { latch, firstContact, atMs });
    // It was called away before the image had proven itself, or something else brought the image meanwhile.
    return proveAgain(withLatch(fresh, latch ?? firstContact), { rolloutId, desired, asked });
  }
  if ((latch === undefined || latch.outcome === "newer") && isFactoryNewer(state, asked.version)) {
    const newer: Latch = latch ?? { ...firstContact, outcome: "newer" };
    const substatus = `left the factory with ${state.running.version}, newer than ${asked.version}`;
    return endWell(fresh, { latch: newer, atMs, substatus });
  }
  const resumed = latch ?? firstContact;
  const returning = resumed.outcome !== "contacted";
  return contact(withLatch(fresh, resumed), { rolloutId, returning, desired, asked });
}

/** Wait until the image that runs has proven itself; `fallback` is the digest of the one that ran before. */
export function prove(
  state: DeviceState,
  { fallback, ...update }: Omit<ActiveUpdate, "phase" | "step"> & { readonly fallback: string },
): Transition {
  const step = state.steps + 1;
  const proving: DeviceState = {
    ...state,
    health: "",
    steps: step,
    trial: { rolloutId: update.rolloutId, asked: update.asked, fallback },
    update: { ...update, phase: "proving", step },
  };
  return { state: proving, effects: [{ type: "prove", step }] };
}

function proveAgain(
  state: DeviceState,
  asked: Pick<ActiveUpdate, "rolloutId" | "desired" | "asked">,
): Transition {
  const speaking: DeviceState = { ...state, rolloutId: asked.rolloutId, status: "current", substatus: "" };
  // Not known what else is there: then nothing takes it back before it has proven itself.
  const fallback = state.trial?.fallback ?? "";
  const proving = prove(speaking, { ...asked, returning: false, fallback });
  return {
    state: proving.state,
    effects: [{ type: "report", reported: firmwareReport(proving.state) }, ...proving.effects],
  };
}

function alreadyRuns(
  state: DeviceState,
  end: { readonly latch: Latch | undefined; readonly firstContact: Latch; readonly atMs: number },
): Transition {
  const { latch, firstContact, atMs } = end;
  const substatus = `runs ${state.running.version}`;
  if (latch === undefined) {
    return endWell(state, { latch: { ...firstContact, outcome: "ok-already" }, atMs, substatus });
  }
  if (state.health !== "healthy") {
    const message = `${state.running.version} runs and does not pass its self-test`;
    return endFailed(state, { latch, atMs, status: "error", failure: { code: "SELF_TEST_FAILED", message } });
  }
  return endWell(state, { latch: latchSuccess(latch), atMs, substatus });
}

/** Nobody asks: give up what has not been applied, otherwise let it come to its end; never leave what runs. */
function stay(state: DeviceState): Transition {
  if (state.update === undefined || state.update.phase === "proving") return unchanged(state);
  if (state.trial !== undefined) {
    const { rolloutId, asked } = state.trial;
    const proving = proveAgain(state, { rolloutId, asked, desired: null });
    return { state: proving.state, effects: [{ type: "stop" }, ...proving.effects] };
  }
  const stayed: DeviceState = {
    ...state,
    update: undefined,
    status: "current",
    substatus: "stays: no firmware is asked for",
  };
  return { state: stayed, effects: [{ type: "stop" }, { type: "report", reported: firmwareReport(stayed) }] };
}

function wait(state: DeviceState, desired: unknown): Transition {
  return { state: { ...state, waiting: { desired: desired ?? null } }, effects: [] };
}

/**
 * Whether the image that runs has to prove itself, or be taken back, before the device turns to something else. Only the
 * image in the other slot takes it back: whatever else is fetched would overwrite that one, and leave the device on an
 * image that nobody knows to be well. Nor does another attempt lean on it, or a changed request undo it.
 */
function mustProveFirst(
  state: DeviceState,
  update: ActiveUpdate,
  { rolloutId, asked }: AskedFirmware,
): boolean {
  const { trial } = state;
  if (trial === undefined) return false;
  if (asked.sha256 !== trial.fallback)
    return update.phase === "proving" || asked.sha256 !== trial.asked.sha256;
  const latch = findLatch(state, rolloutId);
  return rolloutId === trial.rolloutId || (latch !== undefined && !sameImage(latch.asked, asked));
}

function unchanged(state: DeviceState): Transition {
  return { state, effects: [] };
}

/** A failed attempt is not tried again until something else was asked for in between. */
function hasEnded(state: DeviceState, { rolloutId, asked }: AskedFirmware): boolean {
  const latch = state.rolloutId === rolloutId ? findLatch(state, rolloutId) : undefined;
  return latch !== undefined && latch.outcome !== "contacted" && sameImage(latch.asked, asked);
}

function isFactoryNewer(state: DeviceState, version: string): boolean {
  return state.running.factory && isNewerVersion(state.running.version, version);
}

function sameImage(
  a: { readonly version: string; readonly sha256: string },
  b: { readonly version: string; readonly sha256: string },
): boolean {
  return a.version === b.version && a.sha256 === b.sha256;
}
