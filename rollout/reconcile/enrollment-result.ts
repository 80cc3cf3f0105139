import type { WavegateError } from "../model/problem.ts";

/** What became of the devices of one run of `enroll`. */
export interface EnrollmentResult extends Refused {
  readonly stamped: number;
  /** Somebody else gave them a bucket, another product or took them away meanwhile: they were left as they are. */
  readonly changedMeanwhile: number;
  /** Found and not come to, because of an interrupt. */
  readonly left: number;
  readonly interrupted: boolean;
}

/** What happens on the way. */
export type EnrollmentEvent =
  | { readonly kind: "listed"; readonly devices: number }
  | { readonly kind: "done"; readonly done: number; readonly of: number }
  | { readonly kind: "waiting"; readonly why: string }
  /** A step of a run by jobs, in words. */
  | { readonly kind: "job"; readonly text: string };

/** Told of each event, as it happens. */
export type OnProgress = ((event: EnrollmentEvent) => void) | undefined;

interface Refused {
  /** Devices a person has to look at, with the reason; the first of them. */
  readonly refused: readonly { readonly deviceId: string; readonly why: string }[];
  readonly refusedCount: number;
}

/** Refused devices that are told by name. */
const TOLD = 20;

/** Keeps count of the devices that are refused. */
export function refusals(): {
  readonly refuse: (deviceId: string, why: string) => void;
  readonly soFar: () => Refused;
} {
  const refused: { deviceId: string; why: string }[] = [];
  let refusedCount = 0;
  return {
    refuse: (deviceId, why) => {
      refusedCount += 1;
      if (refused.length < TOLD) refused.push({ deviceId, why });
    },
    soFar: () => ({ refused, refusedCount }),
  };
}

/** A waiting run says why, once for each wait. */
export function waiting(onProgress: OnProgress): (error: WavegateError) => void {
  return (error) => onProgress?.({ kind: "waiting", why: error.message });
}
