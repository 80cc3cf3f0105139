import { contact, hearDesired, prove } from "./desired-change.ts";
import type { ActiveUpdate, DeviceState, Latch } from "./device-state.ts";
import { isSwitching } from "./device-state.ts";
import type { Failure } from "./failure.ts";
import { floorOnSuccess } from "./floor.ts";
import { firmwareReport } from "./firmware-report.ts";
import { parseFirmwareRequest } from "./firmware-request.ts";
import { findLatch, latchFailure, latchSuccess, runsProven, withLatch } from "./latch.ts";
import { endFailed, endWell } from "./update-end.ts";
import { checkManifest } from "./trust.ts";
import type { Transition, UpdateEvent } from "./update-step.ts";

type Event<T extends UpdateEvent["type"]> = Extract<UpdateEvent, { readonly type: T }>;

/**
 * The device's whole behaviour as a function: an event in, the next state and what to do out. The caller saves the state
 * before it acts, so a power cut anywhere is answered by the next `booted`.
 */
export function updateDevice(state: DeviceState, event: UpdateEvent): Transition {
  const done = react(state, event);
  const { waiting } = done.state;
  if (event.type === "desired" || waiting === undefined || isSwitching(done.state)) return done;
  const heard = hearDesired(
    { ...done.state, waiting: undefined },
    { desired: waiting.desired, atMs: event.atMs },
  );
  return { state: heard.state, effects: [...done.effects, ...heard.effects] };
}

function react(state: DeviceState, event: UpdateEvent): Transition {
  switch (event.type) {
    case "booted":
      return afterBoot(state, event);
    case "desired":
      // What was waiting is out of date. A request heard before leaves the state as it is, and nothing is written.
      return hearDesired(state.waiting === undefined ? state : { ...state, waiting: undefined }, event);
    case "looked":
    case "stored":
    case "heard":
    case "applied":
    case "proven":
    case "failed":
      // An answer to a step that was given up meanwhile.
      if (state.update?.step !== event.step) return { state, effects: [] };
      return afterStep(state, { update: state.update, event });
  }
}

function afterStep(
  state: DeviceState,
  {
    update,
    event,
  }: {
    readonly update: ActiveUpdate;
    readonly event: Exclude<UpdateEvent, { readonly type: "booted" | "desired" }>;
  },
): Transition {
  switch (event.type) {
    case "looked":
      return afterLook(state, { update, event });
    case "stored":
      return becomeReady(state, update);
    case "heard": {
      const next = { ...update, phase: "applying" as const, step: state.steps + 1 };
      return {
        state: { ...state, steps: next.step, update: next },
        effects: [{ type: "apply", step: next.step, sha256: update.asked.sha256 }],
      };
    }
    case "applied": {
      const next: DeviceState = { ...state, status: "rebooting", update: { ...update, phase: "rebooting" } };
      return {
        state: next,
        effects: [{ type: "report", reported: firmwareReport(next) }, { type: "reboot" }],
      };
    }
    case "proven":
      return succeed({ ...state, health: "healthy" }, { update, atMs: event.atMs });
    case "failed":
      // The image that must go still runs: going back is a boot, and its end is told after that.
      if (update.phase === "proving") return retreat(state, { update, failure: event.failure });
      return fail(state, { update, atMs: event.atMs, failure: event.failure, status: "error" });
  }
}

function afterLook(
  state: DeviceState,
  { update: heard, event }: { readonly update: ActiveUpdate; readonly event: Event<"looked"> },
): Transition {
  const { desired } = heard;
  const request = parseFirmwareRequest(desired);
  const failed = (failure: Failure): Transition =>
    fail(state, { update: heard, atMs: event.atMs, failure, status: "error" });
  if (typeof request === "string") return failed({ code: "DESIRED_INVALID", message: request });
  const { trust } = event;
  const manifest =
    trust === undefined ? undefined : checkManifest({ desired, request, trust, floor: state.floor });
  if (manifest !== undefined && "code" in manifest) return failed(manifest);
  const update: ActiveUpdate = { ...heard, floor: floorOnSuccess(state, manifest?.floor) };
  if (request.sha256 === state.running.sha256) {
    return failed(versionMismatch({ asked: request.version, states: state.running.version }));
  }
  if (event.held) return becomeReady(state, update);
  const step = state.steps + 1;
  const next: DeviceState = {
    ...state,
    status: "downloading",
    substatus: `${request.onDemand ? "waits for access to" : "fetching"} ${request.size} bytes`,
    steps: step,
    update: { ...update, phase: "downloading", step },
  };
  return {
    state: next,
    effects: [
      { type: "report", reported: firmwareReport(next) },
      { type: "fetch", step, request },
    ],
  };
}

function becomeReady(state: DeviceState, update: ActiveUpdate): Transition {
  const step = state.steps + 1;
  const next: DeviceState = {
    ...state,
    status: "applying",
    substatus: "the image is verified",
    steps: step,
    update: { ...update, phase: "ready", step },
  };
  return {
    state: next,
    effects: [
      { type: "report", reported: firmwareReport(next) },
      { type: "hear", step },
    ],
  };
}

