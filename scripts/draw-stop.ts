/**
 * `npx node scripts/draw-stop.ts [SETTINGS]`: draw docs/images/stop.svg anew, from the records of a run of `npm start`.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProductStory } from "../rollout/page/story.ts";
import { stopPicture } from "./pictures/stop-picture.ts";

const PROJECT = join(import.meta.dirname, "..");

const settings = process.argv[2] ?? join(PROJECT, ".wavegate", "demo", "settings.json");
const args = ["report", "thermostat", "--json", "--settings", settings];
const told = execFileSync(process.execPath, [join(PROJECT, "scripts", "wavegate.mjs"), ...args], {
  encoding: "utf8",
  maxBuffer: 64 << 20,
});
// What the command prints is the value that it is declared to be.
const { products } = JSON.parse(told) as { readonly products: readonly ProductStory[] };
const stopped = products[0]?.rollouts.find(({ stop }) => stop !== undefined);
if (stopped === undefined) throw new Error(`no release of ${settings} was stopped: run npm start first`);
writeFileSync(join(PROJECT, "docs", "images", "stop.svg"), await stopPicture(stopped));
