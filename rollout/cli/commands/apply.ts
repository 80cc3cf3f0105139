import { resolve } from "node:path";
import { errorsOf, WavegateError } from "../../model/problem.ts";
import { observeProduct } from "../../reconcile/observe.ts";
import { apply as watch, type ApplyOptions, type ApplyResult } from "../../reconcile/apply.ts";
import type { Declared } from "../../plan/declared.ts";
import { chosenProducts } from "../declarations/chosen-products.ts";
import { EXIT, worstExit, type Command, type Context, type ExitCode } from "../command.ts";
import { approvingKey } from "../plans/plan-signature.ts";
import { isPlanFile, readPlans, type SavedPlan } from "../plans/plan-file.ts";
import type { RunObserver } from "../run-observer.ts";
import { openObservers } from "../open-observers.ts";
import { admitPlan, comparePlan, planIn } from "../plans/saved-plan.ts";
import type { Session } from "../session.ts";
import { measuredLook, partsOf } from "../telemetry/measured.ts";
import { renderProblems } from "../views/problems.ts";
import { rolloutLines, type RolloutView } from "../views/rollout-lines.ts";
import { rolloutTasks } from "../views/rollout-tasks.ts";

/** `wavegate apply`. */
export const apply: Command = {
  help: `Start the wanted release and carry it from wave to wave, judging its gate at
every look, until it has reached everyone, was taken back, or a person has to
carry on. Given a plan that was saved with plan --out, it does what was planned, or
nothing if that no longer stands; where the settings pin who approves plans, it
takes a signed plan only. Ctrl-C stops watching, never the rollout: run it
again (or let \`reconcile\` run on a schedule) and it goes on where it stands. With
--no-wait it does what is due now and ends in 0: a pipeline that starts, and a
schedule that carries on.`,
  examples: ["wavegate apply --no-wait", "wavegate apply release.plan.json"],
  options: [["--no-wait", "do what is due now, and do not watch"]],
  isAnnotated: true,
  async run(context, input) {
    const session = await context.session();
    await using observers = await openObservers(context, session);
    const checked = await session.declarations();
    const blockedBy = errorsOf(checked.problems);
    if (checked.products.length === 0 && blockedBy.length > 0) {
      throw new WavegateError("PLAN_BLOCKED", "the declarations have errors; nothing was changed", {
        hint: "correct them and run: wavegate plan",
        problems: blockedBy,
      });
    }
    const [named] = input.args;
    const file =
      named !== undefined && isPlanFile(named) ? await readPlans(resolve(context.folder, named)) : undefined;
    const saved = file?.plans;
    const { plans: pinned } = session.settings;
    const planKey = approvingKey(file, pinned?.keys);
    if (pinned === undefined && file?.signature !== undefined)
      context.progress(
        `warning: nobody checks who signed ${file.file}: the settings pin no key (plans.keys)`,
      );
    const products =
      saved === undefined
        ? chosenProducts(checked, named)
        : saved.flatMap(({ product }) => chosenProducts(checked, product));
    // All of them before any of them: a plan is carried out whole or not at all.
    for (const plan of saved ?? []) await stillStands(plan, products, session, context.progress);
    const wait = input.options["wait"] !== false;
    // One product at a time can be drawn as tasks; more are told apart line by line.
    const view: RolloutView =
      context.isTerminal && !context.json && wait && products.length === 1
        ? rolloutTasks(process.stderr)
        : rolloutLines(context.progress);
    const inTurn = oneAtATime();
    const watching = { session, observers, telemetry: context.telemetry };
    let results: readonly ApplyResult[];
    try {
      const runs = products.map((declared) =>
        watched(declared, watching, {
          inTurn,
          ...carriedOut(declared, saved),
          planKey,
          actor: session.actor,
          queryLagMs: session.settings.queryLag,
          lookEveryMs: session.settings.lookEvery,
          signal: context.signal,
          wait,
          onEvent: (product, event) => {
            view.onEvent(product, event);
          },
        }),
      );
      results = await allEnded(products, runs, context.progress);
    } finally {
      await view.end();
    }
    return {
      exitCode: worstExit(results.map(({ outcome }) => CODES[outcome])),
      human: results.map(sentence).join("\n"),
      json: { schemaVersion: 1, products: results },
    };
  },
};

