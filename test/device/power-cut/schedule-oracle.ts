import type { FirmwareReported } from "../../../rollout/model/twin-contract.ts";
import { TRIAL_BOOTS } from "../../../device/drivers/driver.ts";
import type { PaperFirmware } from "./paper-firmware.ts";
import type { StoreMood } from "./paper-store.ts";

/** One attempt of a schedule. */
export interface ScheduledAttempt {
  readonly rolloutId: string;
  readonly image: PaperFirmware;
}

/** What was done to a device and what it did, in order. */
export type Happening =
  /** What stands in the twin from now on. */
  | { readonly type: "asked"; readonly attempt: ScheduledAttempt | undefined }
  | { readonly type: "store"; readonly mood: StoreMood }
  /** The board was told to start these bytes. */
  | { readonly type: "started"; readonly sha256: string }
  | { readonly type: "told"; readonly reported: FirmwareReported };

/**
 * What is wrong with a device's behaviour, by a model that knows images, requests and the store, and nothing of phases,
 * states or slots. Empty when all is right.
 */
export function faultsOf(
  birth: PaperFirmware,
  images: readonly PaperFirmware[],
  happenings: readonly Happening[],
): string[] {
  const faults: string[] = [];
  const known = new Map([birth, ...images].map((image) => [image.sha256, image]));
  const byVersion = new Map([birth, ...images].map((image) => [image.version, image]));
  /** How often each image was newly asked for, and started since it ran well last. */
  const asks = new Map<string, number>();
  const starts = new Map<string, number>();
  const failed = new Set<string>();
  const contacts = new Map<string, string>();
  const attempts = new Map<string, ScheduledAttempt>();
  /** Attempts that something else than their image may have failed. */
  const excused = new Set<string>();
  let wanted: ScheduledAttempt | undefined;
  let mood: StoreMood = "fine";

  for (const happening of happenings) {
    switch (happening.type) {
      case "asked":
        wanted = happening.attempt;
        if (wanted !== undefined) {
          attempts.set(wanted.rolloutId, wanted);
          asks.set(wanted.image.sha256, (asks.get(wanted.image.sha256) ?? 0) + 1);
          if (mood !== "fine") excused.add(wanted.rolloutId);
        }
        break;
      case "store":
        mood = happening.mood;
        if (mood !== "fine") for (const rolloutId of attempts.keys()) excused.add(rolloutId);
        break;
      case "started":
        countStart(happening.sha256);
        break;
      case "told":
        judge(happening.reported);
        break;
    }
  }
  judgeEnd();
  return faults;

  function countStart(sha256: string): void {
    const image = known.get(sha256);
    if (image === undefined) {
      faults.push("something that is no whole image was started");
      return;
    }
    const count = (starts.get(sha256) ?? 0) + 1;
    starts.set(sha256, count);
    // Three boots each time it is asked for; a good image may be started as often as the power comes back.
    if (image.health === "good") return;
    if (count > TRIAL_BOOTS * (asks.get(sha256) ?? 0))
      faults.push(`${image.version} was tried ${count} times`);
  }

  function judge({ rolloutId, outcome, contactedAt, fromVersion, currentFwVersion }: FirmwareReported): void {
    if (!byVersion.has(currentFwVersion)) faults.push(`${currentFwVersion} is said to run`);
    if (rolloutId === "") return;
    const attempt = attempts.get(rolloutId);
    if (attempt === undefined) {
      faults.push(`${rolloutId} is spoken of and was never asked for`);
      return;
    }
    const contact = `${contactedAt} ${fromVersion}`;
    if ((contacts.get(rolloutId) ?? contact) !== contact) faults.push(`${rolloutId} was contacted twice`);
    contacts.set(rolloutId, contact);
    if (failed.has(rolloutId) && outcome !== "failed") faults.push(`${rolloutId} failed and is ${outcome}`);
    if (outcome === "failed") failed.add(rolloutId);
    if ((outcome === "ok" || outcome === "ok-already") && attempt.image.health !== "good")
      faults.push(`${rolloutId} is ${outcome} and its image is ${attempt.image.health}`);
    // A power cut is its excuse only if it could have come in each of its boots.
    const unlucky = (starts.get(attempt.image.sha256) ?? 0) >= TRIAL_BOOTS;
    if (outcome === "failed" && attempt.image.health === "good" && !excused.has(rolloutId) && !unlucky)
      faults.push(`${rolloutId} failed, and nothing was wrong with it`);
  }

  function judgeEnd(): void {
    const end = happenings.findLast((happening) => happening.type === "told")?.reported;
    if (end === undefined) {
      faults.push("the device has said nothing");
      return;
    }
    const runs = byVersion.get(end.currentFwVersion);
    const started = happenings.findLast((happening) => happening.type === "started")?.sha256;
    if (runs?.sha256 !== started) faults.push(`${end.currentFwVersion} is said to run, and another does`);
    if (runs === undefined || runs.health !== "good")
      faults.push(`at the end ${end.currentFwVersion} runs, which is no good`);
    if (end.fwHealth !== "healthy") faults.push(`at the end it is ${end.fwHealth}`);
    if (wanted === undefined) return;
    if (end.rolloutId !== wanted.rolloutId) faults.push(`at the end it speaks of ${end.rolloutId}`);
    if (end.outcome === "contacted") faults.push("at the end it is on its way");
    if (end.outcome !== "failed" && runs?.sha256 !== wanted.image.sha256)
      faults.push(`at the end it is ${end.outcome} and runs ${end.currentFwVersion}`);
    if (wanted.image.health !== "good" && end.outcome !== "failed") faults.push(`it ends ${end.outcome}`);
  }
}
