import type { Failure } from "../../failure.ts";
import { TRIAL_BOOTS } from "../driver.ts";
import type { InstalledImage, InstallRecord } from "./install-record.ts";

/** What the version step says of the running image. */
export interface Statement {
  readonly version: string;
  readonly slot?: string;
  /** Something that is another at each boot. */
  readonly boot?: string;
}

/** What is known when the driver is asked to boot. */
export interface Seen {
  readonly record: InstallRecord;
  readonly statement: Statement;
  /** Whether this agent has booted before: then a boot is wanted, and not only a look at what runs. */
  readonly again: boolean;
  /** Why the boot that was ordered last did not come about; absent when it did, or none was. */
  readonly notRebooted?: Failure | undefined;
  /** Whether the maker can point the boot at the other slot. */
  readonly canGoBack: boolean;
}

/**
 * What to do, with the record to save before it. `stay`: the image that runs is the one to run; `point`: point the next
 * boot at the proven image; `reboot`: boot what is pointed at; `reset`: boot what runs, once more.
 */
export type BootDecision =
  | {
      readonly type: "stay";
      readonly record: InstallRecord;
      readonly running: InstalledImage;
    }
  | { readonly type: "point" | "reboot" | "reset"; readonly record: InstallRecord };

/** Installations of one image that may be cut off before it is given up. */
const MOST_INTERRUPTIONS = 3;

/** The next step towards a running image, by what runs now: each is bounded, so that a device always comes to rest. */
export function decideBoot(seen: Seen): BootDecision {
  const { record, statement } = seen;
  const { trial, leaving, proven, other } = record;
  if (trial !== undefined) {
    return isProven(proven, statement) ? besideTrial(seen, trial) : onTrial(seen, trial);
  }
  if (leaving !== undefined) {
    return isProven(proven, statement) ? wentBack(seen, leaving) : stillThere(seen, leaving);
  }
  if (seen.again && seen.notRebooted === undefined && record.resets < TRIAL_BOOTS) {
    // Nothing is to change: somebody wants a reset, for an image that does not answer.
    return { type: "reset", record: { ...record, resets: record.resets + 1 } };
  }
  if (other !== undefined && states(other, statement) && !states(proven, statement)) {
    // A boot loader may change the slots long after an update.
    return { type: "stay", record: { ...record, proven: other, other: undefined }, running: other };
  }
  return stay(record, statement);
}

type Trial = NonNullable<InstallRecord["trial"]>;
type Leaving = NonNullable<InstallRecord["leaving"]>;

/** The image on trial runs. */
function onTrial({ record, statement, again, canGoBack, notRebooted }: Seen, trial: Trial): BootDecision {
  const isSameBoot = trial.phase === "running" && sameBoot(trial, statement);
  const wantsReset = again && trial.phase === "running" && notRebooted === undefined;
  const boots = isSameBoot || wantsReset ? trial.boots : trial.boots + 1;
  const isOver = wantsReset ? boots >= TRIAL_BOOTS : boots > TRIAL_BOOTS;
  if (isOver && canGoBack) {
    const message = `${trial.image.version} was not well in ${TRIAL_BOOTS} boots`;
    return leave(record, { trial, failure: trial.failure ?? { code: "BOOT_FAILED", message } });
  }
  if (wantsReset && !isOver) return { type: "reset", record };
  const image: InstalledImage = { ...trial.image, version: statement.version };
  const running: Trial = { ...trial, image, phase: "running", boots, ...bootOf(statement) };
  return { type: "stay", record: { ...record, trial: running }, running: image };
}

/** The image before runs, and another is on trial. */
function besideTrial({ record, statement, notRebooted }: Seen, trial: Trial): BootDecision {
  const { image, phase, orders } = trial;
  const order = (): BootDecision => ({
    type: "reboot",
    record: {
      ...record,
      trial: { ...trial, phase: "rebooting", orders: orders + 1, ...bootOf(statement) },
    },
  });
  switch (phase) {
    case "installing": {
      const before = record.interrupted?.sha256 === image.sha256 ? record.interrupted.times : 0;
      const times = before + 1;
      if (times < MOST_INTERRUPTIONS)
        return leave({ ...record, interrupted: { sha256: image.sha256, times } }, { trial });
      const message = `the installation of ${image.version} was cut off ${times} times`;
      return leave(
        { ...record, interrupted: undefined },
        { trial, failure: { code: "INSTALL_FAILED", message } },
      );
    }
    case "armed":
      return order();
    case "rebooting": {
      // The device says it is the same boot still: the agent was ended before the device was.
      if (notRebooted === undefined && sameBoot(trial, statement) && orders < TRIAL_BOOTS) return order();
      const message = `the device came back on ${statement.version} by itself`;
      return leave(record, { trial, failure: notRebooted ?? { code: "BOOT_FAILED", message } });
    }
    case "running": {
      const message = `the device fell back to ${statement.version} by itself`;
      return leave(record, { trial, failure: trial.failure ?? { code: "BOOT_FAILED", message } });
    }
  }
}

