import { join } from "node:path";
import { ZodError } from "zod";
import type { DeviceState } from "./device-state.ts";
import { deviceStateSchema } from "./device-state.ts";
import type { Disk } from "./disk.ts";
import { parseJsonFile, writeJsonFile } from "./json-file.ts";

/** What was found on disk at start. */
export interface StoredState {
  /** Absent on the first start, and when the file could not be used. */
  readonly state?: DeviceState;
  /** Why a file that was there could not be used; it is kept beside, as `state.json.broken`. */
  readonly lost?: string;
}

/**
 * Read what the device remembers. A file that cannot be read never keeps a device from starting: it starts without its
 * latches, which a gate sees as a new contact, rather than not at all.
 */
export async function readDeviceState(disk: Disk, directory: string): Promise<StoredState> {
  const file = stateFile(directory);
  const content = await disk.read(file);
  if (content === undefined) return {};
  try {
    return { state: parseJsonFile(content, deviceStateSchema) };
  } catch (error) {
    await disk.rename(file, `${file}.broken`);
    const reason =
      error instanceof ZodError ? "it is of a schema this agent does not know" : "it is not JSON";
    return { lost: `${file} is not used: ${reason}` };
  }
}

/** Remember the device's state, all or nothing. */
export async function writeDeviceState(disk: Disk, directory: string, state: DeviceState): Promise<void> {
  await writeJsonFile(disk, stateFile(directory), state);
}

function stateFile(directory: string): string {
  return join(directory, "state.json");
}
