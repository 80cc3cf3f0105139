import { tokenLabel, type IParserErrorMessageProvider, type TokenType } from "chevrotain";

/** What chevrotain expected, in words: "WHERE, GROUP BY or a comma"; what it found is told beside it. */
export const expectations: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => anyOf([expected]),
  buildNoViableAltMessage: ({ expectedPathsPerAlt }) => anyOf(firstTokens(expectedPathsPerAlt.flat())),
  buildEarlyExitMessage: ({ expectedIterationPaths }) => anyOf(firstTokens(expectedIterationPaths)),
  // The parser knows better what could have followed.
  buildNotAllInputParsedMessage: () => "the end of the text",
};

function firstTokens(paths: readonly (readonly TokenType[])[]): readonly TokenType[] {
  return paths.flatMap(([first]) => (first === undefined ? [] : [first]));
}

function anyOf(tokens: readonly TokenType[]): string {
  const labels = [...new Set(tokens.map(tokenLabel))];
  const last = labels.pop() ?? "something else";
  return labels.length === 0 ? last : `${labels.join(", ")} or ${last}`;
}
