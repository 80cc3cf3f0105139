import { observeProduct } from "../../reconcile/observe.ts";
import { availableParallelism } from "node:os";
import { errorsOf, WavegateError, type Problem } from "../../model/problem.ts";
import { TAG } from "../../model/twin-contract.ts";
import { valueAt } from "../../model/device-view.ts";
import { createdCount, hasChanges } from "../../plan/changes.ts";
import type { ProductPlan } from "../../plan/product-plan.ts";
import type { Declared } from "../../plan/declared.ts";
import { deviceNamed, explainDevice } from "../../reconcile/explain.ts";
import { listHubs } from "../../reconcile/list-hubs.ts";
import type { Forecast } from "../../forecast/forecast.ts";
import { annotateProblems } from "../ci-annotations.ts";
import { chosenProducts, readableProducts } from "../declarations/chosen-products.ts";
import { EXIT, textOption, type Command, type Context, type Input, type Result } from "../command.ts";
import { countOption } from "../number-options.ts";
import { FORECAST_DEFAULTS, FORECAST_MOST } from "../forecast/forecast-defaults.ts";
import { writePlans } from "../plans/plan-file.ts";
import { planIn } from "../plans/saved-plan.ts";
import { openSigner, SIGNING_OPTIONS } from "../signing.ts";
import type { Session } from "../session.ts";
import { renderExplained } from "../views/explain.ts";
import { renderPlan, renderSummary } from "../views/plan.ts";
import { renderProblems } from "../views/problems.ts";

/** `wavegate plan`. */
export const plan: Command = {
  help: `Compare the declared releases with the fleet and show what would change: which
release would start, its waves with their sizes per stratum, the evidence its
gate will ask for, what it costs the hub, and where devices return to when it is
stopped. With --out it saves the plan, so that apply FILE does what was reviewed or
nothing; with a key beside it, signed, where the settings pin who approves
(plans.keys). With --explain it says in which wave one device is, and why; with
--markdown it is a report for reviewers. Changes nothing on the hub.`,
  examples: ["wavegate plan --out release.plan.json", "wavegate plan --markdown > comment.md"],
  options: [
    ["--detailed-exitcode", "end in 2 when there are changes"],
    ["--out <file>", "save the plan, for apply FILE"],
    ...SIGNING_OPTIONS,
    ["--explain <device>", "say in which wave this device is, and why"],
    ["--markdown", "print a report for a pull request, with a forecast"],
    ["--html", "print the same report as a page"],
    ["--before <file>", "in the report, the release file to compare the forecast with"],
    ["--runs <count>", `in the report, rollouts of each scenario (default: ${FORECAST_DEFAULTS.runs})`],
  ],
  isAnnotated: true,
  async run(context, input) {
    const out = textOption(input, "out");
    const wanted = reportOption(input);
    const signer = await openSigner(input, context.signal);
    if (signer !== undefined && out === undefined)
      throw new WavegateError("BAD_OPTION", "a signature stands in a saved plan", {
        hint: "add --out release.plan.json",
      });
    const session = await context.session();
    const checked = await session.declarations();
    const deviceId = textOption(input, "explain");
    if (deviceId !== undefined) return explained(deviceId, readableProducts(checked, input.args[0]), session);
    const plans = await plansOf(chosenProducts(checked, input.args[0]), session);
    const problems = plans.length === 0 ? checked.problems : distinct(plans.flatMap((one) => one.problems));
    const report = wanted === undefined ? undefined : await reported(context, wanted, { plans, problems });
    const blocked = errorsOf(problems).length > 0;
    annotateProblems(problems, context.progress);
    const changed = plans.some(({ changes }) => hasChanges(changes));
    const parts = plans.length === 0 ? [renderProblems(problems)] : plans.map(renderPlan);
    if (plans.length > 1) parts.push(renderSummary(plans));
    if (blocked)
      parts.push(
        `Nothing would be done until the errors are gone.${out === undefined ? "" : " Nothing was saved."}`,
      );
    else if (out !== undefined) {
      await writePlans(out, context.folder, plans, signer);
      parts.push(
        `Saved${signer === undefined ? "" : `, signed by the key ${signer.keyId}`}. Carry out exactly this with: wavegate apply ${out}`,
      );
    }
    return {
      exitCode: blocked
        ? EXIT.error
        : changed && input.options["detailedExitcode"] === true
          ? EXIT.changes
          : EXIT.done,
      human: report ?? parts.join(plans.length > 1 ? "\n\n" : "\n"),
      json: { schemaVersion: 1, plans, problems },
    };
  },
};

