import type { Boot, Driver } from "./drivers/driver.ts";
import { failureFromError } from "./failure.ts";

/** How a device came up. */
export interface BringUp extends Boot {
  /** Whether the image that runs now passed its self-test. */
  readonly healthy: boolean;
}

/**
 * Boot, self-test, and go back to the other slot without being asked when that fails. When the other slot is no better
 * the device stays up on it, unwell: a device that answers can still be helped.
 */
export async function bringUp(driver: Driver): Promise<BringUp> {
  const boot = await driver.boot();
  const failure = await selfTestFailure(driver);
  if (failure === undefined) return { ...boot, healthy: true };
  // A boot that fell back already left a slot that does not start: there is nothing better to go to.
  if (boot.fellBack !== undefined || !(await driver.rollback())) {
    return { ...boot, fellBack: boot.fellBack ?? failure, healthy: false };
  }
  const back = await driver.boot();
  return { image: back.image, fellBack: failure, healthy: (await selfTestFailure(driver)) === undefined };
}

async function selfTestFailure(driver: Driver): Promise<Boot["fellBack"]> {
  try {
    await driver.selfTest();
    return undefined;
  } catch (error) {
    return failureFromError(error, "SELF_TEST_FAILED");
  }
}
