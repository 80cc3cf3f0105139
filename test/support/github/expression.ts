/** What expressions of a workflow may name: `github`, `vars`, `steps`, `needs`, `inputs`. */
export type ExpressionContext = Readonly<Record<string, unknown>>;

/** How the run stands, for `failure()` and `cancelled()`. */
export interface RunState {
  readonly failed: boolean;
}

/** A text with its `${{ … }}` filled in, as far as these templates use them; anything else is an error, never empty. */
export function fillIn(text: string, context: ExpressionContext, state: RunState): string {
  return text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) =>
    String(valueOf(expression, context, state)),
  );
}

/** Whether a step or job runs: without a status function only after no failure [Actions: expressions]. */
export function isMet(condition: string | undefined, context: ExpressionContext, state: RunState): boolean {
  if (condition === undefined) return !state.failed;
  const expression = condition.replace(/^\$\{\{\s*(.*?)\s*\}\}$/, "$1");
  const asksState = /\b(failure|cancelled|always|success)\(\)/.test(expression);
  return (asksState || !state.failed) && valueOf(expression, context, state) === true;
}

function valueOf(expression: string, context: ExpressionContext, state: RunState): string | boolean {
  const parts = expression.split(" && ");
  if (parts.length > 1) return parts.every((part) => valueOf(part, context, state) === true);
  if (expression === "!failure()") return !state.failed;
  if (expression === "!cancelled()") return true;
  const comparison = /^(\S+) (==|!=) (\S+)$/.exec(expression);
  if (comparison === null) return lookUp(expression, context);
  const [, left = "", operator, right = ""] = comparison;
  return (lookUp(left, context) === lookUp(right, context)) === (operator === "==");
}

function lookUp(term: string, context: ExpressionContext): string {
  const literal = /^'([^']*)'$/.exec(term);
  if (literal !== null) return literal[1] ?? "";
  const [first = "", ...rest] = term.split(".");
  if (!/^[\w-]+(\.[\w-]+)+$/.test(term) || context[first] === undefined)
    throw new Error(`an expression that this runner does not know: ${term}`);
  const value = rest.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as ExpressionContext)[key] : undefined),
    context[first],
  );
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
