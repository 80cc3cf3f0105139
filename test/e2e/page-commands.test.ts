import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docPages, section } from "../docs/doc-files.ts";
import { pageSteps, type PageStep } from "../docs/page-steps.ts";
import { aFleet } from "../support/declarations.ts";
import { startDeployment, type Deployment } from "../support/deployment.ts";
import { startRepository, type Repository } from "../support/repository.ts";
import { HOW_TO, HOW_TO_LEFT_OUT } from "./page-commands/how-to.ts";
import { pageFile } from "./page-commands/page-file.ts";
import { DRILLED, RUNBOOK, RUNBOOK_LEFT_OUT } from "./page-commands/runbook.ts";
import { HALF_A_DAY_A_SECOND, type Outcome, type Story } from "./page-commands/story.ts";

// The very lines of the how-to pages and of the runbook, typed in their order beside the files that the pages show.

const PAGES = new Map(docPages().map((page) => [page.path, page.text]));
const LEFT_OUT = [...HOW_TO_LEFT_OUT, ...RUNBOOK_LEFT_OUT];
const STORIES = { ...HOW_TO, ...RUNBOOK };

let deployment: Deployment;
beforeAll(async () => {
  deployment = await startDeployment({ name: "test-page-commands", devices: 0, scale: 1 });
}, 60_000);
afterAll(() => deployment[Symbol.asyncDispose]());

/** The steps of a page, of commands in its text too, or of the blocks of a section: `docs/runbook.md#Stop it now`. */
function stepsOf(place: string): readonly PageStep[] {
  const [path = "", heading] = place.split("#");
  const text = PAGES.get(path) ?? "";
  return heading === undefined ? pageSteps(text) : pageSteps(section(text, heading), { inText: false });
}

function linesOf(place: string): readonly string[] {
  return stepsOf(place).flatMap((step) => (step.kind === "line" ? [step.line] : []));
}

const isLeftOut = (place: string, line: string): boolean =>
  LEFT_OUT.some((one) => place === one.page && line === one.line);

describe("the commands of the how-to pages and of the runbook", () => {
  it("are run for every page and section that has some", () => {
    const pages = [...PAGES.keys()].filter((path) => path.startsWith("docs/how-to/"));
    const sections = [...(PAGES.get("docs/runbook.md") ?? "").matchAll(/^## (.*)$/gm)]
      .map(([, heading = ""]) => heading)
      .filter((heading) => !DRILLED.includes(heading))
      .map((heading) => `docs/runbook.md#${heading}`);
    const places = [...pages, ...sections].filter((place) => linesOf(place).length > 0);
    expect(Object.keys(STORIES).toSorted()).toEqual(places.toSorted());
  });

  it("are left out where they stand on a page, and for a reason", () => {
    for (const { page, line, reason } of LEFT_OUT) {
      expect(linesOf(page), page).toContain(line);
      expect(reason.length).toBeGreaterThan(10);
    }
  });

  it.each(Object.entries(STORIES))("do what %s promises", { timeout: 120_000 }, async (place, story) => {
    const typed = linesOf(place).filter((line) => !isLeftOut(place, line));
    expect(story.lines.length, typed.join("\n")).toBe(typed.length);
    await using repository = await startRepository(deployment, {
      ...{ devices: aFleet(24), startsAt: "2026-03-01T00:00:00Z", scale: HALF_A_DAY_A_SECOND },
      ...story,
      name: place.replace(/^docs\//, "").replaceAll(/\W+/g, "-"),
    });
    await story.before(repository);
    const outcomes = story.lines.values();
    for (const step of stepsOf(place)) {
      if (step.kind === "settings")
        await repository.set(story.settings?.(step.text) ?? (JSON.parse(step.text) as object));
      else if (step.kind === "file") await repository.write(step.path, await pageFile(step, repository));
      else if (!isLeftOut(place, step.line))
        await typeAsTold(step.line, outcomes.next().value, repository, story);
    }
    await story.after(repository);
  });
});

async function typeAsTold(
  line: string,
  outcome: Outcome | undefined,
  repository: Repository,
  { fill }: Story,
): Promise<void> {
  if (outcome === undefined) throw new Error(`no outcome is told for: ${line}`);
  await outcome.before?.(repository);
  const { meanwhile } = outcome;
  const { code, text } = await repository.type(
    (await fill?.(line, repository)) ?? line,
    meanwhile === undefined ? undefined : () => meanwhile(repository),
  );
  expect(code, `${line}\n${text}`).toBe(outcome.code ?? 0);
  expect(text, line).toMatch(outcome.says);
}
