/** A process of its own: registers devices in a folder, through a full disk and beyond; `--look` only counts them. */
import { execFileSync } from "node:child_process";
import { realClock } from "../../../local/hub/clock.ts";
import { createDeviceStore } from "../../../local/hub/device-store.ts";
import { openStateFolder } from "../../../local/hub/disk/state-folder.ts";
import { createJournal } from "../../../local/hub/journal.ts";

const TRIED = 60;

const [folder = "", mode] = process.argv.slice(2);
const journal = createJournal();
const devices = createDeviceStore({ clock: realClock, maxDevices: 1000, journal });
const state = openStateFolder({ folder, journal });
const found = devices.size();
let [accepted, refused] = [0, 0];
const fill = (): void => {
  for (let count = 0; count < TRIED; count++) {
    try {
      devices.register({ deviceId: `d${accepted}`, tags: { filling: "x".repeat(500) } });
      accepted += 1;
    } catch {
      refused += 1; // nothing of it may be there
    }
  }
};
if (mode !== "--look") {
  fill();
  // Somebody makes room.
  execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=unlimited"]);
  fill();
}
await state[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify({ accepted, refused, found }));
