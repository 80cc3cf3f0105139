import { takenBackBy } from "../../reconcile/apply.ts";
import { reconcile as runOnce, type ReconcileResult } from "../../reconcile/reconcile.ts";
import { errorsOf, WavegateError, type Problem } from "../../model/problem.ts";
import { listHubs } from "../../reconcile/list-hubs.ts";
import { forgottenProducts, recordedProducts } from "../../reconcile/recorded-products.ts";
import type { HubView } from "../../engine/observation.ts";
import type { Declared } from "../../plan/declared.ts";
import { chosenProducts } from "../declarations/chosen-products.ts";
import { EXIT, worstExit, type Command, type Context, type ExitCode } from "../command.ts";
import type { RunObserver } from "../run-observer.ts";
import { openObservers } from "../open-observers.ts";
import type { Session } from "../session.ts";
import { measuredLook, partsOf } from "../telemetry/measured.ts";
import { renderProblems } from "../views/problems.ts";
import { rolloutLines } from "../views/rollout-lines.ts";

/** `wavegate reconcile`. */
export const reconcile: Command = {
  help: `Look at the hub once, take the steps that are due (start, promote, stop, take
back) and end. Run every five minutes it is a complete production controller:
late, twice or from two places is harmless, and a run that died is finished by
the next. With --no-start, or where the settings pin who approves plans, it carries
on what has started, starts nothing and records no override file, for a repository
where apply carries out what was reviewed.`,
  examples: ["wavegate reconcile", "wavegate reconcile thermostat --json"],
  options: [["--no-start", "carry on what has started; what is new waits for apply"]],
  isAnnotated: true,
  async run(context, input) {
    const session = await context.session();
    await using observers = await openObservers(context, session);
    const { progress, telemetry } = context;
    const checked = await session.declarations();
    if (checked.products.length === 0) {
      await stopWhatIsDue(checked.problems, session, { progress, telemetry, observers, startsNothing: true });
      throw new WavegateError("PLAN_BLOCKED", "the declarations have errors; nothing starts or widens", {
        hint: "correct them: wavegate plan",
        problems: checked.problems,
      });
    }
    const isPinned = session.settings.plans !== undefined;
    if (isPinned && input.options["start"] !== false)
      progress(
        "the settings pin who approves plans (plans.keys): this run starts nothing, as with --no-start; wavegate apply FILE does",
      );
    const startsNothing = isPinned || input.options["start"] === false;
    const looking: Looking = { progress, telemetry, observers, startsNothing };
    const sum: RunSum = { results: [], human: [], codes: [] };
    const named = input.args[0];
    const products = chosenProducts(checked, named);
    let seen: readonly HubView[] | undefined;
    for (const declared of products)
      seen = (await runProduct(declared, { session, looking, sum, isOnly: products.length === 1 })) ?? seen;
    if (named === undefined && seen !== undefined) {
      const known = products.map(({ product }) => product);
      for (const declared of await forgottenProducts(known, { seen, records: session.records }))
        await runProduct(declared, { session, looking, sum, isOnly: false });
    }
    return {
      exitCode: worstExit(sum.codes),
      human: sum.human.join("\n"),
      json: { schemaVersion: 1, products: sum.results },
    };
  },
};

/** What the runs of several products come to. */
interface RunSum {
  readonly results: unknown[];
  readonly human: string[];
  readonly codes: ExitCode[];
}

/** What the looks of one run have in common. */
interface Looking extends Pick<Context, "progress" | "telemetry"> {
  readonly observers: RunObserver;
  readonly startsNothing: boolean;
}

/** Run one product; the hubs as it found them, undefined where it failed: that keeps no other product from being stopped. */
async function runProduct(
  declared: Declared,
  {
    session,
    looking,
    sum,
    isOnly,
  }: {
    readonly session: Session;
    readonly looking: Looking;
    readonly sum: RunSum;
    readonly isOnly: boolean;
  },
): Promise<readonly HubView[] | undefined> {
  const { product } = declared;
  try {
    const { steps, status, problems, observation } = await look(declared, session, looking);
    if (steps.some((step) => takenBackBy(step) !== undefined)) sum.codes.push(EXIT.aborted);
    if (status?.needsPerson === true) sum.codes.push(EXIT.held);
    if (problems !== undefined) sum.codes.push(EXIT.error);
    sum.human.push(
      problems === undefined
        ? `${product}: ${status?.text ?? "more is due: run it again"}`
        : `${product}: blocked\n${renderProblems(problems)}`,
    );
    sum.results.push({ product, steps: steps.map((step) => step.kind), status, problems });
    return observation.hubs;
  } catch (error) {
    if (!(error instanceof WavegateError) || error.code === "INTERRUPTED" || isOnly) throw error;
    const { code, message, hint } = error;
    sum.codes.push(EXIT.error);
    sum.human.push(`${product}: ${code}: ${message}\n  next: ${hint}`);
    sum.results.push({ product, error: { code, message, hint } });
    return undefined;
  }
}

async function look(
  declared: Declared,
  session: Session,
  { progress, telemetry, observers, startsNothing }: Looking,
): Promise<ReconcileResult> {
  const { product } = declared;
  const view = rolloutLines(progress);
  let result: ReconcileResult | undefined;
  try {
    result = await measuredLook(telemetry, product, () =>
      runOnce(declared, session, {
        actor: session.actor,
        queryLagMs: session.settings.queryLag,
        startsNothing,
        part: partsOf(telemetry),
        onEvent: (event) => {
          view.onEvent(product, event);
          observers.onEvent(product, event);
        },
      }),
    );
    return result;
  } finally {
    // A run that failed may have stopped something.
    const { status, problems } = result ?? {};
    observers.onLookEnd(product, { at: session.clock.now(), status, problems });
  }
}

/** A typing error in fleet.ts must not keep the gate from stopping what is under way. */
async function stopWhatIsDue(
  problems: readonly Problem[],
  session: Session,
  looking: Looking,
): Promise<void> {
  if (errorsOf(problems).length === 0) return;
  const seen = await listHubs(session.hubs);
  for (const declared of await recordedProducts(problems, { seen, records: session.records })) {
    try {
      await look(declared, session, looking);
    } catch (error) {
      if (!(error instanceof WavegateError) || error.code === "INTERRUPTED") throw error;
      looking.progress(`${declared.product}: ${error.code}: ${error.message}`);
    }
  }
}
