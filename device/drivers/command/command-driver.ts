import { join, resolve } from "node:path";
import type { Disk } from "../../disk.ts";
import { systemDisk } from "../../disk.ts";
import { DeviceError, failureFromError } from "../../failure.ts";
import type { AskedImage, Driver } from "../driver.ts";
import { digestOf } from "../image-digest.ts";
import { openDraft, readKeptPart } from "../slot-draft.ts";
import { bootSequence } from "./boot-sequence.ts";
import type { InstalledImage, InstallRecord } from "./install-record.ts";
import { recordStore } from "./install-record.ts";
import type { NamedProgress } from "./maker-steps.ts";
import { makerSteps, subjectOf } from "./maker-steps.ts";
import { endLeftovers } from "./step-leftovers.ts";
import type { StepEnd, StepProcess } from "./step-process.ts";
import { runProcess } from "./step-process.ts";
import type { UpdateStepsFile } from "./update-steps-file.ts";

/** A device that its maker's own programs update. */
export interface CommandDriverOptions {
  /** What `readUpdateSteps` has read. */
  readonly steps: UpdateStepsFile;
  /** Directory of the downloaded `image` and of `installed.json`, on a disk that no update overwrites; one a device. */
  readonly directory: string;
  /**
   * SHA-256 of the file that the factory's firmware would be installed from, for the first start. Default: not known, and
   * the device takes a release of its factory version for another image.
   */
  readonly factorySha256?: string | undefined;
  /** What the steps say while they work, at most once a second each. */
  readonly onProgress?: ((progress: NamedProgress) => void) | undefined;
  /** Something that is not supposed to happen did; the driver goes on. */
  readonly onTrouble?: ((message: string) => void) | undefined;
  /** Where the variables come from that steps are given by name. Default: this process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Default: the machine's file system. */
  readonly disk?: Disk | undefined;
  /** Where the steps run. Default: this machine, each in a process group of its own. */
  readonly machine?: StepMachine | undefined;
}

/** What runs programs. */
export interface StepMachine {
  /** Run one step's program to its end, or to its time-out. */
  run(step: StepProcess): Promise<StepEnd>;
  /** End what steps of an earlier agent in that directory have left running. */
  endLeftovers(directory: string): Promise<void>;
}

/**
 * The driver of a device that is updated by `update-steps.yaml`. The slots and the boot loader are the maker's; the driver
 * keeps the downloaded image, what it was told of the slots, and how far an update has come, so that a reboot in the
 * middle is taken up by the next start. What runs is what the version step says, and nothing else.
 */
