import { createHash } from "node:crypto";
import type { StepMachine } from "../../../../device/drivers/command/command-driver.ts";
import type { StepEnd, StepProcess } from "../../../../device/drivers/command/step-process.ts";
import type { UpdateStepsFile } from "../../../../device/drivers/command/update-steps-file.ts";
import { parseUpdateSteps } from "../../../../device/drivers/command/update-steps-file.ts";
import type { Disk } from "../../../../device/disk.ts";
import type { Health, PaperFirmware } from "../../power-cut/paper-firmware.ts";

type SlotName = "a" | "b";

/** What a machine tells of itself, and what its reboot step restarts. */
export interface MachineKind {
  /** Whether its version step tells slot and boot, too. */
  readonly tells: "version" | "slots";
  readonly restarts: "device" | "firmware";
  /** Default: always. `swaps`: only when needed, and installing starts the new firmware by itself. */
  readonly reboots?: "needed" | "swaps";
  /** Steps that its maker has not described. */
  readonly without?: readonly ("rollback" | "holds" | "confirm")[];
}

/** A machine on paper, with two slots, a boot loader that falls back by itself, and the maker's programs. */
export interface PaperMachine extends StepMachine {
  readonly steps: UpdateStepsFile;
  /** Version in the slot that runs. */
  readonly running: () => string;
  /** Names of the steps that ran, in order. */
  readonly ran: string[];
  /** Digests of what installers were given. */
  readonly installed: string[];
  /** Switch it off and on; the boot loader chooses. */
  readonly powerCycle: () => void;
  /** Put another image into the slot that runs, and boot it, as by a cable. */
  readonly flash: (version: string) => void;
  /** Resolves when a reboot takes the agent down. */
  readonly down: () => Promise<undefined>;
  /** Called before each step: ends it in place of the machine, or takes the device or only the agent down. */
  meddle: (name: string) => StepEnd | "goesDown" | "agentEnds" | undefined;
}

interface Content {
  readonly version: string;
  readonly health: Health;
}

/** A machine born with an image in slot a; its installer reads images from that disk. */
export function paperMachine(birth: PaperFirmware, kind: MachineKind, disk: Disk): PaperMachine {
  const slots = new Map<SlotName, Content>([["a", birth]]);
  let [running, next]: [SlotName, SlotName] = ["a", "a"];
  let boots = 1;
  let tests = 0;
  let going = Promise.withResolvers<undefined>();

  function boot(): void {
    boots++;
    tests = 0;
    const wanted = slots.get(next);
    if (wanted === undefined || wanted.health === "dead") next = next === "a" ? "b" : "a";
    running = next;
  }

  function endAgent(): Promise<never> {
    const before = going;
    going = Promise.withResolvers<undefined>();
    before.resolve(undefined);
    return new Promise(() => undefined);
  }

  function goDown(): Promise<never> {
    boot();
    return endAgent();
  }

  async function perform(name: string, { environment, onLine }: StepProcess): Promise<StepEnd> {
    // The variable was written by the driver, from the names in the description.
    const slot = (environment["WAVEGATE_SLOT"] ?? (running === "a" ? "b" : "a")) as SlotName;
    const content = slots.get(running)!;
    switch (name) {
      case "version":
        onLine(kind.tells === "slots" ? `${content.version} ${running} boot-${boots}` : content.version);
        return exited(0);
      case "install": {
        if (slot === running) return exited(9);
        const bytes = await disk.read(environment["WAVEGATE_IMAGE"] ?? "");
        machine.installed.push(createHash("sha256").update(bytes!).digest("hex"));
        const [, version = "", health = "dead"] =
          /^firmware (\S+) (\S+) .* end$/.exec(Buffer.from(bytes!).toString()) ?? [];
        slots.set(slot, { version, health: health as Health });
        next = slot;
        return pointed();
      }
      case "reboot":
        if (kind.restarts === "device") return goDown();
        boot();
        return exited(0);
      case "selfTest": {
        tests++;
        const { health } = content;
        if (health === "mute") return { type: "timedOut", tail: "" };
        return exited(health === "sick" || (health === "ill" && tests > 1) ? 1 : 0);
      }
      case "rollback":
        // Without slots there is one to go back to: the one that does not run, or the one that does, at an update.
        next = kind.tells === "slots" ? slot : slotOf(environment["WAVEGATE_VERSION"] ?? "");
        return pointed();
      case "holds":
        return exited(slots.get(slot)?.version === environment["WAVEGATE_VERSION"] ? 0 : 1);
      default:
        return exited(0);
    }
  }

  function pointed(): StepEnd {
    if (kind.reboots === "swaps") boot();
    return exited(kind.reboots === "needed" ? 10 : 0);
  }

  function slotOf(version: string): SlotName {
    return slots.get("a")?.version === version ? "a" : "b";
  }

  const machine: PaperMachine = {
    steps: paperSteps(kind),
    ran: [],
    installed: [],
    running: () => slots.get(running)!.version,
    powerCycle: boot,
    flash(version) {
      slots.set(running, { version, health: "good" });
      boot();
    },
    down: () => going.promise,
    meddle: () => undefined,
    endLeftovers: () => Promise.resolve(),
    async run(step) {
      const name = step.args[0] ?? "";
      machine.ran.push(name);
      // Not before others had their turn, as with a real one.
      await Promise.resolve();
      const meddled = machine.meddle(name);
      if (meddled === "goesDown") return goDown();
      if (meddled === "agentEnds") return endAgent();
      return meddled ?? perform(name, step);
    },
  };
  return machine;
}

function exited(code: number): StepEnd {
  return { type: "exited", code, tail: "" };
}

function paperSteps({ tells, restarts, reboots, without = [] }: MachineKind): UpdateStepsFile {
  const optional = (["rollback", "holds", "confirm"] as const).filter((name) => !without.includes(name));
  const pattern =
    tells === "slots" ? '"^(?<version>[^ ]+) (?<slot>[ab]) (?<boot>.+)$"' : '"^(?<version>[^ ]+)$"';
  const text = `
schemaVersion: 1
${tells === "slots" ? "slots: [a, b]" : ""}
steps:
  version: { command: [paper, version], pattern: ${pattern} }
  install: { command: [paper, install], exitCodes: { 10: reboot } }
  reboot: { command: [paper, reboot], restarts: ${restarts}, when: ${reboots === undefined ? "always" : "needed"}, timeout: 0 s }
  selfTest: { command: [paper, selfTest] }
${optional.map((name) => `  ${name}: { command: [paper, ${name}]${name === "rollback" ? ", exitCodes: { 10: reboot }" : ""} }`).join("\n")}
`;
  const { description, problems } = parseUpdateSteps(text);
  if (description === undefined) throw new Error(JSON.stringify(problems));
  return { file: "/paper/update-steps.yaml", folder: "/paper", description };
}
