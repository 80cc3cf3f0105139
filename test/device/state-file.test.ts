import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newDeviceState } from "../../device/device-state.ts";
import { systemDisk } from "../../device/disk.ts";
import { readDeviceState, writeDeviceState } from "../../device/state-file.ts";
import { LOSSES, powerCutDisk } from "./power-cut/power-cut-disk.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const OLD = { ...newDeviceState(7), bootId: "old" };
const NEW = { ...newDeviceState(7), bootId: "new", substatus: "x".repeat(300) };

describe("the state file", () => {
  it("gives back what was written", async () => {
    const directory = await temporaryDirectory();
    await writeDeviceState(systemDisk, directory, NEW);
    expect(await readDeviceState(systemDisk, directory)).toEqual({ state: NEW });
  });

  it("is nothing on the first start", async () => {
    expect(await readDeviceState(systemDisk, await temporaryDirectory())).toEqual({});
  });

  const cuts = LOSSES.flatMap((loss) => [0, 1, 2, 3].map((at) => ({ at, loss })));
  it.each(cuts)("is the old or the new after a power cut at operation $at (lost: $loss)", async (cut) => {
    const directory = await temporaryDirectory();
    await writeDeviceState(systemDisk, directory, OLD);
    const disk = powerCutDisk({ disk: systemDisk, ...cut });
    const written = writeDeviceState(disk, directory, NEW).then(() => "written");
    expect(await Promise.race([written, disk.cut])).toBeUndefined();
    const { state } = await readDeviceState(systemDisk, directory);
    expect(state).toEqual(cut.at === 3 && cut.loss === "half" ? NEW : OLD);
  });

  it.each<[string, string]>([
    ["cut off", '{"schemaVersion":1,"run'],
    ["empty", ""],
    ["of a later schema", JSON.stringify({ ...NEW, schemaVersion: 2 })],
    ["of another shape", JSON.stringify({ ...NEW, latches: {} })],
  ])("that is %s is set aside, and the device starts", async (_, content) => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "state.json"), content);
    const { state, lost } = await readDeviceState(systemDisk, directory);
    expect(state).toBeUndefined();
    expect(lost).toContain("state.json");
    expect(await readdir(directory)).toEqual(["state.json.broken"]);
  });
});
