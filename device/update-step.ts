import type { FirmwareReported } from "../rollout/model/twin-contract.ts";
import type { DeviceState } from "./device-state.ts";
import type { AskedImage, RunningImage } from "./drivers/driver.ts";
import type { Failure } from "./failure.ts";
import type { FirmwareRequest } from "./firmware-request.ts";
import type { AskedUpdate } from "./permission.ts";
import type { Trust } from "./trust.ts";

/** Something that happened to the device. `step` names the effect it answers; a stale answer is ignored. */
export type UpdateEvent = { readonly atMs: number } & (
  | {
      /** The device came up, after power-on, an update or a roll-back. */
      readonly type: "booted";
      readonly bootId: string;
      readonly image: RunningImage;
      readonly healthy: boolean;
      readonly fellBack?: Failure;
    }
  | {
      /** What the hub wants, whole: the section under desired properties, null or absent when there is none. */
      readonly type: "desired";
      readonly desired: unknown;
    }
  /**
   * Contact was acknowledged; `held`: the other slot holds the image asked for; `trust`: what the device checks requests
   * by, none when it checks no signature.
   */
  | {
      readonly type: "looked";
      readonly step: number;
      readonly held: boolean;
      readonly trust?: Trust | undefined;
    }
  /** The other slot holds the verified image. */
  | { readonly type: "stored"; readonly step: number }
  /** The device may not leave what it runs, and why; asked on until it may. */
  | { readonly type: "mayNot"; readonly step: number; readonly reason: string }
  | { readonly type: "may"; readonly step: number }
  /** Everything that had arrived before was heard. */
  | { readonly type: "heard"; readonly step: number }
  /** The next boot is the other slot's. */
  | { readonly type: "applied"; readonly step: number }
  /** The health time has passed, the image is well, and the driver keeps it. */
  | { readonly type: "proven"; readonly step: number }
  | { readonly type: "failed"; readonly step: number; readonly failure: Failure }
);

/** Something the device has to do, in order, after its state is safe on disk. */
export type UpdateEffect =
  | { readonly type: "report"; readonly reported: FirmwareReported }
  /** Answer `looked`. */
  | { readonly type: "look"; readonly step: number; readonly sha256: string }
  /** Answer `stored`. */
  | { readonly type: "fetch"; readonly step: number; readonly request: FirmwareRequest }
  /** Answer `may`, as soon as the device may leave what it runs, and `mayNot` before, once, when it may not yet. */
  | { readonly type: "ask"; readonly step: number; readonly update: AskedUpdate }
  /** Answer `heard`, behind all events that wait. */
  | { readonly type: "hear"; readonly step: number }
  /** Point the next boot at the other slot, which holds that image; answer `applied`. */
  | { readonly type: "apply"; readonly step: number; readonly image: AskedImage }
  /** Answer `booted`. */
  | { readonly type: "reboot" }
  /** Wait the health time, test again, make the driver keep the image, answer `proven`. */
  | { readonly type: "prove"; readonly step: number }
  /** The running image is the one to stay on, and why it was fallen back to has been noted. */
  | { readonly type: "confirm" }
  /** Go back to the other slot; answer `booted` with that failure. */
  | { readonly type: "rollBack"; readonly failure: Failure }
  /** Give up the fetch or the waiting under way. */
  | { readonly type: "stop" };

/** The next state, and what to do about it. */
export interface Transition {
  readonly state: DeviceState;
  readonly effects: readonly UpdateEffect[];
}
