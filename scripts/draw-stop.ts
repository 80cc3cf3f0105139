/**
 * `npx node scripts/draw-stop.ts [SETTINGS]`: draw the pictures of README anew (docs/images/stop*.svg), from the
 * records of a run of `npm start`.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProductStory } from "../rollout/page/story.ts";
import { stopPicture } from "./pictures/stop-picture.ts";

const PROJECT = join(import.meta.dirname, "..");

const settings = process.argv[2] ?? join(PROJECT, ".wavegate", "demo", "settings.json");
const args = ["report", "thermostat", "--json", "--settings", settings];
const { status, stdout } = spawnSync(
  process.execPath,
  [join(PROJECT, "scripts", "wavegate.mjs"), ...args],
  // What the command says of its trouble is shown as it is.
  { encoding: "utf8", maxBuffer: 64 << 20, stdio: ["ignore", "pipe", "inherit"] },
);
if (status === 0) await draw(stdout);
else fail(`\`wavegate ${args.join(" ")}\` failed: its words are above`);

async function draw(told: string): Promise<void> {
  // What the command prints is the value that it is declared to be.
  const { products } = JSON.parse(told) as { readonly products: readonly ProductStory[] };
  const stopped = products[0]?.rollouts.find(({ stop }) => stop !== undefined);
  if (stopped === undefined) {
    fail(`no release of ${settings} was stopped`);
    return;
  }
  const images = join(PROJECT, "docs", "images");
  writeFileSync(join(images, "stop.svg"), await stopPicture(stopped, "wide"));
  writeFileSync(join(images, "stop-narrow.svg"), await stopPicture(stopped, "narrow"));
}

function fail(why: string): void {
  console.error(
    `${why}\n  next: npm start, until its second release is stopped; or name the settings of another rollout: npx node scripts/draw-stop.ts SETTINGS`,
  );
  process.exitCode = 1;
}
