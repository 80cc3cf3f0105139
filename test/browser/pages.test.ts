import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock, type ClockScale } from "../../rollout/adapters/clock.ts";
import { PROJECT, start, type Talking } from "../support/command-line.ts";
import { aFleet } from "../support/declarations.ts";
import { startDeployment, type Deployment } from "../support/deployment.ts";
import { lightFleet } from "../support/light-fleet.ts";
import { lookAt, MISSING, NO_FAULT, open, startBrowser, type Opened } from "./browser.ts";

// Pages in a real browser, over real rollouts on the local hub: one that people approve, and one that the gate stops.

const NAME = "test-browser";
const FOLDER = join(PROJECT, ".wavegate", NAME);
/** Virtual ms in a real one: the deadline of three hours is nine real seconds, and devices answer twenty times in one. */
const SCALE = 1_200;
const PHASE_MS = 90_000;
const BAD = "1.2.0";
const REASON = "the field test is fine";

let deployment: Deployment;
let browser: Browser;
let answering: NodeJS.Timeout;
let server: Talking;
let address: string;
let dashboard: Opened;

beforeAll(async () => {
  if (MISSING !== undefined) return;
  [deployment, browser] = await Promise.all([
    startDeployment({ name: NAME, devices: 0, scale: SCALE }),
    startBrowser(),
  ]);
  const fleet = lightFleet();
  const { hub } = deployment;
  fleet.add(hub, aFleet(60), "1.0.0");
  // The devices live by the clock of the deployment: the instants of their contacts are counted by it.
  const { clock } = JSON.parse(await readFile(deployment.settings, "utf8")) as { readonly clock: ClockScale };
  const devicesClock = systemClock(clock);
  answering = setInterval(() => {
    fleet.answer(hub, devicesClock.now(), ({ version, stratum }) =>
      version === BAD && stratum === "B" ? "failed" : "ok",
    );
  }, 50);
  expect((await deployment.wavegate(["apply"])).code).toBe(0);
}, PHASE_MS);

afterAll(async () => {
  if (MISSING !== undefined) return;
  server.interrupt();
  await server.ended;
  clearInterval(answering);
  await browser.close();
  await deployment[Symbol.asyncDispose]();
}, PHASE_MS);

async function startDashboard(port: string): Promise<void> {
  server = start(
    ["scripts/wavegate.mjs", "dashboard", "--allow-actions", "--port", port, "--as", "ada", "--json"],
    {
      WAVEGATE_SETTINGS: deployment.settings,
    },
  );
  // Our own command printed it a moment ago.
  address = (JSON.parse(await server.until(/"url"/)) as { url: string }).url;
}

function declare(version: string, waves: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  return deployment.release(`thermostat-${version}.ts`, {
    product: "thermostat",
    version,
    // What is only planned may have any image that is there.
    artifact: deployment.artifacts.get(version) ?? deployment.artifacts.get("1.1.0"),
    waves,
    gate: {
      tolerate: "2%",
      reject: "10%",
      falseStop: "5%",
      missedBad: "5%",
      deadline: "3 hours",
      bake: "3 hours",
      harmCap: 20,
    },
    watch: "90 days",
  });
}

const HALF = { name: "half", cohort: { kind: "percent", percent: 50 }, kind: "smoke" };
const EVERYONE = { name: "everyone", cohort: { kind: "percent", percent: 100 }, kind: "timed" };