/**
 * What to do when the version step does not answer: an image on trial that cannot say what it is has failed. Absent when
 * there is nothing to go back to.
 */
export function decideBlind({
  record,
  failure,
  canGoBack,
}: Pick<Seen, "record" | "canGoBack"> & { readonly failure: Failure }): BootDecision | undefined {
  const { trial, leaving } = record;
  if (!canGoBack) return undefined;
  if (trial !== undefined) return leave(record, { trial, failure: trial.failure ?? failure });
  if (leaving === undefined || leaving.tries >= TRIAL_BOOTS) return undefined;
  return goOn(record, leaving);
}

/** Give the trial up; what was written for it to the other slot is worth nothing from here on. */
function leave(
  record: InstallRecord,
  { trial, failure }: { readonly trial: Trial; readonly failure?: Failure },
): BootDecision {
  const leaving: Leaving = {
    image: trial.image,
    needsReboot: trial.needsReboot,
    pointed: false,
    tries: 1,
    ...(failure === undefined ? {} : { failure }),
  };
  // A slot that was only to be booted once more, and was not, still holds what it held.
  const { other } = record;
  const kept = trial.phase === "installing" && other?.sha256 === trial.image.sha256 ? other : undefined;
  return { type: "point", record: { ...record, trial: undefined, other: kept, leaving } };
}

/** The image to go back to runs. */
function wentBack({ record, statement, canGoBack }: Seen, leaving: Leaving): BootDecision {
  const { pointed, tries, failure } = leaving;
  // The next boot must not be the one that was left.
  if (!pointed && canGoBack && tries < TRIAL_BOOTS)
    return { type: "point", record: { ...record, leaving: { ...leaving, tries: tries + 1 } } };
  return stay({ ...record, leaving: undefined, fellBack: failure ?? record.fellBack }, statement);
}

/** The image to leave runs still. */
function stillThere({ record, statement }: Seen, leaving: Leaving): BootDecision {
  const { tries, failure, image } = leaving;
  if (tries >= TRIAL_BOOTS) {
    // A device that answers can still be helped, whatever it runs.
    const stuck: InstalledImage = { ...image, version: statement.version };
    const fellBack = failure ?? {
      code: "BOOT_FAILED" as const,
      message: `the device does not go back from ${statement.version}`,
    };
    return {
      type: "stay",
      record: { ...record, proven: stuck, leaving: undefined, fellBack },
      running: stuck,
    };
  }
  return goOn(record, leaving);
}

function goOn(record: InstallRecord, leaving: Leaving): BootDecision {
  const next = { ...record, leaving: { ...leaving, tries: leaving.tries + 1 } };
  return { type: leaving.pointed ? "reboot" : "point", record: next };
}

/** What runs is what is to run, or something that came by another way. */
function stay(record: InstallRecord, statement: Statement): Extract<BootDecision, { readonly type: "stay" }> {
  const { proven, other } = record;
  const slot = statement.slot ?? proven.slot;
  const where = slot === undefined ? {} : { slot };
  if (states(proven, statement)) {
    const running = { ...proven, ...where };
    return { type: "stay", record: { ...record, proven: running }, running };
  }
  const foreign: InstalledImage = { version: statement.version, sha256: "", ...where };
  const overwritten = other !== undefined && other.slot === slot;
  return {
    type: "stay",
    record: { ...record, proven: foreign, ...(overwritten ? { other: undefined } : {}) },
    running: foreign,
  };
}

/** Whether the image before runs, and not the one in the other slot. A slot says it surely, a version by its name. */
function isProven(proven: InstalledImage, { version, slot }: Statement): boolean {
  return slot === undefined || proven.slot === undefined ? version === proven.version : slot === proven.slot;
}

function states(image: InstalledImage, { version, slot }: Statement): boolean {
  return image.version === version && (slot === undefined || image.slot === undefined || image.slot === slot);
}

function sameBoot({ boot }: Trial, statement: Statement): boolean {
  return boot !== undefined && boot === statement.boot;
}

function bootOf({ boot }: Statement): { readonly boot: string | undefined } {
  return { boot };
}
