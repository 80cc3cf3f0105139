import type { FirmwareReported } from "../../rollout/model/twin-contract.ts";
import type { DeviceState } from "../../device/device-state.ts";
import { deviceStateSchema, newDeviceState } from "../../device/device-state.ts";
import type { ErrorCode } from "../../device/failure.ts";
import type { Trust } from "../../device/trust.ts";
import type { UpdateEffect, UpdateEvent } from "../../device/update-step.ts";
import { updateDevice } from "../../device/updater.ts";

/** An image as the paper device knows it: `states` and `boots` are what a real one would show. */
export interface PaperImage {
  readonly sha256: string;
  readonly states: string;
  readonly boots?: boolean;
  readonly staysWell?: boolean;
}

/** What an attempt asks for; `version` is what it says it is. */
export interface PaperAttempt {
  readonly rolloutId: string;
  readonly version: string;
  readonly image: PaperImage;
}

/** A digest that looks like one, out of one hex digit. */
export function digest(digit: string): string {
  return digit.repeat(64);
}

/** The firmware section an attempt puts into the twin. */
export function desiredFor(attempt: PaperAttempt, change: object = {}): object {
  return {
    fwVersion: attempt.version,
    fwPackageURI: `https://images.example/${attempt.image.sha256}`,
    fwPackageCheckValue: attempt.image.sha256,
    fwPackageSize: 1000,
    fwManifest: "",
    fwManifestSignature: "",
    rolloutId: attempt.rolloutId,
    ...change,
  };
}

/**
 * A device on paper: the real updater, and slots that are values. Events wait in line; `act` handles one of them with all
 * its effects, as the agent does. The power can go between any two effects.
 */
export class PaperDevice {
  state: DeviceState = newDeviceState(123_456);
  readonly reports: FirmwareReported[] = [];
  /** Every version of the state, the first at index 0. */
  readonly history: DeviceState[] = [this.state];
  running: PaperImage;
  other: PaperImage | undefined;
  /** Whether the next boot is the other slot's. */
  pointsAtOther = false;
  nowMs = Date.UTC(2026, 0, 1);
  /** What it checks requests by. */
  trust: Trust | undefined;
  /** Why it may not leave what it runs; nothing: it may. */
  mayNot: string | undefined;
  /** Code fetches fail with. */
  fetchFails: ErrorCode | undefined;
  /** Arrives while the next report is on its way. */
  readonly whileReporting: unknown[] = [];
  private events: UpdateEvent[] = [];
  /** The fetch or the waiting under way. */
  private task: Extract<UpdateEffect, { readonly type: "fetch" | "ask" | "prove" }> | undefined;
  private boots = 0;
  private readonly factory: PaperImage;
  private readonly images: readonly PaperImage[];

  constructor(factory: PaperImage, images: readonly PaperImage[] = []) {
    this.factory = factory;
    this.running = factory;
    this.images = images;
    this.powerOn();
  }

  /** The power goes and comes back: what was to be done is forgotten, what was saved is not. */
  powerOn(): void {
    this.task = undefined;
    // Through JSON, as through the state file, which the schema guards.
    this.state = deviceStateSchema.parse(JSON.parse(JSON.stringify(this.state)));
    this.events = [this.boot()];
  }

  hear(desired: unknown): void {
    this.nowMs += 1000;
    this.events.push({ type: "desired", atMs: this.nowMs, desired });
  }

  /**
   * Handle the event that waits longest, or let the task end when none does; false when there is neither. With
   * `cutAfter` the power goes after that many of the event's effects.
   */
  act(cutAfter = Infinity): boolean {
    const event = this.events.shift() ?? this.endTask();
    if (event === undefined) return false;
    this.nowMs += 1000;
    const { state, effects } = updateDevice(this.state, event);
    this.state = state;
    this.history.push(state);
    for (const [done, effect] of effects.entries()) {
      if (done >= cutAfter) break;
      this.perform(effect);
    }
    if (cutAfter <= effects.length) this.powerOn();
    return true;
  }

  /** Handle all there is to handle. */
  settle(): this {
    for (let events = 0; this.act(); events++)
      if (events > 1000) throw new Error("the device never comes to rest");
    return this;
  }

  get last(): FirmwareReported {
    return this.reports.at(-1)!;
  }

  private perform(effect: UpdateEffect): void {
    const atMs = this.nowMs;
    switch (effect.type) {
      case "report":
        this.reports.push(effect.reported);
        for (const desired of this.whileReporting.splice(0)) this.hear(desired);
        return;
      case "look": {
        const held = this.other?.sha256 === effect.sha256;
        this.events.push({ type: "looked", atMs, step: effect.step, held, trust: this.trust });
        return;
      }
      case "hear":
        this.events.push({ type: "heard", atMs, step: effect.step });
        return;
      case "ask":
        this.task = effect;
        if (this.mayNot !== undefined)
          this.events.push({ type: "mayNot", atMs, step: effect.step, reason: this.mayNot });
        return;
      case "fetch":
      case "prove":
        this.task = effect;
        return;
      case "stop":
        this.task = undefined;
        return;
      case "apply":
        this.pointsAtOther = true;
        this.events.push({ type: "applied", atMs, step: effect.step });
        return;
      case "reboot":
        this.events.push(this.boot());
        return;
      case "rollBack":
        this.pointsAtOther = true;
        this.events.push({ ...this.boot(), fellBack: effect.failure });
        return;
      case "confirm":
        return;
    }
  }

  private endTask(): UpdateEvent | undefined {
    const { task } = this;
    if (task === undefined || (task.type === "ask" && this.mayNot !== undefined)) return undefined;
    this.task = undefined;
    const answer = { atMs: this.nowMs, step: task.step };
    const failed = (code: ErrorCode): UpdateEvent => ({
      ...answer,
      type: "failed",
      failure: { code, message: code },
    });
    if (task.type === "prove") {
      return this.running.staysWell === false ? failed("HEALTH_FAILED") : { ...answer, type: "proven" };
    }
    if (task.type === "ask") return { ...answer, type: "may" };
    if (this.fetchFails !== undefined) return failed(this.fetchFails);
    this.other = this.images.find(({ sha256 }) => sha256 === task.request.sha256);
    return { ...answer, type: "stored" };
  }

  private boot(): Extract<UpdateEvent, { readonly type: "booted" }> {
    const candidate = this.pointsAtOther ? this.other! : this.running;
    const fails = candidate.boots === false;
    if (this.pointsAtOther && !fails) [this.running, this.other] = [candidate, this.running];
    this.pointsAtOther = false;
    return {
      type: "booted",
      atMs: this.nowMs,
      bootId: `boot-${++this.boots}`,
      healthy: true,
      image: {
        version: this.running.states,
        sha256: this.running.sha256,
        factory: this.running.sha256 === this.factory.sha256,
      },
      ...(fails ? { fellBack: { code: "SELF_TEST_FAILED", message: `${candidate.states} trapped` } } : {}),
    };
  }
}
