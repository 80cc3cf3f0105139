import { describe, expect, it } from "vitest";
import type { Command, Context } from "../../../rollout/cli/command.ts";
import { plan } from "../../../rollout/cli/commands/plan.ts";
import type { Session } from "../../../rollout/cli/session.ts";
import { planIn } from "../../../rollout/cli/plans/saved-plan.ts";
import { asText } from "../../../rollout/cli/views/markdown.ts";
import { planReport, REPORT_MARK } from "../../../rollout/cli/views/plan-report.ts";
import type { Problem } from "../../../rollout/model/problem.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld } from "../../support/world.ts";
import { seenEvidence, STRICT, stuck } from "../reconcile/stuck-wave.ts";

const PRODUCT = declared(aRelease("1.1.0"));
const HOUR = 3_600_000;

/** What the command prints about a small fleet in memory. */
async function printed(
  options: Parameters<Command["run"]>[1]["options"],
  product: Declared = PRODUCT,
): Promise<string> {
  const world = createWorld({ devices: aFleet(300), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
  const { records, images, clock } = world.ports;
  const hub = { ...world.hub, name: "plant" };
  const session = {
    settings: {
      ...{ queryLag: 0, lookEvery: HOUR, hub: { name: "plant", tier: "S1", units: 1 }, otherHubs: [] },
    },
    ...{ hubs: [hub], records, images, clock, actor: "ci" },
    declarations: () => Promise.resolve({ products: [product], problems: [] }),
  } as unknown as Session; // The rest of a session is for other commands.
  const context = {
    ...{ session: () => Promise.resolve(session), progress: () => undefined, json: false, folder: "/" },
    signal: new AbortController().signal,
  } as unknown as Context;
  return (await plan.run(context, { args: [], options })).human;
}

describe("wavegate plan --markdown", () => {
  it("tells a reviewer everything in the order in which it matters", async () => {
    const report = await printed({ markdown: true, runs: "50" });
    await expect(report).toMatchFileSnapshot("golden/plan-report.md");
    expect(report.startsWith(REPORT_MARK)).toBe(true);
  }, 60_000);

  it("says what blocks, and forecasts nothing then", async () => {
    const broken = declared(aRelease("1.2.0"));
    const report = await printed({ markdown: true }, broken);
    expect(report).toContain("**Blocked by 1 error: nothing would be done until they are gone.");
    expect(report).toMatch(/### Errors\n\n- `ARTIFACT_MISSING`/);
    expect(report).not.toContain("### Forecast");
  });

  it("names override files first: they widen exposure", async () => {
    const world = await stuck();
    const override = {
      ...{ product: "thermostat", version: "1.1.0", wave: "canary", reason: "in a drawer" },
      ...{ evidence: await seenEvidence(world), until: world.now() + HOUR },
    };
    const reportOf = async (more: object): Promise<string> => {
      const overrides = [{ override: { ...override, ...more }, file: "overrides/canary.ts" }];
      const observed = await observeProduct(
        { ...STRICT, overrides },
        { ...world.ports, settings: { queryLag: 0 } },
      );
      return planReport({ plans: [planIn(observed, "thermostat")], forecasts: [], problems: [] });
    };
    const due = await reportOf({});
    expect(due).toContain(
      '**No release would start. Overrides the gate of wave "canary" of 1.1.0: it holds, and the wave goes on.**',
    );
    expect(due).toMatch(/### Changes\n\n- override 1.1.0: lets wave "canary" on although its gate holds/);
    expect(due).toMatch(
      /### Override files\n\n- override overrides\/canary.ts: wave "canary" of 1.1.0, on evidence [0-9a-f]{12}, until 2026-01-02T07:00Z \("in a drawer"\): due: apply records it/,
    );
    expect(await reportOf({ wave: "half" })).toContain(
      '**No release would start. May override the gate of wave "half" of 1.1.0.**',
    );
    const expired = await reportOf({ until: world.now() });
    expect(expired).toContain("**The fleet is as declared.**");
    expect(expired).toContain("void: it is expired");
  });

  it("is one page as HTML, with the picture in it and nothing from elsewhere", async () => {
    const page = await printed({ html: true, runs: "50" });
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain("<svg ");
    expect(page).toContain('<table tabindex="0">');
    expect(page).not.toMatch(/(src|href)=|@import|<script/);
  }, 60_000);

  it("refuses what makes no report, with the command to type", async () => {
    await expect(printed({ markdown: true, html: true })).rejects.toThrow("two forms of one report");
    await expect(printed({ before: "old.ts" })).rejects.toThrow("--before is for a report");
  });
});

describe("a report that is too long for a comment", () => {
  const problem = (n: number): Problem => ({
    severity: "warning",
    code: "WAVE_OF_ONE",
    path: `releases/${n}.ts`,
    summary: "s".repeat(200),
    hint: "h",
  });

  it("is cut to the limit and says so", () => {
    const problems = Array.from({ length: 1000 }, (_, n) => problem(n));
    const report = planReport({ plans: [], forecasts: [], problems });
    expect(report.length).toBeLessThanOrEqual(65_000);
    expect(report.endsWith("`wavegate plan` prints them.*")).toBe(true);
  });
});

describe("text of others in a report", () => {
  it("is shown as it is: no markup, no HTML, nobody is called", () => {
    expect(asText("<img src=x onerror=alert(1)> *a* [b](c) `d` | @team\n# e")).toBe(
      "&lt;img src=x onerror=alert(1)> \\*a\\* \\[b\\](c) \\`d\\` \\| @<!-- -->team # e",
    );
  });
});
