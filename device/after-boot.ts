import { contact, hearDesired, prove } from "./desired-change.ts";
import type { ActiveUpdate, DeviceState } from "./device-state.ts";
import type { Failure } from "./failure.ts";
import { versionMismatch } from "./failure.ts";
import { firmwareReport } from "./firmware-report.ts";
import { expectLatch, findLatch, latchFailure, runsProven, withLatch } from "./latch.ts";
import { fail, succeed } from "./update-end.ts";
import type { Transition, UpdateEvent } from "./update-step.ts";

type Booted = Extract<UpdateEvent, { readonly type: "booted" }>;

/** The device came up: what runs tells how the update under way has gone, or that it goes on. */
export function afterBoot(before: DeviceState, event: Booted): Transition {
  const { state, effects } = judgeBoot(before, event);
  // Noted with the state: until then each boot says it again.
  return { state, effects: event.fellBack === undefined ? effects : [{ type: "confirm" }, ...effects] };
}

function judgeBoot(before: DeviceState, event: Booted): Transition {
  const { image, bootId, healthy, fellBack, atMs } = event;
  const trial = before.trial?.asked.sha256 === image.sha256 ? before.trial : undefined;
  const health = !healthy ? "unhealthy" : trial === undefined ? "healthy" : "";
  const state: DeviceState = { ...before, running: image, bootId, health, trial };
  const { update } = state;
  if (update === undefined) return afterQuietBoot(state, event);
  switch (update.phase) {
    case "contacted":
    case "downloading":
    case "verified":
    case "waiting":
    case "ready":
      // Something else brought the image, or took the device back to it.
      if (image.sha256 === update.asked.sha256)
        return hearDesired({ ...state, update: undefined }, { desired: update.desired, atMs });
      return contact(state, update);
    case "applying":
    case "rebooting":
    case "proving":
    case "retreating": {
      const runsAsked = image.sha256 === update.asked.sha256;
      // The power may have gone before the pointer was switched back, or with it.
      const unwell: Failure = update.failure ?? {
        code: "HEALTH_FAILED",
        message: `${update.asked.version} did not stay well`,
      };
      if (runsAsked && fellBack === undefined && healthy) {
        // It has been found unwell all the same.
        if (update.phase === "retreating") return retreat(state, { update, failure: unwell });
        return afterGoodBoot(state, { update, from: before.running, atMs });
      }
      // The power went before the pointer was switched: nothing has been tried yet.
      if (update.phase === "applying" && !runsAsked && fellBack === undefined) return contact(state, update);
      const message = `the device came back on ${image.version} by itself`;
      const failure =
        update.phase === "retreating" ? unwell : (fellBack ?? { code: "BOOT_FAILED" as const, message });
      return fail(state, { update, atMs, failure, status: runsAsked ? "error" : "rolledback" });
    }
  }
}

/** Leave an image that was found unwell: the pointer is switched back, and the end is told after that boot. */
export function retreat(
  state: DeviceState,
  { update, failure }: { readonly update: ActiveUpdate; readonly failure: Failure },
): Transition {
  const next: DeviceState = { ...state, update: { ...update, phase: "retreating", failure } };
  return { state: next, effects: [{ type: "rollBack", failure }] };
}

function afterGoodBoot(
  state: DeviceState,
  {
    update,
    from,
    atMs,
  }: { readonly update: ActiveUpdate; readonly from: DeviceState["running"]; readonly atMs: number },
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
  return prove(state, { ...update, fallback: state.trial?.fallback ?? from.sha256 });
}

/** A boot that no update asked for: power-on, or a device that failed by itself. */
function afterQuietBoot(state: DeviceState, { image, fellBack, healthy }: Booted): Transition {
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
