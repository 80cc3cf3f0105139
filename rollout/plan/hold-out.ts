import { BUCKET_COUNT } from "../model/bucket.ts";
import { ownValue } from "../model/own-value.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Problem } from "../model/problem.ts";
import type { RolloutIntent } from "../model/record.ts";
import { holdOutWidth, widthOfPercent } from "./bucket-window.ts";
import type { SizedRelease } from "./product-plan.ts";
import { reachOfPart, type Exposable, type Reach } from "./reach.ts";

/** True while no window of what is open reaches into the hold-out: treated devices have something to be compared with. */
export function hasControl(intent: Exposable & Pick<RolloutIntent, "wave" | "part">): boolean {
  const width = holdOutWidth(intent.release);
  return width > 0 && widest(reachOfPart(intent, intent.wave, intent.part)) <= BUCKET_COUNT - width;
}

function widest({ whole, strata }: Reach): number {
  return Math.max(whole, ...Object.values(strata));
}

/** Waves before the last whose windows would reach into the hold-out, by today's counts. */
export function holdOutProblems({ release, file, windows }: SizedRelease): readonly Problem[] {
  const width = holdOutWidth(release);
  if (width === 0) return [];
  const most = BUCKET_COUNT - width;
  return release.waves.slice(0, -1).flatMap(({ name, cohort }): Problem[] => {
    const wanted =
      cohort.kind === "percent"
        ? widthOfPercent(cohort.percent)
        : Math.max(0, ...Object.values(ownValue(windows, name) ?? {}));
    if (wanted <= most) return [];
    const share = (buckets: number): string => formatPercentage(buckets / BUCKET_COUNT);
    return [
      {
        severity: "error",
        code: "HOLD_OUT_REACHED",
        path: `${file}: waves: ${name}`,
        summary: `it takes ${share(wanted)} of the buckets; with a hold-out of ${share(width)} no wave but the last may take more than ${share(most)}`,
        hint: "take a smaller cohort, or a smaller hold-out",
      },
    ];
  });
}
