import { EmbeddedActionsParser, type IToken, type ParserMethod } from "chevrotain";
import type {
  ComparisonOperator,
  Expression,
  LiteralExpression,
  Operand,
  PathExpression,
  Place,
  SelectItem,
  Statement,
} from "./expression.ts";
import * as T from "./tokens.ts";

/** The grammar of queries and conditions [facts 3.2]; one instance parses one text at a time. */
// A class because chevrotain records a grammar from the members of one.
export class QueryParser extends EmbeddedActionsParser {
  readonly statement: ParserMethod<[], Statement> = this.RULE("statement", () => {
    this.CONSUME(T.Select);
    const select = this.OR([
      { ALT: (): Statement["select"] => (this.CONSUME(T.Star), "*") },
      { ALT: (): Statement["select"] => this.SUBRULE(this.selectList) },
    ]);
    this.CONSUME(T.From);
    const collection = this.SUBRULE(this.path);
    const where = this.OPTION(() => {
      this.CONSUME(T.Where);
      return this.SUBRULE(this.expression);
    });
    const groupBy: PathExpression[] = [];
    this.OPTION1(() => {
      this.CONSUME(T.Group);
      this.CONSUME(T.By);
      this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => groupBy.push(this.SUBRULE1(this.path)) });
    });
    return { select, collection, where, groupBy };
  });

  private readonly selectList: ParserMethod<[], SelectItem[]> = this.RULE("selectList", () => {
    const items: SelectItem[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => items.push(this.SUBRULE(this.selectItem)) });
    return items;
  });

  private readonly selectItem: ParserMethod<[], SelectItem> = this.RULE("selectItem", () => {
    const item = this.OR([
      {
        ALT: (): SelectItem => {
          this.CONSUME(T.Count);
          this.CONSUME(T.Open);
          this.CONSUME(T.Close);
          return { kind: "count", alias: undefined };
        },
      },
      { ALT: (): SelectItem => ({ kind: "property", path: this.SUBRULE(this.path), alias: undefined }) },
    ]);
    const alias = this.OPTION(() => {
      this.CONSUME(T.As);
      return this.CONSUME(T.Name).image;
    });
    return { ...item, alias };
  });

  readonly expression: ParserMethod<[], Expression> = this.RULE("expression", () => {
    const terms: Expression[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: T.Or, DEF: () => terms.push(this.SUBRULE(this.conjunction)) });
    return joined("or", terms);
  });

  private readonly conjunction: ParserMethod<[], Expression> = this.RULE("conjunction", () => {
    const terms = [this.SUBRULE(this.term)];
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.And);
            terms.push(this.SUBRULE1(this.term));
          },
        },
        // `A AND B NOT deviceId='x'` is a documented form: an infix NOT means AND NOT [facts 1.5].
        { ALT: () => terms.push(this.SUBRULE(this.negation)) },
      ]);
    });
    return joined("and", terms);
  });

  private readonly term: ParserMethod<[], Expression> = this.RULE("term", () =>
    this.OR([{ ALT: () => this.SUBRULE(this.negation) }, { ALT: () => this.SUBRULE(this.primary) }]),
  );

  private readonly negation: ParserMethod<[], Expression> = this.RULE("negation", () => {
    this.CONSUME(T.Not);
    return { kind: "not" as const, term: this.SUBRULE(this.term) };
  });

  private readonly primary: ParserMethod<[], Expression> = this.RULE("primary", () =>
    this.OR([
      {
        ALT: (): Expression => {
          this.CONSUME(T.Open);
          const inner = this.SUBRULE(this.expression);
          this.CONSUME(T.Close);
          return inner;
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(T.IsDefined);
          this.CONSUME1(T.Open);
          const path = this.SUBRULE(this.path);
          this.CONSUME1(T.Close);
          return { kind: "defined", path };
        },
      },
      { ALT: (): Expression => this.SUBRULE(this.test) },
    ]),
  );

  private readonly test: ParserMethod<[], Expression> = this.RULE("test", () => {
    const left = this.SUBRULE(this.operand);
    let test: Expression = { kind: "truth", operand: left };
    this.OPTION(() => {
      this.OR([
        {
          ALT: () => {
            const operator = this.CONSUME(T.Comparison);
            test = {
              kind: "comparison",
              operator: comparisonOperator(operator),
              left,
              right: this.SUBRULE1(this.operand),
            };
          },
        },
        {
          ALT: () => {
            const place = placeOf(this.CONSUME(T.In));
            test = { kind: "in", operand: left, choices: this.SUBRULE(this.choices), place };
          },
        },
        {
          ALT: () => {
            const place = placeOf(this.CONSUME(T.Nin));
            test = {
              kind: "not",
              term: { kind: "in", operand: left, choices: this.SUBRULE1(this.choices), place },
            };
          },
        },
      ]);
    });
    return test;
  });

  private readonly choices: ParserMethod<[], LiteralExpression[]> = this.RULE("choices", () => {
    const choices: LiteralExpression[] = [];
    this.CONSUME(T.OpenList);
    this.MANY_SEP({ SEP: T.Comma, DEF: () => choices.push(this.SUBRULE(this.literal)) });
    this.CONSUME(T.CloseList);
    return choices;
  });

  private readonly operand: ParserMethod<[], Operand> = this.RULE("operand", () =>
    this.OR([
      { ALT: (): Operand => this.SUBRULE(this.literal) },
      { ALT: (): Operand => this.SUBRULE(this.path) },
    ]),
  );

  private readonly literal: ParserMethod<[], LiteralExpression> = this.RULE("literal", () => {
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

  private readonly path: ParserMethod<[], PathExpression> = this.RULE("path", () => {
    const root = this.CONSUME(T.Identifier);
    const names = [root.image];
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.Dot);
            this.OR1([
              { ALT: () => names.push(this.CONSUME(T.Name).image) },
              { ALT: () => names.push(this.CONSUME(T.DoubleBracketed).image.slice(2, -2)) },
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
    super(T.TOKENS);
    this.performSelfAnalysis();
  }
}

/** Where a token stands in the text. */
export function placeOf(token: IToken): Place {
  return { line: token.startLine ?? 1, column: token.startColumn ?? 1 };
}

function joined(kind: "or" | "and", terms: readonly Expression[]): Expression {
  const [only] = terms;
  return terms.length === 1 && only !== undefined ? only : { kind, terms };
}

function comparisonOperator(token: IToken): ComparisonOperator {
  // The token's pattern allows these operators and `<>` only.
  return token.image === "<>" ? "!=" : (token.image as ComparisonOperator);
}

function unquoted(token: IToken): string {
  const quote = token.image.charAt(0);
  return token.image.slice(1, -1).replaceAll(quote + quote, quote);
}

function numberFrom(token: IToken): number {
  return token.image.startsWith("-") ? -Number(token.image.slice(1)) : Number(token.image);
}