export function commandDriver({
  steps,
  disk = systemDisk,
  factorySha256 = "",
  environment = process.env,
  onProgress = () => undefined,
  onTrouble = () => undefined,
  machine = { run: runProcess, endLeftovers },
  ...options
}: CommandDriverOptions): Driver {
  const directory = resolve(options.directory);
  const imageFile = join(directory, "image");
  const described = steps.description.steps;
  const canGoBack = described.rollback !== undefined;
  const maker = makerSteps({ steps, directory, environment, onProgress, run: (step) => machine.run(step) });
  const closing = new AbortController();
  const records = recordStore({ disk, directory, signal: closing.signal, onTrouble });
  const comeToRest = bootSequence({
    steps,
    maker,
    records,
    factorySha256,
    signal: closing.signal,
    onTrouble,
  });
  let running: InstalledImage | undefined;
  let hasBooted = false;

  /** Whether the maker says that the other slot still holds that image. */
  async function otherHolds({ other }: InstallRecord, sha256: string): Promise<boolean> {
    if (other?.sha256 !== sha256 || described.holds === undefined) return false;
    try {
      await maker.run("holds", subjectOf(other));
      return true;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      return false;
    }
  }

  async function fileHolds(sha256: string): Promise<boolean> {
    const content = await disk.read(imageFile);
    return content !== undefined && digestOf(content) === sha256;
  }

  /** The image that runs becomes the one to fall back to, though it may not have proven itself. */
  async function keepRunning(record: InstallRecord): Promise<InstallRecord> {
    const { trial, ...rest } = record;
    if (trial === undefined) return record;
    if (described.confirm !== undefined) await maker.run("confirm", subjectOf(trial.image));
    const kept: InstallRecord = { ...rest, proven: trial.image, other: record.proven };
    await records.save(kept);
    return kept;
  }

  function otherSlot({ slot }: InstalledImage): string | undefined {
    return steps.description.slots?.find((name) => name !== slot);
  }

  return {
    async boot() {
      if (!hasBooted) await machine.endLeftovers(directory);
      const again = hasBooted;
      hasBooted = true;
      const rest = await comeToRest(again);
      running = rest.running;
      const { version, sha256 } = running;
      // What came by another way than a rollout is the factory's, or as good as that.
      const factory = sha256 === "" || sha256 === rest.record.factorySha256;
      const { fellBack } = rest.record;
      return { image: { version, sha256, factory }, ...(fellBack === undefined ? {} : { fellBack }) };
    },

    async selfTest() {
      const record = await records.known();
      const { trial } = record;
      try {
        await maker.run("selfTest", subjectOf(expectRunning(running)));
      } catch (error) {
        const failure = failureFromError(error, "SELF_TEST_FAILED");
        // A reboot may end this agent: the next has to know why the image is left.
        if (trial !== undefined && error instanceof DeviceError)
          await records.save({ ...record, trial: { ...trial, failure } });
        throw error;
      }
      const wasSick = record.resets > 0 || trial?.failure !== undefined;
      if (wasSick)
        await records.save({
          ...record,
          resets: 0,
          ...(trial === undefined ? {} : { trial: { ...trial, failure: undefined } }),
        });
    },

    async holds(sha256) {
      const record = await records.known();
      const beside = record.trial === undefined ? record : { ...record, other: record.proven };
      return (await fileHolds(sha256)) || otherHolds(beside, sha256);
    },

    kept: (sha256) => readKeptPart(disk, imageFile, sha256),

    openSlot: (opening) => openDraft(disk, imageFile, opening),

    async apply(asked) {
      const before = await keepRunning(await records.known());
      const onlyFlips = await otherHolds(before, asked.sha256);
      if (!onlyFlips && !(await fileHolds(asked.sha256)))
        throw new DeviceError("SLOT_CORRUPT", `${imageFile} does not hold ${asked.sha256} any more`);
      const slot = otherSlot(before.proven);
      expectTellable(before.proven, { asked, slot });
      const { version, sha256 } = asked;
      const image: InstalledImage = { version, sha256, ...(slot === undefined ? {} : { slot }) };
      const trial = { image, phase: "installing", needsReboot: true, orders: 0, boots: 0 } as const;
      const begun: InstallRecord = {
        ...before,
        fellBack: undefined,
        trial,
        other: onlyFlips ? before.other : undefined,
      };
      await records.save(begun);
      try {
        const { needsReboot } = onlyFlips
          ? await maker.run("rollback", subjectOf(image))
          : await maker.run("install", { ...subjectOf(image), WAVEGATE_IMAGE: imageFile });
        await records.save({
          ...begun,
          interrupted: undefined,
          trial: { ...trial, phase: "armed", needsReboot },
        });
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        // Whatever the installer has come to: the next boot is that of the image that runs.
        const leaving = { image, needsReboot: false, pointed: false, tries: 0 };
        await records.save({
          ...before,
          fellBack: undefined,
          other: undefined,
          interrupted: undefined,
          leaving,
        });
        await comeToRest(false).catch((trouble: unknown) => {
          if (!(trouble instanceof DeviceError)) throw trouble;
          onTrouble(trouble.message);
        });
        throw error;
      }
    },

    async confirm() {
      const record = await keepRunning(await records.known());
      if (record.fellBack !== undefined) await records.save({ ...record, fellBack: undefined });
    },

    async rollback(failure) {
      const record = await records.known();
      const { trial, proven, other } = record;
      const target = trial === undefined ? other : proven;
      if (!canGoBack || target === undefined) return false;
      const leaving = {
        image: trial?.image ?? proven,
        needsReboot: true,
        pointed: false,
        tries: 0,
        failure,
      };
      await records.save({ ...record, trial: undefined, other: undefined, proven: target, leaving });
      return true;
    },

    close() {
      closing.abort();
      maker.stop();
      return Promise.resolve();
    },
  };
}

function expectRunning(running: InstalledImage | undefined): InstalledImage {
  if (running === undefined) throw new Error("nothing runs yet: boot the driver first");
  return running;
}

/** Two images of one version are the same to a version step that tells no slot. */
function expectTellable(
  { version }: InstalledImage,
  { asked, slot }: { readonly asked: AskedImage; readonly slot: string | undefined },
): void {
  if (slot !== undefined || asked.version !== version) return;
  throw new DeviceError(
    "INSTALL_FAILED",
    `another image of ${version} runs, and the version step tells no slot: nobody could say which of them boots`,
  );
}
