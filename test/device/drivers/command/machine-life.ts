import type { FirmwareReported } from "../../../../rollout/model/twin-contract.ts";
import type { Disk } from "../../../../device/disk.ts";
import { commandDriver } from "../../../../device/drivers/command/command-driver.ts";
import { atRest, powerOn } from "../../power-cut/device-life.ts";
import type { PaperFirmware } from "../../power-cut/paper-firmware.ts";
import { paperStore } from "../../power-cut/paper-store.ts";
import { desiredFor } from "../../paper-device.ts";
import type { PaperMachine } from "./paper-machine.ts";

/** Directory of the agent's state and of the driver's record. */
export const DIRECTORY = "/device";
/** Starts of the agent that one update may take. */
const MOST_LIVES = 20;

/** An agent on a paper machine, started as often as a reboot has ended it. */
export interface MachineLife {
  /** Ask for an image and let the agent live until it has nothing to do; the last it reported. */
  readonly ask: (image: PaperFirmware, rolloutId: string, through?: Disk) => Promise<FirmwareReported>;
  readonly reports: readonly FirmwareReported[];
  /** Requests to the image store. */
  readonly downloads: () => number;
  readonly troubles: readonly string[];
}

/** What the hub asks of the device for an image. */
function desiredImage({ version, sha256, bytes }: PaperFirmware, rolloutId: string): object {
  return desiredFor(
    { rolloutId, version, image: { sha256, states: version } },
    { fwPackageSize: bytes.length },
  );
}

/** Let an agent live on a machine; `birth` is what its factory says it was born with. */
export function machineLife({
  machine,
  disk,
  birth,
  images,
}: {
  readonly machine: PaperMachine;
  readonly disk: Disk;
  readonly birth: PaperFirmware;
  readonly images: readonly PaperFirmware[];
}): MachineLife {
  const store = paperStore(images);
  const reports: FirmwareReported[] = [];
  const troubles: string[] = [];

  async function live(desired: object, through: Disk): Promise<"rests"> {
    const driver = commandDriver({
      steps: machine.steps,
      directory: DIRECTORY,
      factorySha256: birth.sha256,
      disk: through,
      machine,
      onTrouble: (message) => troubles.push(message),
    });
    const onReport = (reported: FirmwareReported): unknown => reports.push(reported);
    const loop = await powerOn({ disk: through, directory: DIRECTORY, ask: store.ask, onReport, driver });
    loop.hear(desired);
    await atRest(loop);
    return "rests";
  }

  return {
    reports,
    troubles,
    downloads: () => store.asked,
    async ask(image, rolloutId, through = disk) {
      for (let lives = 0; lives < MOST_LIVES; lives++) {
        const down = machine.down().then(() => "down" as const);
        if ((await Promise.race([live(desiredImage(image, rolloutId), through), down])) === "rests")
          return reports.at(-1)!;
      }
      throw new Error(`the device still reboots after ${MOST_LIVES} starts: ${machine.ran.join(" ")}`);
    },
  };
}