function afterBoot(before: DeviceState, event: Event<"booted">): Transition {
  const { image, bootId, healthy, fellBack, atMs } = event;
  const state: DeviceState = { ...before, running: image, bootId, health: healthy ? "healthy" : "unhealthy" };
  const { update } = state;
  if (update === undefined) return afterQuietBoot(state, event);
  switch (update.phase) {
    case "contacted":
    case "downloading":
    case "ready":
      return contact(state, update);
    case "applying":
    case "rebooting":
    case "proving":
    case "retreating": {
      const runsAsked = image.sha256 === update.asked.sha256;
      const unwell: Failure = {
        code: "HEALTH_FAILED",
        message: `${update.asked.version} did not stay well`,
      };
      if (runsAsked && fellBack === undefined && healthy) {
        // The power went before the pointer was switched back: it has been found unwell all the same.
        if (update.phase === "retreating") return retreat(state, { update, failure: unwell });
        return afterGoodBoot(state, { update, atMs });
      }
      // The power went before the pointer was switched: nothing has been tried yet.
      if (update.phase === "applying" && !runsAsked && fellBack === undefined) return contact(state, update);
      const message = `the device came back on ${image.version} by itself`;
      const failure =
        fellBack ?? (update.phase === "retreating" ? unwell : { code: "BOOT_FAILED" as const, message });
      return fail(state, { update, atMs, failure, status: runsAsked ? "error" : "rolledback" });
    }
  }
}

function retreat(
  state: DeviceState,
  { update, failure }: { readonly update: ActiveUpdate; readonly failure: Failure },
): Transition {
  const next: DeviceState = { ...state, update: { ...update, phase: "retreating" } };
  return { state: next, effects: [{ type: "rollBack", failure }] };
}

function afterGoodBoot(
  state: DeviceState,
  { update, atMs }: { readonly update: ActiveUpdate; readonly atMs: number },
): Transition {
  if (state.running.version !== update.asked.version) {
    const failure = versionMismatch({ asked: update.asked.version, states: state.running.version });
    // The bytes are the ones that were asked for and they work; what is wrong is the name they were given. The device
    // stays, says what runs, and a take-back finds the image before in the other slot.
    const { state: ended, effects } = fail(state, { update, atMs, failure, status: "error" });
    return { state: ended, effects: [{ type: "confirm" }, ...effects] };
  }
  const latch = expectLatch(state, update.rolloutId);
  // An image this device has proven before is not kept waiting on its way back.
  if (latch.outcome === "ok" || latch.outcome === "ok-already") return succeed(state, { update, atMs });
  return prove(state, update);
}

/** A boot that no update asked for: power-on, or a device that failed by itself. */
function afterQuietBoot(state: DeviceState, { image, fellBack, healthy }: Event<"booted">): Transition {
  const latch = findLatch(state, state.rolloutId);
  if (latch !== undefined && runsProven(latch, image) && healthy && fellBack === undefined) {
    // The power may have gone between the end and its confirmation: a trial would take the image back some boots later.
    return { state, effects: [{ type: "confirm" }, { type: "report", reported: firmwareReport(state) }] };
  }
  const lost = latch?.outcome === "ok" && (fellBack !== undefined || image.sha256 !== latch.asked.sha256);
  if (!lost) return { state, effects: [{ type: "report", reported: firmwareReport(state) }] };
  const message = `${latch.asked.version} was running and is not any more`;
  const failure = fellBack ?? { code: "BOOT_FAILED" as const, message };
  const fallen = withLatch(state, latchFailure(latch, failure));
  const next: DeviceState = {
    ...fallen,
    status: image.sha256 === latch.asked.sha256 ? "error" : "rolledback",
    substatus: failure.message,
  };
  return { state: next, effects: [{ type: "report", reported: firmwareReport(next) }] };
}

function succeed(
  state: DeviceState,
  { update, atMs }: { readonly update: ActiveUpdate; readonly atMs: number },
): Transition {
  const latch = latchSuccess(expectLatch(state, update.rolloutId));
  const floor = update.floor ?? state.floor;
  const { state: ended, effects } = endWell(
    { ...state, floor },
    {
      latch,
      atMs,
      substatus: `runs ${state.running.version}`,
    },
  );
  return { state: ended, effects: [{ type: "confirm" }, ...effects] };
}

function fail(
  state: DeviceState,
  end: {
    readonly update: ActiveUpdate;
    readonly atMs: number;
    readonly failure: Failure;
    readonly status: "error" | "rolledback";
  },
): Transition {
  const { update, ...rest } = end;
  return endFailed(state, { ...rest, latch: expectLatch(state, update.rolloutId) });
}

function versionMismatch({ asked, states }: { readonly asked: string; readonly states: string }): Failure {
  return { code: "VERSION_MISMATCH", message: `${asked} was asked for; the image states ${states}` };
}

function expectLatch(state: DeviceState, rolloutId: string): Latch {
  const latch = findLatch(state, rolloutId);
  if (latch === undefined) throw new Error(`bug: the attempt under way, ${rolloutId}, is not remembered`);
  return latch;
}
