import { EOF, type IToken } from "chevrotain";
import type { Expression, Place, Statement } from "./expression.ts";
import { QueryParser } from "./grammar.ts";
import { QuerySyntaxError } from "./query-syntax-error.ts";
import * as T from "./tokens.ts";
import { placeOf } from "./value-grammar.ts";

export { QuerySyntaxError } from "./query-syntax-error.ts";

/** Longest query text the service takes [facts 3.1]. */
export const MAX_QUERY_LENGTH = 8192;

/** Deeper nesting than any person writes; it keeps hostile text from exhausting the stack. */
const MAX_NESTING = 64;

/** More constants in the lists of a text than any person writes. */
const MAX_LIST_ITEMS = 2000;

/** The query in a text; throws QuerySyntaxError. */
export function parseStatement(text: string): Statement {
  return parse(text, (parser) => parser.statement());
}

/** The condition in a text that holds nothing else; throws QuerySyntaxError. */
export function parseCondition(text: string): Expression {
  return parse(text, (parser) => parser.condition());
}

const parser = new QueryParser();

function parse<Result>(text: string, rule: (parser: QueryParser) => Result): Result {
  if (text.length > MAX_QUERY_LENGTH) {
    throw new QuerySyntaxError(
      `The text takes ${text.length} characters and is over the limit`,
      endOf(text.slice(0, MAX_QUERY_LENGTH)),
      `the limit is ${MAX_QUERY_LENGTH}`,
    );
  }
  const { tokens, errors } = T.queryLexer.tokenize(text);
  const [unreadable] = errors;
  if (unreadable !== undefined) {
    const character = text.charAt(unreadable.offset);
    throw new QuerySyntaxError(
      `Unexpected ${JSON.stringify(character)}`,
      { line: unreadable.line ?? 1, column: unreadable.column ?? 1 },
      character === "'" || character === '"' ? "expected the quote's end" : undefined,
    );
  }
  checkBounds(tokens);
  parser.input = tokens;
  const result = rule(parser);
  const [unexpected] = parser.errors;
  if (unexpected === undefined) return result;
  const { token, message, name } = unexpected;
  const isLeftOver = name === "NotAllInputParsedException";
  throw new QuerySyntaxError(
    token.tokenType === EOF ? "Unexpected end of the text" : `Unexpected ${JSON.stringify(token.image)}`,
    token.tokenType === EOF ? endOf(text) : placeOf(token),
    `expected ${isLeftOver ? `${parser.follow} or the end of the text` : message}`,
  );
}

/** Refuses what would take deep recursion or long lists; what is nested stays nested until its bracket closes. */
function checkBounds(tokens: readonly IToken[]): void {
  const outer: number[] = [];
  let signs = 0; // NOT and - in a row
  let depth = 0; // all of `outer`, and a level for each bracket
  let items = 0;
  for (const token of tokens) {
    const { tokenType } = token;
    if (tokenType === T.Not || tokenType === T.Minus) signs += 1;
    else if (tokenType === T.Open || tokenType === T.OpenList) {
      outer.push(signs);
      depth += signs + 1;
      signs = 0;
    } else {
      if (tokenType === T.Close || tokenType === T.CloseList) depth -= (outer.pop() ?? -1) + 1;
      if (tokenType === T.Comma) items += 1;
      signs = 0;
    }
    if (depth + signs > MAX_NESTING)
      throw new QuerySyntaxError(`Nested deeper than ${MAX_NESTING} levels`, placeOf(token));
    if (items > MAX_LIST_ITEMS)
      throw new QuerySyntaxError(`More than ${MAX_LIST_ITEMS} items in lists`, placeOf(token));
  }
}

function endOf(text: string): Place {
  const lines = text.split(/\r\n?|\n/u);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
