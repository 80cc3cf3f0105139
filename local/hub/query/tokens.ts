import { createToken, Lexer, type TokenType } from "chevrotain";

/** Anything that can follow a dot: keywords are legal property names there. */
export const Name = createToken({ name: "name", pattern: Lexer.NA });

/** A property name that is no keyword. */
export const Identifier = createToken({
  name: "identifier",
  // chevrotain drops the u flag: letters beyond ASCII are taken as a range, not as \p{L}.
  pattern: /[A-Za-z_$\u00aa-\uffff][A-Za-z0-9_$\u00aa-\uffff]*/,
  categories: [Name],
});

function keyword(name: string): TokenType {
  return createToken({ name, pattern: new RegExp(name, "i"), longer_alt: Identifier, categories: [Name] });
}

function symbol(name: string, pattern: RegExp): TokenType {
  return createToken({ name, pattern });
}

const Space = createToken({ name: "space", pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true });
const Comment = createToken({
  name: "comment",
  pattern: /\/\*[^]*?\*\//,
  group: Lexer.SKIPPED,
  line_breaks: true,
});

export const Select = keyword("SELECT");
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
export const Count = keyword("COUNT");
export const IsDefined = keyword("IS_DEFINED");
export const True = keyword("true");
export const False = keyword("false");
export const Null = keyword("null");
export const Undefined = keyword("undefined");

/** A string in single or double quotes; a quote within is doubled. */
export const Text = createToken({
  name: "string",
  pattern: /'(?:[^']|'')*'|"(?:[^"]|"")*"/,
  line_breaks: true,
});
export const Num = createToken({
  name: "number",
  pattern: /-?(?:0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)/,
});
/** A configuration id: double brackets are mandatory since ids hold characters such as '-' [facts 1.6]. */
export const DoubleBracketed = createToken({ name: "[[…]]", pattern: /\[\[[^\]\n]*\]\]/ });

export const Comparison = symbol("comparison", /!=|<>|<=|>=|=|<|>/);
export const Star = symbol("*", /\*/);
export const Dot = symbol(".", /\./);
export const Comma = symbol(",", /,/);
export const Open = symbol("(", /\(/);
export const Close = symbol(")", /\)/);
export const OpenList = symbol("[", /\[/);
export const CloseList = symbol("]", /\]/);

/** Every token, keywords before the identifiers they would otherwise be. */
export const TOKENS: TokenType[] = [
  Space,
  Comment,
  DoubleBracketed,
  Text,
  Num,
  Select,
  From,
  Where,
  Group,
  By,
  As,
  And,
  Or,
  Not,
  IsDefined,
  In,
  Nin,
  Count,
  True,
  False,
  Null,
  Undefined,
  Comparison,
  Star,
  Dot,
  Comma,
  Open,
  Close,
  OpenList,
  CloseList,
  Identifier,
  Name,
];

/** Splits query text into tokens. */
export const queryLexer = new Lexer(TOKENS, { ensureOptimizations: false });
