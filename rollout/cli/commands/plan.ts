import { observeProduct } from "../../reconcile/observe.ts";
import { errorsOf, WavegateError } from "../../model/problem.ts";
import { TAG } from "../../model/twin-contract.ts";
import { valueAt } from "../../model/device-view.ts";
import { hasChanges } from "../../plan/changes.ts";
import type { ProductPlan } from "../../plan/product-plan.ts";
import type { Declared } from "../../plan/declared.ts";
import { deviceNamed, explainDevice } from "../../reconcile/explain.ts";
import { EXIT, textOption, type Command, type Result } from "../command.ts";
import { chosenProducts, readableProducts, type Session } from "../session.ts";
import { renderExplained } from "../views/explain.ts";
import { renderPlan } from "../views/plan.ts";
import { renderProblems } from "../views/problems.ts";

/** `wavegate plan`. */
export const plan: Command = {
  name: "plan",
  summary: "show what the declarations would change, and what speaks against it",
  help: `Compare the declared releases with the fleet and show what would change: which
release would start, its waves with their sizes per stratum, the evidence its
gate will ask for, and where devices return to when it is stopped. With --explain it
says in which wave one device is, and why. Changes nothing.`,
  examples: ["wavegate plan thermostat --json", "wavegate plan --explain press-7"],
  arguments: [["[product]", "plan one product only"]],
  options: [
    ["--detailed-exitcode", "end in 2 when there are changes"],
    ["--explain <device>", "say in which wave this device is, and why"],
  ],
  async run(context, input) {
    const session = await context.session();
    const checked = await session.declarations();
    const deviceId = textOption(input, "explain");
    if (deviceId !== undefined) return explained(deviceId, readableProducts(checked, input.args[0]), session);
    const plans: ProductPlan[] = [];
    for (const declared of chosenProducts(checked, input.args[0])) {
      const observed = await observeProduct(declared, session);
      if (observed.plan.kind !== "known") {
        const why = observed.plan.kind === "failed" ? observed.plan.reason : "it kept asking";
        throw new WavegateError("HUB_FAILED", `no plan for ${declared.product}: ${why}`, {
          hint: "run the command again",
        });
      }
      plans.push(observed.plan.value);
    }
    const problems = plans.length === 0 ? checked.problems : plans.flatMap((one) => one.problems);
    const blocked = errorsOf(problems).length > 0;
    const changed = plans.some(({ changes }) => hasChanges(changes));
    const shown = plans.length === 0 ? renderProblems(problems) : plans.map(renderPlan).join("\n\n");
    return {
      exitCode: blocked
        ? EXIT.error
        : changed && input.options["detailedExitcode"] === true
          ? EXIT.changes
          : EXIT.done,
      human: blocked ? `${shown}\nNothing would be done until the errors are gone.` : shown,
      json: { schemaVersion: 1, plans, problems },
    };
  },
};

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
