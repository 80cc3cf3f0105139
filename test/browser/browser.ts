import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";

/** Debian's Chromium, as `scripts/debian-packages chromium` installs it. */
const CHROMIUM = "/usr/bin/chromium";

/** Why there is no browser to test with; undefined where there is one. */
export const MISSING = existsSync(CHROMIUM)
  ? undefined
  : "needs Debian's package chromium: npm run test:extras installs it";

/** How a page is looked at. */
export const VIEWS = {
  light: { viewport: { width: 1_100, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1_100, height: 900 }, colorScheme: "dark" },
  narrow: { viewport: { width: 360, height: 740 }, colorScheme: "light" },
} as const;
export type View = keyof typeof VIEWS;

/** A page, and what went on that nobody should see. */
export interface Opened {
  readonly page: Page;
  /** Errors and warnings of its console, and errors of its scripts. */
  readonly complaints: readonly string[];
  /** Addresses that were asked for. */
  readonly requests: readonly string[];
}

/** Start the browser; root cannot have its sandbox. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

/** Open an address in a context of its own. */
export async function open(browser: Browser, url: string, view: View = "light"): Promise<Opened> {
  const context = await browser.newContext(VIEWS[view]);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  return { page, complaints, requests };
}

/** Look at a page as each kind of reader does: what axe finds against it, and how far it is wider than the screen. */
export async function lookAt(
  page: Page,
  name: string,
): Promise<Readonly<Record<View, { readonly violations: readonly string[]; readonly tooWide: number }>>> {
  const found: Partial<Record<View, { violations: readonly string[]; tooWide: number }>> = {};
  for (const [view, { viewport, colorScheme }] of Object.entries(VIEWS)) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await keepPicture(page, `${name}-${view}`);
    // The keys are those of VIEWS.
    found[view as View] = { violations: await violationsOf(page), tooWide: await tooWideBy(page) };
  }
  return found as Record<View, { violations: readonly string[]; tooWide: number }>;
}

/** What a page without fault gives. */
export const NO_FAULT = Object.fromEntries(
  Object.keys(VIEWS).map((view) => [view, { violations: [], tooWide: 0 }]),
);

/** Pixels by which the page has to be moved sideways. */
function tooWideBy(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

/** Rules of WCAG 2.2 AA, and axe's own best practices, that a page breaks, each with the first place. */
async function violationsOf(page: Page): Promise<readonly string[]> {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await page.evaluate(await readFile(axe, "utf8"));
  return page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.length}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`))",
  );
}

let folder: Promise<string> | undefined;

/** Pictures go to WAVEGATE_PICTURES, else where nobody finds them. */
async function keepPicture(page: Page, name: string): Promise<void> {
  const named = process.env["WAVEGATE_PICTURES"];
  folder ??= named === undefined ? mkdtemp(join(tmpdir(), "wavegate-pictures-")) : Promise.resolve(named);
  await mkdir(await folder, { recursive: true });
  await page.screenshot({ path: join(await folder, `${name}.png`), fullPage: true });
}
