import { EmbeddedActionsParser, type IToken, type ParserMethod } from "chevrotain";
import { expectations } from "./expectations.ts";
import type { LiteralExpression, PathExpression, Place } from "./expression.ts";
import * as T from "./tokens.ts";

/** The part of the grammar that holds constants, lists of them and paths [facts 3.2]. */
export class ValueParser extends EmbeddedActionsParser {
  protected readonly list: ParserMethod<[], LiteralExpression[]> = this.RULE("list", () => {
    const items: LiteralExpression[] = [];
    this.CONSUME(T.OpenList);
    this.MANY_SEP({
      SEP: T.Comma,
      DEF: () =>
        this.OR([
          { ALT: () => items.push(this.SUBRULE(this.plainConstant)) },
          {
            ALT: () => {
              this.CONSUME(T.Minus);
              items.push({ kind: "literal", value: -numberFrom(this.CONSUME(T.Num)) });
            },
          },
          { ALT: () => items.push(this.SUBRULE(this.listConstant)) },
        ]),
    });
    this.CONSUME(T.CloseList);
    return items;
  });

  protected readonly listConstant: ParserMethod<[], LiteralExpression> = this.RULE("listConstant", () => {
    const items = this.SUBRULE(this.list);
    // An action, since chevrotain records the grammar with a stand-in for the items.
    const value = this.ACTION(() => items.map((item) => item.value ?? null));
    return { kind: "literal" as const, value };
  });

  protected readonly plainConstant: ParserMethod<[], LiteralExpression> = this.RULE("plainConstant", () => {
    const value = this.OR([
      { ALT: (): LiteralExpression["value"] => unquoted(this.CONSUME(T.Text)) },
      { ALT: (): LiteralExpression["value"] => numberFrom(this.CONSUME(T.Num)) },
      { ALT: (): LiteralExpression["value"] => (this.CONSUME(T.True), true) },
      { ALT: (): LiteralExpression["value"] => (this.CONSUME(T.False), false) },
      { ALT: (): LiteralExpression["value"] => (this.CONSUME(T.Null), null) },
      { ALT: (): LiteralExpression["value"] => (this.CONSUME(T.Undefined), undefined) },
    ]);
    return { kind: "literal" as const, value };
  });

  protected readonly path: ParserMethod<[], PathExpression> = this.RULE("path", () => {
    const root = this.CONSUME(T.Identifier);
    const names = [root.image];
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.Dot);
            this.OR1([
              { ALT: () => names.push(this.CONSUME(T.Name).image) },
              { ALT: () => names.push(this.CONSUME(T.DoubleBracketed).image.slice(2, -2).trim()) },
              { ALT: () => names.push(this.SUBRULE(this.bracketed)) },
            ]);
          },
        },
        { ALT: () => names.push(this.SUBRULE1(this.bracketed)) },
      ]);
    });
    return { kind: "path" as const, names, place: placeOf(root) };
  });

  private readonly bracketed: ParserMethod<[], string> = this.RULE("bracketed", () => {
    this.CONSUME(T.OpenList);
    const name = unquoted(this.CONSUME(T.Text));
    this.CONSUME(T.CloseList);
    return name;
  });

  constructor() {
    super(T.TOKENS, { errorMessageProvider: expectations, maxLookahead: 2 });
  }
}

/** Where a token stands in the text. */
export function placeOf(token: IToken): Place {
  return { line: token.startLine ?? 1, column: token.startColumn ?? 1 };
}

function unquoted(token: IToken): string {
  const quote = token.image.charAt(0);
  return token.image.slice(1, -1).replaceAll(quote + quote, quote);
}

function numberFrom(token: IToken): number {
  return Number(token.image);
}
