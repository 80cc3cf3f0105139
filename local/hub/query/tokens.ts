import { createToken, Lexer, type CustomPatternMatcherFunc, type TokenType } from "chevrotain";

/** Anything that can follow a dot: keywords are legal property names there. */
export const Name = createToken({ name: "name", label: "a name", pattern: Lexer.NA });

/** A property or function name that is no keyword. */
export const Identifier = createToken({
  name: "identifier",
  label: "a property",
  // chevrotain drops the u flag: letters beyond ASCII are taken as a range, not as \p{L}.
  pattern: /[A-Za-z_$\u00aa-\uffff][A-Za-z0-9_$\u00aa-\uffff]*/,
  categories: [Name],
});

function keyword(name: string, label = name): TokenType {
  return createToken({
    name,
    label,
    pattern: new RegExp(name, "i"),
    longer_alt: Identifier,
    categories: [Name],
  });
}

function symbol(name: string, pattern: RegExp): TokenType {
  return createToken({ name, pattern });
}

const CONSTANT = "a constant";

const Space = createToken({ name: "space", pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true });
const Comment = createToken({
  name: "comment",
  pattern: /\/\*[^]*?\*\//,
  group: Lexer.SKIPPED,
  line_breaks: true,
});

// Keywords, in any case; a name that begins like one is a name.
export const Select = keyword("SELECT");
export const Top = keyword("TOP");
export const From = keyword("FROM");
export const Where = keyword("WHERE");
export const Group = keyword("GROUP");
export const By = keyword("BY");
export const As = keyword("AS");
export const And = keyword("AND");
export const Or = keyword("OR");
export const Not = keyword("NOT");
export const In = keyword("IN");
export const Nin = keyword("NIN");
export const True = keyword("true", CONSTANT);
export const False = keyword("false", CONSTANT);
export const Null = keyword("null", CONSTANT);
export const Undefined = keyword("undefined", CONSTANT);

/** A string in single or double quotes; a quote within is doubled. */
export const Text = createToken({
  name: "string",
  label: CONSTANT,
  pattern: /'(?:[^']|'')*'|"(?:[^"]|"")*"/,
  line_breaks: true,
});
/** Without a sign, which is an operator. */
export const Num = createToken({
  name: "number",
  label: CONSTANT,
  pattern: /0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/,
});

const DOUBLE_BRACKETED = /\[\[[^\]\n]*\]\]/y;
// After a dot only: elsewhere "[[" opens a list of lists.
const matchDoubleBracketed: CustomPatternMatcherFunc = (text, offset, tokens) => {
  if (tokens.at(-1)?.tokenType !== Dot) return null;
  DOUBLE_BRACKETED.lastIndex = offset;
  return DOUBLE_BRACKETED.exec(text);
};
/** A configuration id: double brackets are mandatory since ids hold characters such as '-' [facts 1.6]. */
export const DoubleBracketed = createToken({
  name: "[[…]]",
  pattern: matchDoubleBracketed,
  start_chars_hint: ["["],
  line_breaks: false,
});

/** One of = != <> < <= > >=. */
export const Comparison = createToken({
  name: "comparison",
  label: "a comparison",
  pattern: /!=|<>|<=|>=|=|<|>/,
});
// Symbols.
export const Star = symbol("*", /\*/);
export const Plus = symbol("+", /\+/);
export const Minus = symbol("-", /-/);
export const Slash = symbol("/", /\//);
export const Percent = symbol("%", /%/);
export const Dot = symbol(".", /\./);
export const Comma = symbol(",", /,/);
export const Open = symbol("(", /\(/);
export const Close = symbol(")", /\)/);
export const OpenList = symbol("[", /\[/);
export const CloseList = symbol("]", /\]/);

const KEYWORDS = [
  Select,
  Top,
  From,
  Where,
  Group,
  By,
  As,
  And,
  Or,
  Not,
  In,
  Nin,
  True,
  False,
  Null,
  Undefined,
];

/** Every token, keywords before the identifiers they would otherwise be. */
export const TOKENS: TokenType[] = [
  ...[Space, Comment, DoubleBracketed, Text, Num],
  ...KEYWORDS,
  ...[Comparison, Star, Plus, Minus, Slash, Percent, Dot, Comma, Open, Close, OpenList, CloseList],
  ...[Identifier, Name],
];

/** Splits query text into tokens. */
export const queryLexer = new Lexer(TOKENS, { ensureOptimizations: false });
