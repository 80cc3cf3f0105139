import { setTimeout as delay } from "node:timers/promises";
import type { Failure } from "../../failure.ts";
import { DeviceError, failureFromError } from "../../failure.ts";
import type { BootDecision, Statement } from "./boot-decision.ts";
import { decideBlind, decideBoot } from "./boot-decision.ts";
import type { InstallRecord, RecordStore } from "./install-record.ts";
import type { MakerSteps } from "./maker-steps.ts";
import { subjectOf } from "./maker-steps.ts";
import type { UpdateStepsFile } from "./update-steps-file.ts";

/** What a boot is made of where the boot loader is the maker's. */
export interface BootSequenceOptions {
  readonly steps: UpdateStepsFile;
  readonly maker: MakerSteps;
  readonly records: RecordStore;
  /** Digest of the image that runs at the first start; empty when that is not known. */
  readonly factorySha256: string;
  /** Ends the waiting for a reboot. */
  readonly signal: AbortSignal;
  readonly onTrouble: (message: string) => void;
}

/** A device at rest: what runs is what is to run. */
export type Rest = Extract<BootDecision, { readonly type: "stay" }>;

/**
 * Ask what runs, and do what it takes until it is what is to run. `again`: a boot is wanted, not only a look. Rejects when
 * the version step does not answer and there is nothing to go back to.
 */
export function bootSequence({
  steps,
  maker,
  records,
  factorySha256,
  signal,
  onTrouble,
}: BootSequenceOptions): (again: boolean) => Promise<Rest> {
  const described = steps.description.steps;
  const canGoBack = described.rollback !== undefined;

  async function askVersion(): Promise<Statement> {
    const { lines } = await maker.run("version");
    const printed = lines.join("\n");
    const groups = new RegExp(described.version.pattern, "mu").exec(printed)?.groups;
    const { version, slot, boot } = groups ?? {};
    if (version === undefined)
      throw new DeviceError(
        "BOOT_FAILED",
        `version: its pattern finds no version in ${JSON.stringify(printed.slice(0, 100))}`,
      );
    const { slots } = steps.description;
    if (slots !== undefined && (slot === undefined || !slots.includes(slot)))
      throw new DeviceError(
        "BOOT_FAILED",
        `version: ${slot ?? "nothing"} is none of the slots ${slots.join(", ")}`,
      );
    return {
      version,
      ...(slot === undefined ? {} : { slot }),
      ...(boot === undefined ? {} : { boot }),
    };
  }

  async function comeToRest(again: boolean): Promise<Rest> {
    let wantsBoot = again;
    let notRebooted: Failure | undefined;
    for (;;) {
      const decision = await decide({ again: wantsBoot, notRebooted });
      await records.save(decision.record);
      wantsBoot = false;
      notRebooted = undefined;
      switch (decision.type) {
        case "stay":
          return decision;
        case "point":
          await pointBack(decision.record);
          break;
        case "reboot":
        case "reset":
          notRebooted = await reboot(decision);
          break;
      }
    }
  }

  async function decide(asked: {
    readonly again: boolean;
    readonly notRebooted: Failure | undefined;
  }): Promise<BootDecision> {
    const record = await records.load();
    let statement: Statement;
    try {
      statement = await askVersion();
    } catch (error) {
      if (!(error instanceof DeviceError) || record === undefined) throw error;
      const blind = decideBlind({ record, canGoBack, failure: failureFromError(error, "BOOT_FAILED") });
      if (blind === undefined) throw error;
      return blind;
    }
    const { version, slot } = statement;
    const born: InstallRecord = {
      schemaVersion: 1,
      proven: { version, sha256: factorySha256, ...(slot === undefined ? {} : { slot }) },
      resets: 0,
      factorySha256,
    };
    return decideBoot({ ...asked, record: record ?? born, statement, canGoBack });
  }

  async function pointBack(record: InstallRecord): Promise<void> {
    if (!canGoBack || record.leaving === undefined) return;
    try {
      const { needsReboot } = await maker.run("rollback", subjectOf(record.proven));
      await records.save({ ...record, leaving: { ...record.leaving, pointed: true, needsReboot } });
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      onTrouble(error.message);
    }
  }

  /** Order a boot. Does not come back where the agent goes down with the device; else says why it did not come about. */
  async function reboot({ type, record }: BootDecision): Promise<Failure | undefined> {
    const { restarts, when, timeout } = described.reboot;
    const { trial, leaving, proven } = record;
    const needed = type === "reset" || (trial ?? leaving)?.needsReboot !== false;
    if (when === "needed" && !needed) return undefined;
    try {
      await maker.run("reboot", subjectOf(trial?.image ?? proven));
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      return failureFromError(error, "BOOT_FAILED");
    }
    if (restarts === "firmware") return undefined;
    await delay(timeout, undefined, { signal });
    const message = `reboot: the device still runs ${timeout / 1000} s after it`;
    return { code: "BOOT_FAILED", message };
  }

  return comeToRest;
}
