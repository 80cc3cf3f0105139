import { EmbeddedActionsParser, EOF, type IToken, type ParserMethod } from "chevrotain";
import type { Comparison, Expression, Literal, Operand, Path } from "./condition-expression.ts";
import * as T from "./condition-tokens.ts";

/** A text that is no condition: what is wrong, and where. */
export interface SyntaxFault {
  /** Characters before it. */
  readonly offset: number;
  readonly summary: string;
}

/** Deeper nesting than any person writes; it keeps hostile text from exhausting the stack. */
const MAX_NESTING = 32;

// A class because chevrotain records a grammar from the members of one.
class ConditionParser extends EmbeddedActionsParser {
  readonly condition: ParserMethod<[], Expression> = this.RULE("condition", () =>
    this.SUBRULE(this.disjunction),
  );

  private readonly disjunction: ParserMethod<[], Expression> = this.RULE("disjunction", () => {
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
        // `A AND B NOT deviceId='x'` is a documented form: an infix NOT means AND NOT.
        { ALT: () => terms.push(this.SUBRULE(this.negation)) },
      ]);
    });
    return joined("and", terms);
  });

  private readonly term: ParserMethod<[], Expression> = this.RULE("term", () =>
    this.OR([
      { ALT: (): Expression => this.SUBRULE(this.negation) },
      {
        ALT: (): Expression => {
          this.CONSUME(T.Open);
          const inner = this.SUBRULE(this.disjunction);
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
      { GATE: () => this.LA(2).tokenType === T.Open, ALT: (): Expression => this.SUBRULE(this.call) },
      { ALT: (): Expression => this.SUBRULE(this.test) },
    ]),
  );

  private readonly negation: ParserMethod<[], Expression> = this.RULE("negation", () => {
    const { startOffset: offset } = this.CONSUME(T.Not);
    return { kind: "not" as const, term: this.SUBRULE(this.term), offset };
  });

  private readonly call: ParserMethod<[], Expression> = this.RULE("call", () => {
    const { image: name, startOffset: offset } = this.CONSUME(T.Identifier);
    this.CONSUME(T.Open);
    this.MANY_SEP({ SEP: T.Comma, DEF: () => this.SUBRULE(this.operand) });
    this.CONSUME(T.Close);
    return { kind: "call" as const, name, offset };
  });

  private readonly test: ParserMethod<[], Expression> = this.RULE("test", () => {
    const left = this.SUBRULE(this.operand);
    const test = this.OPTION(() =>
      this.OR([
        {
          ALT: (): Expression => {
            const token = this.CONSUME(T.Comparison);
            const right = this.SUBRULE1(this.operand);
            return {
              kind: "comparison",
              operator: operatorOf(token),
              left,
              right,
              offset: token.startOffset,
            };
          },
        },
        {
          ALT: (): Expression => {
            const { startOffset: offset } = this.OR1([
              { ALT: () => this.CONSUME(T.In) },
              { ALT: () => this.CONSUME(T.Nin) },
            ]);
            const choices: Literal[] = [];
            this.CONSUME(T.OpenList);
            this.MANY_SEP({ SEP: T.Comma, DEF: () => choices.push(this.SUBRULE(this.literal)) });
            this.CONSUME(T.CloseList);
            return { kind: "in", operand: left, choices, offset };
          },
        },
      ]),
    );
    return test ?? { kind: "bare" as const, operand: left };
  });

  private readonly operand: ParserMethod<[], Operand> = this.RULE("operand", () =>
    this.OR([{ ALT: () => this.SUBRULE(this.path) }, { ALT: () => this.SUBRULE1(this.literal) }]),
  );

  private readonly path: ParserMethod<[], Path> = this.RULE("path", () => {
    const root = this.CONSUME(T.Identifier);
    const names = [root.image];
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.Dot);
            names.push(this.CONSUME(T.Name).image);
          },
        },
        {
          ALT: () => {
            this.CONSUME(T.OpenList);
            const name = this.CONSUME(T.Text);
            this.CONSUME(T.CloseList);
            names.push(unquoted(name));
          },
        },
      ]);
    });
    return { kind: "path" as const, names, offset: root.startOffset };
  });

  private readonly literal: ParserMethod<[], Literal> = this.RULE("literal", () => {
    const token = this.OR([
      { ALT: () => this.CONSUME(T.Text) },
      { ALT: () => this.CONSUME(T.Num) },
      { ALT: () => this.CONSUME(T.True) },
      { ALT: () => this.CONSUME(T.False) },
      { ALT: () => this.CONSUME(T.Null) },
    ]);
    return {
      kind: "literal" as const,
      value: valueOf(token),
      text: token.image,
      offset: token.startOffset,
    };
  });

  constructor() {
    super(T.TOKENS, { maxLookahead: 2 });
    this.performSelfAnalysis();
  }
}

const parser = new ConditionParser();

/** Read a condition; the first thing that is wrong with it, when it is none. */
export function parseCondition(
  text: string,
): { readonly expression: Expression } | { readonly fault: SyntaxFault } {
  // Nowhere, not even inside a text [IoT Hub: target conditions].
  const double = text.indexOf('"');
  if (double !== -1) {
    const summary = "double quotes are not taken in a target condition; texts stand in single ones";
    return { fault: { offset: double, summary } };
  }
  const { tokens, errors } = T.conditionLexer.tokenize(text);
  const [unreadable] = errors;
  if (unreadable !== undefined) return { fault: unreadableAt(text, unreadable.offset) };
  const deep = tooDeep(tokens);
  if (deep !== undefined)
    return { fault: { offset: deep.startOffset, summary: `it is nested deeper than ${MAX_NESTING} levels` } };
  parser.input = tokens;
  const expression = parser.condition();
  const [error] = parser.errors;
  if (error === undefined) return { expression };
  const { token } = error;
  if (token.tokenType === EOF) return { fault: { offset: text.length, summary: "it ends too early" } };
  return { fault: { offset: token.startOffset, summary: `unexpected ${token.image}` } };
}

function unreadableAt(text: string, offset: number): SyntaxFault {
  const character = text.charAt(offset);
  if (character === "'") return { offset, summary: "the quote that begins here has no end" };
  return { offset, summary: `unexpected ${character}` };
}

function tooDeep(tokens: readonly IToken[]): IToken | undefined {
  /** Depth inside each bracket that is open, and the depth with the NOTs that wait for their term. */
  const brackets = [0];
  let depth = 0;
  return tokens.find(({ tokenType }) => {
    if (tokenType === T.Not) depth += 1;
    else if (tokenType === T.Open) brackets.push((depth += 1));
    else {
      if (tokenType === T.Close && brackets.length > 1) brackets.pop();
      depth = brackets.at(-1) ?? 0;
    }
    return depth > MAX_NESTING;
  });
}

function joined(kind: "or" | "and", terms: readonly Expression[]): Expression {
  const [only] = terms;
  return terms.length === 1 && only !== undefined ? only : { kind, terms };
}

function operatorOf({ image }: IToken): Comparison["operator"] {
  // The token's pattern allows these operators and `<>` only.
  return image === "<>" ? "!=" : (image as Comparison["operator"]);
}

function valueOf(token: IToken): Literal["value"] {
  switch (token.tokenType) {
    case T.Text:
      return unquoted(token);
    case T.Num:
      return Number(token.image);
    case T.Null:
      return null;
    default:
      return token.tokenType === T.True;
  }
}

function unquoted({ image }: IToken): string {
  return image.slice(1, -1).replaceAll("''", "'");
}
