import { observeProduct } from "../../reconcile/observe.ts";
import { errorsOf, type Problem } from "../../model/problem.ts";
import { TAG } from "../../model/twin-contract.ts";
import { valueAt } from "../../model/device-view.ts";
import { created, hasChanges } from "../../plan/changes.ts";
import type { ProductPlan } from "../../plan/product-plan.ts";
import type { Declared } from "../../plan/declared.ts";
import { deviceNamed, explainDevice } from "../../reconcile/explain.ts";
import { listHubs } from "../../reconcile/list-hubs.ts";
import { EXIT, textOption, type Command, type Result } from "../command.ts";
import { writePlans } from "../plan-file.ts";
import { planIn } from "../saved-plan.ts";
import { chosenProducts, readableProducts, type Session } from "../session.ts";
import { renderExplained } from "../views/explain.ts";
import { renderPlan, renderSummary } from "../views/plan.ts";
import { renderProblems } from "../views/problems.ts";

/** `wavegate plan`. */
export const plan: Command = {
  name: "plan",
  summary: "show what the declarations would change, and what speaks against it",
  help: `Compare the declared releases with the fleet and show what would change: which
release would start, its waves with their sizes per stratum, the evidence its
gate will ask for, what it costs the hub, and where devices return to when it is
stopped. With --out it saves the plan, so that apply FILE does what was reviewed or
nothing; with --explain it says in which wave one device is, and why. Changes
nothing on the hub.`,
  examples: ["wavegate plan --out release.plan.json", "wavegate plan --explain press-7"],
  arguments: [["[product]", "plan one product only"]],
  options: [
    ["--detailed-exitcode", "end in 2 when there are changes"],
    ["--out <file>", "save the plan, for apply FILE"],
    ["--explain <device>", "say in which wave this device is, and why"],
  ],
  async run(context, input) {
    const session = await context.session();
    const checked = await session.declarations();
    const deviceId = textOption(input, "explain");
    if (deviceId !== undefined) return explained(deviceId, readableProducts(checked, input.args[0]), session);
    const plans = await plansOf(chosenProducts(checked, input.args[0]), session);
    const problems = plans.length === 0 ? checked.problems : distinct(plans.flatMap((one) => one.problems));
    const blocked = errorsOf(problems).length > 0;
    const changed = plans.some(({ changes }) => hasChanges(changes));
    const parts = plans.length === 0 ? [renderProblems(problems)] : plans.map(renderPlan);
    if (plans.length > 1) parts.push(renderSummary(plans));
    const out = textOption(input, "out");
    if (blocked)
      parts.push(
        `Nothing would be done until the errors are gone.${out === undefined ? "" : " Nothing was saved."}`,
      );
    else if (out !== undefined) {
      await writePlans(out, context.folder, plans);
      parts.push(`Saved. Carry out exactly this with: wavegate apply ${out}`);
    }
    return {
      exitCode: blocked
        ? EXIT.error
        : changed && input.options["detailedExitcode"] === true
          ? EXIT.changes
          : EXIT.done,
      human: parts.join(plans.length > 1 ? "\n\n" : "\n"),
      json: { schemaVersion: 1, plans, problems },
    };
  },
};

/** The plans of several products, from one listing of the hubs. */
async function plansOf(products: readonly Declared[], session: Session): Promise<readonly ProductPlan[]> {
  if (products.length === 0) return [];
  const seen = await listHubs(session.hubs);
  const plans: ProductPlan[] = [];
  for (const declared of products) {
    const others = plans.reduce((sum, { changes }) => sum + created(changes), 0);
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
