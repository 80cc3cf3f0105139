import { afterBoot, retreat } from "./after-boot.ts";
import { hearDesired } from "./desired-change.ts";
import type { ActiveUpdate, DeviceState } from "./device-state.ts";
import { isSwitching } from "./device-state.ts";
import type { Failure } from "./failure.ts";
import { versionMismatch } from "./failure.ts";
import { floorOnSuccess } from "./floor.ts";
import { firmwareReport } from "./firmware-report.ts";
import { parseFirmwareRequest } from "./firmware-request.ts";
import { fail, shortened, succeed } from "./update-end.ts";
import { checkManifest } from "./trust.ts";
import type { Transition, UpdateEffect, UpdateEvent } from "./update-step.ts";

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
    case "mayNot":
    case "may":
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
      return askLeave(state, update);
    case "mayNot":
      return becomeVerified(state, { ...update, phase: "waiting" }, `waits: ${event.reason}`);
    case "may":
      return becomeReady(state, update);
    case "heard": {
      const next = { ...update, phase: "applying" as const, step: state.steps + 1 };
      return {
        state: { ...state, steps: next.step, update: next },
        effects: [{ type: "apply", step: next.step, image: update.asked }],
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
  if (event.held) return askLeave(state, update);
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

function askLeave(state: DeviceState, update: ActiveUpdate): Transition {
  const step = state.steps + 1;
  const { rolloutId, asked } = update;
  const { version: fromVersion } = state.running;
  const next: DeviceState = { ...state, steps: step, update: { ...update, phase: "verified", step } };
  return {
    state: next,
    effects: [{ type: "ask", step, update: { rolloutId, version: asked.version, fromVersion } }],
  };
}

function becomeReady(state: DeviceState, update: ActiveUpdate): Transition {
  const step = state.steps + 1;
  const ready: ActiveUpdate = { ...update, phase: "ready", step };
  const hear: UpdateEffect = { type: "hear", step };
  // That the image is there was told when the waiting began: once an update.
  if (update.phase === "waiting") return { state: { ...state, steps: step, update: ready }, effects: [hear] };
  const { state: next, effects } = becomeVerified({ ...state, steps: step }, ready, "the image is verified");
  return { state: next, effects: [...effects, hear] };
}

function becomeVerified(state: DeviceState, update: ActiveUpdate, told: string): Transition {
  const next: DeviceState = { ...state, status: "applying", substatus: shortened(told), update };
  return { state: next, effects: [{ type: "report", reported: firmwareReport(next) }] };
}
