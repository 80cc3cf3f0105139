import type { Boot, Driver } from "./drivers/driver.ts";
import type { Failure } from "./failure.ts";
import { failureFromError } from "./failure.ts";

/** How a device came up. */
export interface BringUp extends Boot {
  /** Whether the image that runs now passed its self-test. */
  readonly healthy: boolean;
}

/** Boots an image gets that starts and does not answer its self-test: a reset may help where a trap says no. */
const HUNG_BOOTS = 3;

/**
 * Boot, self-test, and go back to the other slot without being asked when that fails. When the other slot is no better
 * the device stays up on it, unwell: a device that answers can still be helped.
 */
export async function bringUp(driver: Driver): Promise<BringUp> {
  const { boot, failure } = await bootAndTest(driver);
  if (failure === undefined) return { ...boot, healthy: true };
  // A boot that fell back already left a slot that does not start: there is nothing better to go to.
  if (boot.fellBack !== undefined || !(await driver.rollback(failure))) {
    return { ...boot, fellBack: boot.fellBack ?? failure, healthy: false };
  }
  const back = await driver.boot();
  return { image: back.image, fellBack: failure, healthy: (await selfTestFailure(driver)) === undefined };
}

async function bootAndTest(
  driver: Driver,
): Promise<{ readonly boot: Boot; readonly failure: Failure | undefined }> {
  let boot = await driver.boot();
  let failure = await selfTestFailure(driver);
  for (let boots = 1; failure?.code === "HUNG" && boots < HUNG_BOOTS; boots++) {
    const hung = failure;
    boot = await driver.boot();
    failure = await selfTestFailure(driver);
    // It had its tries before the power came back: what is known of it is that it hangs.
    if (boot.fellBack !== undefined) return { boot: { ...boot, fellBack: hung }, failure };
  }
  return { boot, failure };
}

async function selfTestFailure(driver: Driver): Promise<Boot["fellBack"]> {
  try {
    await driver.selfTest();
    return undefined;
  } catch (error) {
    return failureFromError(error, "SELF_TEST_FAILED");
  }
}
