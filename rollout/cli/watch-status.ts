import { watch, type Refresh, type WatchOutcome } from "../reconcile/watch.ts";
import type { Declared } from "../plan/declared.ts";
import { EXIT, type Context, type ExitCode, type Result } from "./command.ts";
import type { Session } from "./session.ts";
import { slowestOf } from "./slowest-hub.ts";
import { renderStatus, statusForJson } from "./views/status.ts";
import { watchLines, watchScreen, type WatchView } from "./views/watch.ts";

const CODES: Readonly<Record<WatchOutcome, ExitCode>> = {
  done: EXIT.done,
  aborted: EXIT.aborted,
  held: EXIT.held,
  interrupted: EXIT.interrupted,
};

/** `wavegate status --watch`: a screen in a terminal, lines in a pipe, a JSON document a refresh under --json. */
export async function watchStatus(input: {
  readonly context: Context;
  readonly session: Session;
  readonly products: readonly Declared[];
  /** Time between two looks, ms; default: the settings' `lookEvery`. */
  readonly everyMs: number | undefined;
}): Promise<Result> {
  const { context, session, products, everyMs = session.settings.lookEvery } = input;
  const { hub } = session.settings;
  const view: WatchView =
    context.screen !== undefined && !context.json ? watchScreen(context.screen) : watchLines(context.output);
  let last: Refresh | undefined;
  const document = (value: Readonly<Record<string, unknown>>): void => {
    context.output(JSON.stringify({ schemaVersion: 1, ...value }));
  };
  let outcome: WatchOutcome;
  try {
    outcome = await watch(products, session, {
      everyMs,
      hub: slowestOf(session.settings),
      signal: context.signal,
      onRefresh: (refresh) => {
        last = refresh;
        const { products: found, ...rest } = refresh;
        const shown = found.map((product) => ({ ...product, hub: hub.name }));
        if (context.json) document({ ...rest, products: shown.map(statusForJson) });
        else view.onRefresh(refresh, { products: shown, everyMs });
      },
      onTrouble: ({ at, error }) => {
        const { code, message } = error;
        if (context.json) document({ at, trouble: { code, message } });
        else view.onTrouble(at, `${code}: ${message}`);
      },
    });
  } finally {
    view.end();
  }
  if (context.json && outcome === "interrupted") document({ outcome });
  const stands = (last?.products ?? []).map((product) => renderStatus({ ...product, hub: hub.name }));
  const left = "stopped watching; the rollout is not touched by that";
  // Lines are there to be read; a screen is gone, and what it showed last is told once more.
  const human =
    outcome !== "interrupted" ? stands : context.screen === undefined ? [left] : [...stands, left];
  return { exitCode: CODES[outcome], human: human.join("\n\n"), json: undefined };
}
