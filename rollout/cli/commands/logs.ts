import { WavegateError } from "../../model/problem.ts";
import { EXIT, type Command } from "../command.ts";
import { countOption } from "../number-options.ts";
import { registryOf } from "../session.ts";
import { hubsOf } from "../settings/settings.ts";

const LINES = 100;
/** What an agent remembers [docs/device.md]. */
const MOST_LINES = 500;

/** `wavegate logs`. */
export const logs: Command = {
  help: `Ask a device, by a direct method, for the last lines of its agent's log: boots,
reports, lost connections, trouble. The device has to be connected. Needs the
right to call direct methods, which the rollout's own identity has not.`,
  examples: ["wavegate logs press-7", "wavegate logs press-7 --lines 500 --json"],
  options: [["--lines <count>", `most lines to show, up to ${MOST_LINES} (default: ${LINES})`]],
  async run(context, input) {
    const [deviceId = ""] = input.args;
    const lines = countOption(input, "lines", LINES, MOST_LINES);
    // Loaded late, as everything that needs Microsoft's client is.
    const { deviceLog } = await import("../../adapters/device-log.ts");
    const trouble: unknown[] = [];
    for (const hub of hubsOf(await context.settings())) {
      try {
        const log = await deviceLog({ registry: await registryOf(hub), hub: hub.name }, { deviceId, lines });
        const older = log.dropped === 0 ? [] : [`(${log.dropped} older lines are not shown)`];
        return {
          exitCode: EXIT.done,
          // What is printed is plain; a line of the device's must not look like several either.
          human: [...older, ...log.lines.map((line) => line.replaceAll("\n", "?"))].join("\n"),
          json: { schemaVersion: 1, hub: hub.name, deviceId, ...log },
        };
      } catch (error) {
        // Another hub may be the one that has it.
        if (!(error instanceof WavegateError) || error.code !== "HUB_NOT_FOUND") throw error;
        trouble.push(error);
      }
    }
    throw new WavegateError("DEVICE_UNKNOWN", `no hub reaches a device ${JSON.stringify(deviceId)}`, {
      hint: "it may be off, or unknown: wavegate plan --explain DEVICE",
      cause: trouble[0],
    });
  },
};
