import { ownValue } from "../model/own-value.ts";
import { formatPercentage } from "../model/percentage.ts";
import { totalOf } from "../model/question.ts";

/** Devices under each wave's condition, by the wave's name. */
export type WaveCounts = Readonly<Record<string, number>>;

/** Share by which a count may move before a person is told. */
const MOVED = 0.2;

/** Devices that each wave of a plan would have, those of the waves before included. */
export function waveCounts(plan: {
  readonly release?:
    | {
        readonly waves: readonly {
          readonly name: string;
          readonly devices: Readonly<Record<string, number>>;
        }[];
      }
    | undefined;
}): WaveCounts {
  return Object.fromEntries((plan.release?.waves ?? []).map(({ name, devices }) => [name, totalOf(devices)]));
}

/** Waves whose devices became more or fewer by over a fifth since they were reviewed, each as a phrase. */
export function movedCounts(before: WaveCounts, now: WaveCounts): readonly string[] {
  return Object.entries(before).flatMap(([wave, was]) => {
    const is = ownValue(now, wave) ?? 0;
    const by = was === 0 ? (is === 0 ? 0 : 1) : Math.abs(is - was) / was;
    return by > MOVED
      ? [`wave "${wave}" has ${is} devices, and had ${was} when it was planned (${formatPercentage(by)})`]
      : [];
  });
}