/** Go on by the keyboard alone until an element has the focus. */
async function tabTo({ page }: Opened, selector: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`)) return;
  }
  throw new Error(`${selector} cannot be reached by the Tab key`);
}

describe.skipIf(MISSING !== undefined)("the dashboard, in a browser", () => {
  it(
    "shows a rollout as it goes, and lets a person approve by the keyboard alone",
    async () => {
      await startDashboard("0");
      dashboard = await open(browser, address);
      const { page } = dashboard;
      await page.getByRole("heading", { name: "thermostat" }).waitFor();
      expect(page.url(), "the token does not stay in the address").not.toContain("token");
      // What a reload would wipe out.
      await page.evaluate("globalThis.isSamePage = true");

      await declare("1.1.0", [HALF, { ...EVERYONE, approvals: 1 }]);
      const applied = deployment.wavegate(["apply", "--as", "berta"]);
      await page.getByText('1.1.0 is under way in wave "half" (1 of 2).').waitFor();
      await page.getByRole("button", { name: "approve" }).waitFor();
      await tabTo(dashboard, "#p-thermostat-approve");
      await page.keyboard.press("Enter");
      await page.keyboard.type(REASON);
      await page.keyboard.press("Enter");
      await page.getByText('wave "everyone" of 1.1.0 is approved by ada').first().waitFor();
      const decision = page.locator(".chain > li", { hasText: "approve 1.1.0" });
      await decision.waitFor();
      expect(await decision.innerText()).toMatch(new RegExp(`by ada[^]*${REASON}`));
      await page.getByText("1.1.0 reached everyone, and is still watched.").waitFor();
      expect((await applied).code).toBe(0);
    },
    PHASE_MS,
  );

  it(
    "shows the gate's stop without a reload, with its evidence, and the devices back",
    async () => {
      const { page } = dashboard;
      await declare(BAD, [HALF, EVERYONE]);
      const applied = deployment.wavegate(["apply"]);
      await page.getByText(`${BAD} was stopped in wave "half" (1 of 2)`).first().waitFor();
      const stop = page.locator(".chain > li", { hasText: `abort ${BAD}` });
      expect(await stop.innerText()).toMatch(/by gate[^]*failed[^]*in B/);
      await page.getByText(`${BAD} was stopped in wave "half" (1 of 2); its devices are back.`).waitFor();
      expect((await applied).code).toBe(3);
      expect(await page.evaluate("globalThis.isSamePage")).toBe(true);
    },
    PHASE_MS,
  );

  it(
    "has nothing against it for any reader, wide or narrow, light or dark",
    async () => {
      for (const details of await dashboard.page.locator("summary").all()) await details.click();
      expect(await lookAt(dashboard.page, "dashboard")).toEqual(NO_FAULT);
    },
    PHASE_MS,
  );

  it(
    "says that it is stale while its server is away, and comes back by itself",
    async () => {
      const { page, complaints, requests } = dashboard;
      const { origin, port } = new URL(address);
      expect(complaints).toEqual([]);
      server.interrupt();
      await server.ended;
      await page
        .getByText(/^Stale: the server does not answer; what is shown is of /)
        .first()
        .waitFor();
      expect(await page.getByText(`${BAD} was stopped in wave "half"`).count()).toBeGreaterThan(0);
      await startDashboard(port);
      await page
        .getByText(/^Live: looked at /)
        .first()
        .waitFor();
      // The token was the old server's: reading goes on, acting asks for the new link.
      await page.getByRole("button", { name: "hold" }).click();
      await page.locator("dialog[open] input").fill("too late");
      await page.keyboard.press("Enter");
      await page
        .getByText(/NOT DONE: TOKEN_WRONG/)
        .first()
        .waitFor();
      expect(await page.evaluate("globalThis.isSamePage")).toBe(true);
      expect(requests.filter((url) => !url.startsWith(origin))).toEqual([]);
    },
    PHASE_MS,
  );
});

describe.skipIf(MISSING !== undefined)("a report, opened from disk", () => {
  const file = join(FOLDER, "report.html");

  it(
    "checks its own records, asks nobody for anything, and has nothing against it for any reader",
    async () => {
      const written = await deployment.wavegate(["report", "thermostat", "--out", file]);
      expect(written.code, written.lines.join("\n")).toBe(0);
      const { page, complaints, requests } = await open(browser, pathToFileURL(file).href);
      await page.getByText(/^✓ Chain complete: \d+ records of thermostat/).waitFor();
      await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
      expect(await lookAt(page, "report")).toEqual(NO_FAULT);
      expect(complaints).toEqual([]);
      expect(requests).toEqual([pathToFileURL(file).href]);
    },
    PHASE_MS,
  );

  // In the records the text stands within a JSON text of a JSON text; on the page as it is.
  it.each([
    ["a record", `${REASON}\\`, /was changed: its digest is/],
    ["what it shows of one", `${REASON}<`, /is shown with another reason than it has/],
  ])(
    "finds one changed byte in %s",
    async (_, place, found) => {
      const text = await readFile(file, "utf8");
      expect(text.split(place)).toHaveLength(2);
      const changed = join(FOLDER, "changed.html");
      await writeFile(changed, text.replace(place, place.replace("fine", "Fine")));
      const { page } = await open(browser, pathToFileURL(changed).href);
      await page.getByText(/^✗ BROKEN: record \d+ of \d+/).waitFor();
      expect(await page.locator("[data-check]").textContent()).toMatch(found);
      await rm(changed);
    },
    PHASE_MS,
  );
});

describe.skipIf(MISSING !== undefined)("a plan as a page", () => {
  it(
    "has nothing against it for any reader",
    async () => {
      await deployment.removeRelease(`thermostat-${BAD}.ts`);
      await declare("1.3.0", [HALF, EVERYONE]);
      const file = join(FOLDER, "plan.html");
      const planned = await deployment.wavegate(["plan", "--html", "--runs", "20"]);
      // What it says of its progress is read as one with its result here.
      await writeFile(file, planned.lines.slice(planned.lines.indexOf("<!doctype html>")).join("\n"));
      const { page, complaints } = await open(browser, pathToFileURL(file).href);
      expect(await lookAt(page, "plan")).toEqual(NO_FAULT);
      expect(complaints).toEqual([]);
    },
    PHASE_MS,
  );
});
