import { z } from "zod";
import { OUTCOMES, UPDATE_STATUSES } from "../rollout/model/twin-contract.ts";
import { failureSchema } from "./failure.ts";

const instantMs = z.number();
const image = z.strictObject({ version: z.string(), sha256: z.string() });

const latch = z.strictObject({
  rolloutId: z.string(),
  outcome: z.enum(OUTCOMES),
  /** Epoch seconds of first contact. */
  contactedAt: z.number(),
  /** Version that ran at first contact. */
  fromVersion: z.string(),
  /** What the attempt asked for, as it was written. */
  asked: image,
  errorCode: failureSchema.shape.code.optional(),
  /** Came right after it had failed. */
  recovered: z.boolean(),
});

const update = z.strictObject({
  rolloutId: z.string(),
  /**
   * `contacted`: nothing but contact was made; `downloading`: the image is on its way to the other slot; `verified`: it
   * is there, nothing points to it; `waiting`: the same, and the device may not leave what it runs; `ready`: it may;
   * `applying`: the pointer is being switched, no way back; `rebooting`: it points to the
   * new image; `proving`: the new image runs and has to stay well; `retreating`: it did not, the pointer is switched back.
   */
  phase: z.enum([
    "contacted",
    "downloading",
    "verified",
    "waiting",
    "ready",
    "applying",
    "rebooting",
    "proving",
    "retreating",
  ]),
  /** Taken back to an attempt that had ended before: reports speak of the newer one until this one's image runs. */
  returning: z.boolean(),
  /** What the hub asks for, as it came: read again after a power cut. */
  desired: z.unknown(),
  asked: image,
  /** The device's floor once this has succeeded. */
  floor: z.string().optional(),
  /** Why the device retreats: a boot that ends the agent must not make it forget. */
  failure: failureSchema.optional(),
  /** Tells answers to this step from answers to one that was cancelled. */
  step: z.int(),
});

const trial = z.strictObject({
  /** The attempt that brought the image. */
  rolloutId: z.string(),
  asked: image,
  /** SHA-256 of the image in the other slot, which ran before. */
  fallback: z.string(),
});

/** Everything a device has to remember across a power cut. */
export const deviceStateSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** The image that ran at the last boot. */
  running: z.strictObject({ ...image.shape, factory: z.boolean() }),
  bootId: z.string(),
  /** The device's own bucket. */
  bucket: z.int(),
  health: z.enum(["healthy", "unhealthy", ""]),
  /** The attempt that reports answer; empty before the first. */
  rolloutId: z.string(),
  status: z.enum(UPDATE_STATUSES),
  substatus: z.string(),
  startedMs: instantMs.optional(),
  endedMs: instantMs.optional(),
  /** The attempt under way. */
  update: update.optional(),
  /** The image that runs has not proven itself; there only during an attempt, its own or the one that takes it back. */
  trial: trial.optional(),
  /** Arrived when there was no way back: read when the update under way has booted. */
  waiting: z.strictObject({ desired: z.unknown() }).optional(),
  /** Lowest version the device may go back to; absent: any. */
  floor: z.string().optional(),
  /** One for each attempt ever seen, the one spoken of last at the end. */
  latches: z.array(latch),
  /** Steps begun so far. */
  steps: z.int(),
});

/** State of a device between two events. */
export type DeviceState = Readonly<z.infer<typeof deviceStateSchema>>;

/** Whether the device is between two images and cannot turn: it listens again after the boot. */
export function isSwitching(state: DeviceState): boolean {
  const phase = state.update?.phase;
  return phase === "applying" || phase === "rebooting" || phase === "retreating";
}

/** State of a device that was never asked for anything; its first boot fills in what runs. */
export function newDeviceState(bucket: number): DeviceState {
  return {
    schemaVersion: 1,
    running: { version: "", sha256: "", factory: true },
    bootId: "",
    bucket,
    health: "",
    rolloutId: "",
    status: "current",
    substatus: "",
    latches: [],
    steps: 0,
  };
}

/** An image that runs and has not proven itself. */
export type Trial = Readonly<z.infer<typeof trial>>;
/** How one attempt went on this device. */
export type Latch = Readonly<z.infer<typeof latch>>;
/** An attempt under way. */
export type ActiveUpdate = Readonly<z.infer<typeof update>>;