/** The report that somebody wants. */
interface ReportWanted {
  readonly form: "markdown" | "html";
  /** A release file to compare the forecast with. */
  readonly before: string | undefined;
  /** Rollouts of each scenario. */
  readonly runs: number;
}

function reportOption(input: Input): ReportWanted | undefined {
  const [asMarkdown, asHtml] = [input.options["markdown"] === true, input.options["html"] === true];
  const before = textOption(input, "before");
  if (asMarkdown && asHtml)
    throw new WavegateError("BAD_OPTION", "--markdown and --html are two forms of one report", {
      hint: "wavegate plan --markdown",
    });
  if (asMarkdown || asHtml) {
    const runs = countOption(input, "runs", FORECAST_DEFAULTS.runs, FORECAST_MOST.runs);
    return { form: asMarkdown ? "markdown" : "html", before, runs };
  }
  if (before === undefined) return undefined;
  throw new WavegateError("BAD_OPTION", "--before is for a report", {
    hint: `wavegate plan --markdown --before ${before}`,
  });
}

/** A report of plans, with a forecast of each release that would start. */
async function reported(
  context: Context,
  { form, before, runs }: ReportWanted,
  { plans, problems }: { readonly plans: readonly ProductPlan[]; readonly problems: readonly Problem[] },
): Promise<string> {
  // Loaded late: a plan alone needs no simulator.
  const [{ forecastReleases }, { planReport }, { planReportHtml }] = await Promise.all([
    import("../forecast/forecast-releases.ts"),
    import("../views/plan-report.ts"),
    import("../views/plan-report-html.ts"),
  ]);
  const { seed, taggedDevices } = FORECAST_DEFAULTS;
  const forecasts: Forecast[] = [];
  for (const { product, ...planned } of plans) {
    if (planned.release === undefined || errorsOf(planned.problems).length > 0) continue;
    const choice = {
      product,
      before,
      taggedDevices,
      release: undefined,
      fleet: undefined,
      lookMs: undefined,
    };
    const how = { seed, runs, workers: availableParallelism() };
    forecasts.push(...(await forecastReleases(context, choice, how)));
  }
  return (form === "html" ? planReportHtml : planReport)({ plans, forecasts, problems });
}

/** The plans of several products, from one listing of the hubs. */
async function plansOf(products: readonly Declared[], session: Session): Promise<readonly ProductPlan[]> {
  if (products.length === 0) return [];
  const seen = await listHubs(session.hubs);
  const plans: ProductPlan[] = [];
  for (const declared of products) {
    const others = plans.reduce((sum, { changes }) => sum + createdCount(changes), 0);
    plans.push(
      planIn(await observeProduct(declared, { ...session, seen, others, advice: true }), declared.product),
    );
  }
  return plans;
}

/** Each once: what is wrong with a file that no product can be told from blocks all of them. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** One device: in which wave it is, and why; its own product when none was named. */
async function explained(deviceId: string, chosen: readonly Declared[], session: Session): Promise<Result> {
  const device = await deviceNamed(deviceId, session.hubs);
  const own = chosen.filter(({ product }) => product === valueAt(device, TAG.product));
  const products = [];
  for (const declared of own.length > 0 ? own : chosen) {
    const observed = await observeProduct(declared, session);
    const releases = await explainDevice(device, observed, session);
    products.push({ product: declared.product, releases });
  }
  return {
    exitCode: EXIT.done,
    human: renderExplained(device, products),
    json: { schemaVersion: 1, device, products },
  };
}
