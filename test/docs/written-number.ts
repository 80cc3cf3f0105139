import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withThousands } from "../../rollout/gate/format-evidence.ts";
import { PROJECT } from "../support/command-line.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What a placeholder makes of a number before it is written. */
const UNITS: Readonly<Record<string, (value: number) => number>> = {
  n: (value) => value,
  last: (value) => value - 1,
  s: (ms) => ms / 1_000,
  min: (ms) => ms / MINUTE_MS,
  h: (ms) => ms / HOUR_MS,
  d: (ms) => ms / (24 * HOUR_MS),
  KB: (bytes) => bytes / 1024,
  MiB: (bytes) => bytes / 1024 ** 2,
  kB: (bytes) => bytes / 1_000,
  MB: (bytes) => bytes / 1_000_000,
};
const WORDS = new Map(
  "zero one two three four five six seven eight nine ten eleven twelve".split(" ").entries(),
)
  .set(20, "twenty")
  .set(25, "twenty-five")
  .set(50, "fifty")
  .set(100, "hundred")
  .set(1_000, "thousand");
const ORDINALS = new Map([
  [3, "third"],
  [5, "fifth"],
  [6, "sixth"],
]);

/**
 * A sentence with its number in the place of its placeholder: `{unit}` or `{unit:form}`. Units: `n` as it is, `last` one
 * less, `s`, `min`, `h`, `d` of ms, `KB`, `MiB` (by 1,024), `kB`, `MB` (by 1,000) of bytes. Forms: `word`, `Word`, `raw` (no thousands), `a` and `an`
 * (an article for one), `bare` (nothing for one). Short ones: `{word}`, `{Word}`, `{ordinal}`, `{raw}`, `{%}`, `{half}`.
 */
export function withNumber(sentence: string, value: number): string {
  return sentence.replace(/\{(%|\w+)(?::(\w+))?\}/, (_, name: string, form?: string) => {
    const unit = UNITS[name];
    return unit === undefined ? written(value, name) : written(unit(value), form);
  });
}

function written(value: number, form: string | undefined): string {
  switch (form) {
    case undefined:
      return Number.isInteger(value) ? withThousands(value) : String(value);
    case "word":
      return spelt(value);
    case "Word":
      return spelt(value).replace(/^./, (letter) => letter.toUpperCase());
    case "ordinal":
      return wordOf(ORDINALS, value);
    case "raw":
      return String(value).replace("e+", "e");
    case "%":
      return `${Number((value * 100).toPrecision(10))}%`;
    case "half":
      return value === 0.5 ? "half" : String(value);
    case "a":
    case "an":
      return value === 1 ? form : String(value);
    case "bare":
      return value === 1 ? "" : `${value} `;
    default:
      throw new RangeError(`{${form}} is no placeholder`);
  }
}

/** A number in a word, as prose has small ones. */
export function spelt(value: number): string {
  return wordOf(WORDS, value);
}

function wordOf(words: ReadonlyMap<number, string>, value: number): string {
  const word = words.get(value);
  if (word === undefined) throw new RangeError(`there is no word for ${value} here yet`);
  return word;
}

/** Numbers and constants, multiplied; a member of an object, as in `24 * UNIT_MS.h`, is none. */
const PRODUCT = /^(?:[\d._]+(?:e\d+)?|[A-Z_]+\b(?!\.))(?: \* (?:[\d._]+|[A-Z_]+\b(?!\.)))*/;

/**
 * The number at a place of the source: a file and, after a space, the name of a constant in it or the text right before
 * the number. Products of numbers and of other constants of the file are computed.
 */
export function numberAt(place: string): number {
  const [, file = "", before = ""] = /^(\S+) (.*)$/.exec(place) ?? [];
  const source = flowing(readFileSync(join(PROJECT, file), "utf8"));
  return numberAfter(source, before, file);
}

function numberAfter(source: string, before: string, file: string): number {
  const parts = /^[A-Z][A-Z\d_]*$/.test(before)
    ? source.split(new RegExp(`\\bconst ${before}(?:: [\\w<>, ]+)? = `))
    : source.split(before);
  const [, rest = ""] = parts;
  if (parts.length !== 2)
    throw new Error(`${file} has ${parts.length - 1} times what should be there once: ${before}`);
  const [product] = PRODUCT.exec(rest) ?? [];
  if (product === undefined) throw new Error(`${file}: no number after ${before}`);
  return product
    .split(" * ")
    .map((factor) =>
      /^\d/.test(factor) ? Number(factor.replaceAll("_", "")) : numberAfter(source, factor, file),
    )
    .reduce((all, factor) => all * factor, 1);
}

/** A text as it reads, wherever its lines are broken and its tables are padded. */
export function flowing(text: string): string {
  return text.replace(/\s+/g, " ");
}
