import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROJECT } from "../support/command-line.ts";
import { STATED_NUMBERS } from "./stated-numbers.ts";
import { flowing, numberAt, withNumber } from "./written-number.ts";

describe("a number of the code", () => {
  it.each(
    Object.entries(STATED_NUMBERS).flatMap(([page, sentences]) =>
      Object.entries(sentences).map(([sentence, place]) => [page, sentence, place] as const),
    ),
  )("is what %s says: %s", (page, sentence, place) => {
    const said = withNumber(sentence, numberAt(place));
    const text = flowing(readFileSync(join(PROJECT, page), "utf8"));
    expect(text.includes(said), `${place} holds another number than ${page} says: "${said}"`).toBe(true);
  });
});
