import { takenBackBy } from "../../reconcile/apply.ts";
import { reconcile as runOnce, type ReconcileResult } from "../../reconcile/reconcile.ts";
import { errorsOf, WavegateError, type Problem } from "../../model/problem.ts";
import { recordedProducts } from "../../reconcile/recorded-products.ts";
import { EXIT, type Command, type Context, type ExitCode } from "../command.ts";
import { chosenProducts, type Session } from "../session.ts";
import { renderProblems } from "../views/problems.ts";
import { rolloutLines } from "../views/rollout-lines.ts";

/** `wavegate reconcile`. */
export const reconcile: Command = {
  name: "reconcile",
  summary: "look once, do what is due, end: the command for a schedule",
  help: `Look at the hub once, take the steps that are due (start, promote, stop, take
back) and end. Run every five minutes it is a complete production controller:
late, twice or from two places is harmless, and a run that died is finished by
the next.`,
  examples: ["wavegate reconcile", "wavegate reconcile thermostat --json"],
  arguments: [["[product]", "reconcile one product only"]],
  async run(context, input) {
    const session = await context.session();
    const checked = await session.declarations();
    if (checked.products.length === 0) {
      await stopWhatIsDue(checked.problems, session, context);
      throw new WavegateError("PLAN_BLOCKED", "the declarations have errors; nothing starts or widens", {
        hint: "correct them: wavegate plan",
        problems: checked.problems,
      });
    }
    const results: unknown[] = [];
    const human: string[] = [];
    let exitCode: ExitCode = EXIT.done;
    const worse = (code: ExitCode): void => {
      if (exitCode === EXIT.done || code === EXIT.error) exitCode = code;
    };
    const products = chosenProducts(checked, input.args[0]);
    for (const declared of products) {
      const { product } = declared;
      const view = rolloutLines(context.progress);
      let result: ReconcileResult;
      try {
        result = await runOnce(declared, session, {
          actor: session.actor,
          queryLagMs: session.settings.queryLag,
          onEvent: (event) => {
            view.onEvent(product, event);
          },
        });
      } catch (error) {
        // One product's trouble keeps no other from being stopped.
        if (!(error instanceof WavegateError) || error.code === "INTERRUPTED" || products.length === 1)
          throw error;
        const { code, message, hint } = error;
        worse(EXIT.error);
        human.push(`${product}: ${code}: ${message}\n  next: ${hint}`);
        results.push({ product, error: { code, message, hint } });
        continue;
      }
      const { steps, status, problems } = result;
      if (steps.some((step) => takenBackBy(step) !== undefined)) worse(EXIT.aborted);
      if (status?.needsPerson === true) worse(EXIT.held);
      if (problems !== undefined) worse(EXIT.error);
      human.push(
        problems === undefined
          ? `${product}: ${status?.text ?? "more is due: run it again"}`
          : `${product}: blocked\n${renderProblems(problems)}`,
      );
      results.push({ product, steps: steps.map((step) => step.kind), status, problems });
    }
    return { exitCode, human: human.join("\n"), json: { schemaVersion: 1, products: results } };
  },
};

/** A typing error in fleet.ts must not keep the gate from stopping what is under way. */
async function stopWhatIsDue(
  problems: readonly Problem[],
  session: Session,
  { progress }: Pick<Context, "progress">,
): Promise<void> {
  if (errorsOf(problems).length === 0) return;
  for (const declared of await recordedProducts(problems, session)) {
    const view = rolloutLines(progress);
    try {
      await runOnce(declared, session, {
        actor: session.actor,
        queryLagMs: session.settings.queryLag,
        onEvent: (event) => {
          view.onEvent(declared.product, event);
        },
      });
    } catch (error) {
      if (!(error instanceof WavegateError) || error.code === "INTERRUPTED") throw error;
      progress(`${declared.product}: ${error.code}: ${error.message}`);
    }
  }
}
