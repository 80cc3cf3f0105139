/** A setting and the chance to stop a good release that it was found to have. */
export interface Tuned {
  readonly setting: number;
  readonly rate: number;
}

/** What bisection found: the settings next to the target from both sides; `chosen` is the one whose rate is nearer. */
export interface Tuning {
  readonly chosen: Tuned;
  /** Stops more often than the target, or as often. */
  readonly strict: Tuned;
  /** Stops less often. */
  readonly lenient: Tuned;
}

/**
 * Find the setting at which a rule stops a good release as often as the target says, by bisection on a logarithmic scale
 * between a setting that stops more often and one that stops less often. Counts are whole numbers, so a rule may have no
 * setting at which it is exactly as often.
 */
export function tune({
  rateOf,
  strictest,
  most,
  target,
  steps,
}: {
  /** Chance to stop; it must fall as the setting grows. */
  readonly rateOf: (setting: number) => number;
  readonly strictest: number;
  readonly most: number;
  readonly target: number;
  readonly steps: number;
}): Tuning {
  let strict = { setting: strictest, rate: rateOf(strictest) };
  let lenient = { setting: most, rate: rateOf(most) };
  if (strict.rate < target || lenient.rate >= target) {
    const found = `${strict.rate} at ${strictest}, ${lenient.rate} at ${most}`;
    throw new RangeError(
      `no setting between ${strictest} and ${most} stops with a chance of ${target}: ${found}`,
    );
  }
  for (let step = 0; step < steps; step++) {
    const setting = Math.sqrt(strict.setting * lenient.setting);
    const tried = { setting, rate: rateOf(setting) };
    if (tried.rate >= target) strict = tried;
    else lenient = tried;
  }
  const isStrictNearer = strict.rate - target <= target - lenient.rate;
  return { chosen: isStrictNearer ? strict : lenient, strict, lenient };
}
