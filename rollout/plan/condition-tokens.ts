import { createToken, Lexer, type TokenType } from "chevrotain";

// Target conditions as the documents describe them [IoT Hub: query language, target conditions].

/** Anything that can follow a dot: keywords are legal property names there. */
export const Name = createToken({ name: "name", label: "a name", pattern: Lexer.NA });
export const Identifier = createToken({
  name: "identifier",
  label: "a property",
  pattern: /[A-Za-z_$\u00aa-\uffff][A-Za-z0-9_$\u00aa-\uffff]*/,
  categories: [Name],
});

function keyword(name: string): TokenType {
  return createToken({
    name,
    label: name,
    pattern: new RegExp(name, "i"),
    longer_alt: Identifier,
    categories: [Name],
  });
}

function symbol(name: string, pattern: RegExp): TokenType {
  return createToken({ name, label: `"${name}"`, pattern });
}

export const And = keyword("AND");
export const Or = keyword("OR");
export const Not = keyword("NOT");
export const In = keyword("IN");
export const Nin = keyword("NIN");
export const IsDefined = keyword("IS_DEFINED");
export const True = keyword("true");
export const False = keyword("false");
export const Null = keyword("null");
/** A text; a quote within is doubled. */
export const Text = createToken({
  name: "text",
  label: "a text",
  pattern: /'(?:[^']|'')*'/,
  line_breaks: true,
});
export const Num = createToken({
  name: "number",
  label: "a number",
  pattern: /-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/,
});
export const Comparison = createToken({
  name: "comparison",
  label: "a comparison",
  pattern: /!=|<>|<=|>=|=|<|>/,
});
export const Dot = symbol(".", /\./);
export const Comma = symbol(",", /,/);
export const Open = symbol("(", /\(/);
export const Close = symbol(")", /\)/);
export const OpenList = symbol("[", /\[/);
export const CloseList = symbol("]", /\]/);

const Space = createToken({ name: "space", pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true });

/** Every token, keywords before the identifiers they would otherwise be. */
export const TOKENS: TokenType[] = [
  ...[Space, Text, Num, And, Or, Not, IsDefined, In, Nin, True, False, Null],
  ...[Comparison, Dot, Comma, Open, Close, OpenList, CloseList, Identifier, Name],
];

/** Splits a condition into tokens. */
export const conditionLexer = new Lexer(TOKENS, {
  ensureOptimizations: false,
  positionTracking: "onlyOffset",
});
