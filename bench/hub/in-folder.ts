import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realClock } from "../../local/hub/clock.ts";
import { openDataFolder } from "../../local/hub/disk/data-folder.ts";
import { createHubState, type HubState } from "../../local/hub/hub-state.ts";
import { createDailyQuota } from "../../local/hub/quota.ts";
import { tierLimits } from "../../local/hub/tier.ts";
import { formatMs, formatCount, medianMs, timed, type Figure } from "../figure.ts";
import { limitAt } from "./in-memory.ts";
import { addTwins, deviceId } from "./twins.ts";

/** What the hub takes with twins that live in a data folder, and to start from it. */
export async function measureInFolder(twins: number): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "wavegate-bench-"));
  try {
    const named = `${formatCount(twins)} twins in a data folder`;
    const { load, patchMs } = await withState(folder, twins, async ({ devices }) => ({
      load: await timed(() => {
        addTwins(devices, twins);
      }),
      patchMs: medianMs(1000, (run) => {
        devices.mergeTwin(deviceId(run % twins), { tags: { note: `patch ${run}` } });
      }),
    }));
    const bytes = await sizeOfFolder(join(folder, "state"));
    const { result: found, measured: start } = await timed(() =>
      withState(folder, twins, ({ devices }) => devices.size()),
    );
    if (found !== twins) throw new Error(`${found} of ${twins} twins were found again`);
    return [
      { what: `load of ${named}`, measured: load.measured, limit: limitAt(twins, "20 s") },
      { what: `patch of one of ${named}`, measured: formatMs(patchMs), limit: limitAt(twins, "1 ms") },
      { what: `start with ${named}`, measured: start, limit: limitAt(twins, "20 s") },
      { what: `disk that one of ${named} takes`, measured: `${(bytes / twins / 1024).toFixed(2)} KB` },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Open the state in a folder, as a hub does when it starts, and close it again. */
async function withState<Result>(
  path: string,
  twins: number,
  work: (state: HubState) => Result | Promise<Result>,
): Promise<Result> {
  await using folder = await openDataFolder(path);
  const limits = { ...tierLimits("S3", 1), maxDevices: twins };
  const state = createHubState({
    clock: realClock,
    limits,
    quota: createDailyQuota({ clock: realClock, limits, mode: "off" }),
    queryLagMs: 0,
    readings: {},
    reportedChangesEtag: false,
    rules: { onDelete: "remove" },
    onChange: () => undefined,
    folder,
  });
  state.open();
  return await work(state);
}

async function sizeOfFolder(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}