/** Watch one product, and tell the observers of each look. */
async function watched(
  declared: Declared,
  watching: Pick<Context, "telemetry"> & { readonly session: Session; readonly observers: RunObserver },
  options: ApplyOptions & Required<Pick<ApplyOptions, "inTurn">>,
): Promise<ApplyResult> {
  const { session, observers, telemetry } = watching;
  const told = { status: false };
  let result: ApplyResult | undefined;
  try {
    result = await watch(declared, session, {
      ...options,
      inTurn: (run) => options.inTurn(() => measuredLook(telemetry, declared.product, run)),
      part: partsOf(telemetry),
      onEvent: (product, event) => {
        options.onEvent(product, event);
        observers.onEvent(product, event);
        told.status = event.kind === "status";
        if (event.kind === "status") observers.onLookEnd(product, event);
      },
    });
    return result;
  } finally {
    // What ended without a status is blocked, or failed and may have stopped something.
    if (!told.status)
      observers.onLookEnd(declared.product, { at: session.clock.now(), problems: result?.problems });
  }
}

/** Refuse a plan that is stale, and tell what was counted differently since. */
async function stillStands(
  plan: SavedPlan,
  products: readonly Declared[],
  session: Session,
  progress: (line: string) => void,
): Promise<void> {
  const declared = products.find(({ product }) => product === plan.product);
  if (declared === undefined) return;
  const observed = await observeProduct(declared, session);
  const now = planIn(observed, plan.product);
  for (const moved of comparePlan(plan, now, observed.observation.at))
    progress(`warning: ${plan.product}: ${moved}: the plan still stands`);
}

/** What makes a watched product follow its saved plan. */
function carriedOut(
  declared: Declared,
  saved: readonly SavedPlan[] | undefined,
): Pick<ApplyOptions, "plan" | "starts" | "admit"> {
  const plan = saved?.find(({ product }) => product === declared.product);
  if (plan === undefined) return {};
  return {
    plan: plan.digest,
    starts: plan.basis.starts?.digest ?? null,
    admit: (observation) => {
      admitPlan(plan, declared, observation);
    },
  };
}

/** Looks of several products one after the other: paced together, none would act within a minute of its listing. */
function oneAtATime(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const mine = last.then(run, run);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Every product is watched to its end, even when another one fails; then the others' ends are told, and it fails too. */
async function allEnded(
  products: readonly Declared[],
  runs: readonly Promise<ApplyResult>[],
  tell: (line: string) => void,
): Promise<readonly ApplyResult[]> {
  const ends = await Promise.allSettled(runs);
  const failed = ends.findIndex(({ status }) => status === "rejected");
  ends.forEach((end, index) => {
    if (failed === -1 || index === failed) return;
    if (end.status === "fulfilled") tell(sentence(end.value));
    else if (end.reason instanceof WavegateError)
      tell(`${products[index]?.product ?? ""}: ${end.reason.code}: ${end.reason.message}`);
  });
  return Promise.all(runs);
}

const CODES: Readonly<Record<ApplyResult["outcome"], ExitCode>> = {
  done: EXIT.done,
  "under way": EXIT.done,
  aborted: EXIT.aborted,
  held: EXIT.held,
  blocked: EXIT.error,
  interrupted: EXIT.interrupted,
};

function sentence({ product, outcome, status, problems }: ApplyResult): string {
  switch (outcome) {
    case "blocked":
      return `${product}: blocked, nothing was changed\n${renderProblems(problems ?? [])}`;
    case "under way":
      return `${product}: under way: ${status?.text ?? ""}\n  next: wavegate status ${product} --watch`;
    case "interrupted":
      return `${product}: stopped watching; the rollout stands and goes on with: wavegate apply ${product}`;
    case "held":
      return `${product}: held for a person: ${status?.text ?? ""}`;
    case "aborted":
      return `${product}: a release was stopped; ${status?.text ?? ""}`;
    case "done":
      return `${product}: ${status?.text ?? "done"}`;
  }
}
