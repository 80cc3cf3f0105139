import { EOF, type IToken } from "chevrotain";
import { placeText, type Expression, type Statement } from "./expression.ts";
import { placeOf, QueryParser } from "./grammar.ts";
import * as T from "./tokens.ts";

/** The text is not a query, or not a condition: where and why, in words. */
export class QuerySyntaxError extends Error {
  override readonly name = "QuerySyntaxError";
}

/** The query in a text; throws QuerySyntaxError. */
export function parseStatement(text: string): Statement {
  return parse(text, (parser) => parser.statement());
}

/** The condition in a text that holds nothing else; throws QuerySyntaxError. */
export function parseCondition(text: string): Expression {
  return parse(text, (parser) => parser.expression());
}

const parser = new QueryParser();

/** Deeper nesting than any person writes; it keeps hostile text from exhausting the stack. */
const MAX_NESTING = 64;

function parse<Result>(text: string, rule: (parser: QueryParser) => Result): Result {
  const { tokens, errors } = T.queryLexer.tokenize(text);
  const [unreadable] = errors;
  if (unreadable !== undefined) {
    const place = { line: unreadable.line ?? 1, column: unreadable.column ?? 1 };
    throw new QuerySyntaxError(
      `Unexpected ${JSON.stringify(text.charAt(unreadable.offset))} ${placeText(place)}`,
    );
  }
  checkNesting(tokens);
  parser.input = tokens;
  const result = rule(parser);
  const [unexpected] = parser.errors;
  const token = unexpected === undefined ? undefined : unexpected.token;
  if (token !== undefined) {
    throw new QuerySyntaxError(
      token.tokenType === EOF
        ? "Unexpected end of the text"
        : `Unexpected ${JSON.stringify(token.image)} ${placeText(placeOf(token))}`,
    );
  }
  return result;
}

function checkNesting(tokens: readonly IToken[]): void {
  let open = 0;
  let nots = 0;
  for (const token of tokens) {
    if (token.tokenType === T.Open) open += 1;
    if (token.tokenType === T.Close) open -= 1;
    nots = token.tokenType === T.Not ? nots + 1 : token.tokenType === T.Open ? nots : 0;
    if (open + nots > MAX_NESTING) {
      throw new QuerySyntaxError(`Nested deeper than ${MAX_NESTING} levels ${placeText(placeOf(token))}`);
    }
  }
}
