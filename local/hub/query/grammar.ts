import type { IToken, ParserMethod } from "chevrotain";
import type {
  ArithmeticOperator,
  ComparisonOperator,
  Expression,
  PathExpression,
  Place,
  SelectItem,
  Statement,
} from "./expression.ts";
import * as T from "./tokens.ts";
import { placeOf, ValueParser } from "./value-grammar.ts";

/** The grammar of queries and conditions [facts 3.2]; one instance parses one text at a time. */
// A class because chevrotain records a grammar from the members of one.
export class QueryParser extends ValueParser {
  /** What could have followed what was read, for the message about text left over. */
  follow = "";

  readonly statement: ParserMethod<[], Statement> = this.RULE("statement", () => {
    this.CONSUME(T.Select);
    const top = this.OPTION(() => {
      this.CONSUME(T.Top);
      const rows = this.CONSUME(T.Num);
      return { rows: Number(rows.image), place: placeOf(rows) };
    });
    const select = this.OR([
      { ALT: (): Statement["select"] => (this.CONSUME(T.Star), "*") },
      { ALT: (): Statement["select"] => this.SUBRULE(this.selectList) },
    ]);
    this.CONSUME(T.From);
    const collection = this.SUBRULE(this.path);
    this.follow = "WHERE, GROUP BY";
    const where = this.OPTION1(() => {
      this.CONSUME(T.Where);
      const condition = this.SUBRULE(this.expression);
      this.follow = "an operator, GROUP BY";
      return condition;
    });
    const groupBy: PathExpression[] = [];
    this.OPTION2(() => {
      this.CONSUME(T.Group);
      this.CONSUME(T.By);
      this.AT_LEAST_ONE_SEP({ SEP: T.Comma, DEF: () => groupBy.push(this.SUBRULE1(this.path)) });
      this.follow = "a comma";
    });
    return { select, top, collection, where, groupBy };
  });

  readonly condition: ParserMethod<[], Expression> = this.RULE("condition", () => {
    this.follow = "an operator";
    return this.SUBRULE(this.expression);
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
          const name = this.CONSUME(T.Identifier);
          this.CONSUME(T.Open);
          const path = this.OPTION(() => this.SUBRULE(this.path));
          this.CONSUME(T.Close);
          return { kind: "aggregate", name: name.image, path, place: placeOf(name), alias: undefined };
        },
      },
      { ALT: (): SelectItem => ({ kind: "property", path: this.SUBRULE1(this.path), alias: undefined }) },
    ]);
    const alias = this.OPTION1(() => {
      this.CONSUME(T.As);
      return this.CONSUME(T.Name).image;
    });
    return { ...item, alias };
  });

  private readonly expression: ParserMethod<[], Expression> = this.RULE("expression", () => {
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
    this.OR([{ ALT: () => this.SUBRULE(this.negation) }, { ALT: () => this.SUBRULE(this.test) }]),
  );

  private readonly negation: ParserMethod<[], Expression> = this.RULE("negation", () => {
    this.CONSUME(T.Not);
    return { kind: "not" as const, term: this.SUBRULE(this.term) };
  });

  private readonly test: ParserMethod<[], Expression> = this.RULE("test", () => {
    const left = this.SUBRULE(this.sum);
    const test = this.OPTION(() =>
      this.OR([
        {
          ALT: (): Expression => {
            const operator = comparisonOperator(this.CONSUME(T.Comparison));
            return { kind: "comparison", operator, left, right: this.SUBRULE1(this.sum) };
          },
        },
        {
          ALT: (): Expression => {
            const place = placeOf(this.CONSUME(T.In));
            const choices = this.SUBRULE(this.list);
            return { kind: "in", isNegated: false, operand: left, choices, place };
          },
        },
        {
          ALT: (): Expression => {
            const place = placeOf(this.CONSUME(T.Nin));
            const choices = this.SUBRULE1(this.list);
            return { kind: "in", isNegated: true, operand: left, choices, place };
          },
        },
      ]),
    );
    return test ?? left;
  });

  private readonly sum: ParserMethod<[], Expression> = this.RULE("sum", () => {
    const first = this.SUBRULE(this.product);
    const rest: { operator: ArithmeticOperator; operand: Expression }[] = [];
    let place: Place | undefined;
    this.MANY(() => {
      const sign = this.OR([{ ALT: () => this.CONSUME(T.Plus) }, { ALT: () => this.CONSUME(T.Minus) }]);
      place ??= placeOf(sign);
      rest.push({ operator: arithmeticOperator(sign), operand: this.SUBRULE1(this.product) });
    });
    return place === undefined ? first : { kind: "arithmetic" as const, first, rest, place };
  });

  private readonly product: ParserMethod<[], Expression> = this.RULE("product", () => {
    const first = this.SUBRULE(this.factor);
    const rest: { operator: ArithmeticOperator; operand: Expression }[] = [];
    let place: Place | undefined;
    this.MANY(() => {
      const sign = this.OR([
        { ALT: () => this.CONSUME(T.Star) },
        { ALT: () => this.CONSUME(T.Slash) },
        { ALT: () => this.CONSUME(T.Percent) },
      ]);
      place ??= placeOf(sign);
      rest.push({ operator: arithmeticOperator(sign), operand: this.SUBRULE1(this.factor) });
    });
    return place === undefined ? first : { kind: "arithmetic" as const, first, rest, place };
  });

  private readonly factor: ParserMethod<[], Expression> = this.RULE("factor", () =>
    this.OR([
      {
        ALT: (): Expression => {
          const place = placeOf(this.CONSUME(T.Minus));
          return negative(this.SUBRULE(this.factor), place);
        },
      },
      {
        ALT: (): Expression => {
          this.CONSUME(T.Open);
          const inner = this.SUBRULE(this.expression);
          this.CONSUME(T.Close);
          return inner;
        },
      },
      { ALT: (): Expression => this.SUBRULE(this.call) },
      { ALT: (): Expression => this.SUBRULE(this.path) },
      { ALT: (): Expression => this.SUBRULE(this.plainConstant) },
      { ALT: (): Expression => this.SUBRULE(this.listConstant) },
    ]),
  );

  private readonly call: ParserMethod<[], Expression> = this.RULE("call", () => {
    const name = this.CONSUME(T.Identifier);
    const operands: Expression[] = [];
    this.CONSUME(T.Open);
    this.MANY_SEP({ SEP: T.Comma, DEF: () => operands.push(this.SUBRULE(this.expression)) });
    this.CONSUME(T.Close);
    return { kind: "call" as const, name: name.image, operands, place: placeOf(name) };
  });

  constructor() {
    super();
    this.performSelfAnalysis();
  }
}

function joined(kind: "or" | "and", terms: readonly Expression[]): Expression {
  const [only] = terms;
  return terms.length === 1 && only !== undefined ? only : { kind, terms };
}

function negative(operand: Expression, place: Place): Expression {
  return operand.kind === "literal" && typeof operand.value === "number"
    ? { kind: "literal", value: -operand.value }
    : {
        kind: "arithmetic",
        first: { kind: "literal", value: 0 },
        rest: [{ operator: "-", operand }],
        place,
      };
}

function comparisonOperator(token: IToken): ComparisonOperator {
  // The token's pattern allows these operators and `<>` only.
  return token.image === "<>" ? "!=" : (token.image as ComparisonOperator);
}

function arithmeticOperator(token: IToken): ArithmeticOperator {
  return token.image as ArithmeticOperator; // the grammar allows these signs only
}
