import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scaledClock, type ClockScale } from "../../local/clock.ts";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import { percent, ring } from "../../rollout/wavegate.ts";
import { codeBlocks, section, wordsOf } from "../docs/doc-files.ts";
import { PROJECT } from "../support/command-line.ts";
import { aFleet, aRelease } from "../support/declarations.ts";
import { startDeployment, type Deployment } from "../support/deployment.ts";
import { lightFleet } from "../support/light-fleet.ts";

// The emergencies of docs/runbook.md: its very lines, by real processes, against two hubs. No line is repeated here.

const DEVICES = 24;
const WAVES = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
  { name: "half", cohort: percent(50), kind: "smoke" as const },
  { name: "everyone", cohort: percent(100), kind: "smoke" as const },
];
const fleet = lightFleet();
let deployment: Deployment;
let east: LocalHub;
let now: () => number;
let settings: string;
let folder: string;
let page: string;

beforeAll(async () => {
  page = await readFile(join(PROJECT, "docs/runbook.md"), "utf8");
  // An hour a second: long enough for a command, short enough to bake.
  deployment = await startDeployment({ name: "test-drill", devices: 0, scale: 3_600 });
  folder = dirname(deployment.settings);
  const { hub, ...more } = JSON.parse(await readFile(deployment.settings, "utf8")) as {
    readonly hub: object;
    readonly clock: ClockScale;
  };
  const clock = scaledClock(more.clock);
  now = () => clock.now();
  east = await startHub({ clock });
  await writeFile(join(folder, "east.pem"), east.caPem);
  const otherHubs = [{ name: "east", connectionString: east.serviceConnectionString, caFile: "east.pem" }];
  settings = join(folder, "drill.json");
  const both = { ...more, hub: { ...hub, name: "west" }, otherHubs };
  await writeFile(settings, JSON.stringify(both), { mode: 0o600 });
  const devices = aFleet(DEVICES);
  fleet.add(deployment.hub, devices.slice(0, DEVICES / 2), "1.0.0");
  fleet.add(east, devices.slice(DEVICES / 2), "1.0.0");
  const artifact = deployment.artifacts.get("1.1.0");
  await deployment.release("thermostat-1.1.0.ts", { ...aRelease("1.1.0", { waves: WAVES }), artifact });
  // The release was started by CI, which then fell silent.
  for (let runs = 0; runs < 2; runs++) expect((await run(["reconcile"])).code).toBe(0);
  expect(running("1.1.0")).toBeGreaterThan(0);
}, 120_000);
afterAll(async () => {
  await east.close();
  await deployment[Symbol.asyncDispose]();
});

interface Ran {
  readonly code: number | undefined;
  readonly text: string;
}

async function run(args: readonly string[]): Promise<Ran> {
  const { code, lines } = await deployment.wavegate(args, settings);
  for (const hub of [deployment.hub, east]) {
    for (const { deviceId } of hub.twins.all()) hub.twins.touch(deviceId);
    fleet.answer(hub, now(), () => "ok");
  }
  return { code, text: lines.join("\n") };
}

/** Type a block of the page, line by line; the first of the section unless another is meant. */
async function type(heading: string, which = 0): Promise<readonly Ran[]> {
  const block = codeBlocks(section(page, heading)).filter(({ language }) => language === "sh")[which];
  const ran: Ran[] = [];
  for (const line of block?.lines ?? []) {
    const [npx, name, ...args] = wordsOf(line);
    expect([npx, name], line).toEqual(["npx", "wavegate"]);
    ran.push(await run(args));
  }
  expect(ran.length, `commands under "${heading}"`).toBeGreaterThan(0);
  return ran;
}

function running(version: string, hubs = [deployment.hub, east]): number {
  return hubs
    .flatMap(({ twins }) => [...twins.all()])
    .filter(({ reported: { value } }) => {
      // What the light fleet has written there.
      const firmware = value["firmware"] as { readonly currentFwVersion?: string } | undefined;
      return firmware?.currentFwVersion === version;
    }).length;
}

async function loseStore(): Promise<void> {
  await rename(join(folder, "records"), join(folder, "records-away"));
  // What is no folder fails as a dead disk does.
  await writeFile(join(folder, "records"), "");
}

async function findStore(): Promise<void> {
  await rm(join(folder, "records"));
  await rename(join(folder, "records-away"), join(folder, "records"));
}

describe("an emergency, by the lines of the runbook", () => {
  let outage: Disposable;

  it("CI is down: a person carries the rollout on from its canary", async () => {
    const before = running("1.1.0");
    for (let looks = 0; looks < 30 && running("1.1.0") === before; looks++)
      for (const { code, text } of await type("CI is down")) expect(code, text).toBe(0);
    expect(running("1.1.0")).toBeGreaterThan(before);
  }, 60_000);

  it("one hub and the record store are down too: a stop is in force on the other hub", async () => {
    await loseStore();
    outage = deployment.hub.faults.add({ kind: "drop before", match: { api: "rest" } });
    const [stopped] = await type("A hub is down");
    expect(stopped).toMatchObject({
      code: 1,
      text: expect.stringMatching(/in force on east[^]*NOT in force on west: HUB_UNREACHABLE/) as string,
    });
    expect(running("1.1.0", [east])).toBe(0);
    expect(running("1.1.0", [deployment.hub])).toBeGreaterThan(0);
  }, 60_000);

  it("the hub is back, the store is not: the stop reaches it, and every device goes back", async () => {
    outage[Symbol.dispose]();
    const [stopped] = await type("The record store is down");
    expect(stopped).toMatchObject({
      code: 0,
      text: expect.stringContaining("in force on west, east") as string,
    });
    expect(running("1.0.0")).toBe(DEVICES);
  }, 60_000);

  it("the store is back: all of it is recorded, in one line, and judged again", async () => {
    await findStore();
    const ends: Ran[][] = [];
    while (ends.length < 10 && !/rolled back/.test(ends.at(-1)?.[1]?.text ?? ""))
      ends.push([...(await type("The record store is down", 1))]);
    const [, history, verified] = ends.at(-1) ?? [];
    expect(ends[0]?.[0]?.code).toBe(3);
    expect(history?.text).toMatch(
      /one unbroken chain[^]*abort +1\.1\.0 +devices reboot[^]*rolled back 1\.1\.0/,
    );
    expect(verified).toMatchObject({ code: 0, text: expect.stringContaining("all as recorded") as string });
    expect(await run(["plan", "--detailed-exitcode"])).toMatchObject({ code: 0 });
    expect(running("1.0.0")).toBe(DEVICES);
  }, 60_000);
});
