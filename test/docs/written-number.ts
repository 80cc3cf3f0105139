import { globSync, readFileSync, statSync } from "node:fs";
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
 * The number at a place of the source: a file, or a folder of which one file has it, and after a space the name of a
 * constant or the text right before the number. Products of numbers and of other constants of the file are computed.
 */
export function numberAt(place: string): number {
  const [, path = "", before = ""] = /^(\S+) (.*)$/.exec(place) ?? [];
  const files = statSync(join(PROJECT, path)).isDirectory()
    ? globSync(`${path}/**/*.ts`, { cwd: PROJECT })
    : [path];
  const sources = files
    .map((file) => flowing(readFileSync(join(PROJECT, file), "utf8")))
    .filter((source) => split(source, before).length > 1);
  const [source] = sources;
  if (source === undefined || sources.length > 1)
    throw new Error(`${path} has ${sources.length} files with what should be in one: ${before}`);
  return numberAfter(source, before, path);
}

function split(source: string, before: string): readonly string[] {
  const isName = /^[A-Z][A-Z\d_]*$/.test(before);
  return source.split(isName ? new RegExp(`\\bconst ${before}(?:: [\\w<>, ]+)? = `) : before);
}

function numberAfter(source: string, before: string, path: string): number {
  const [, rest = "", ...more] = split(source, before);
  if (rest === "" || more.length > 0) throw new Error(`${path} does not have once: ${before}`);
  const [product] = PRODUCT.exec(rest) ?? [];
  if (product === undefined) throw new Error(`${path}: no number after ${before}`);
  return product
    .split(" * ")
    .map((factor) =>
      /^\d/.test(factor) ? Number(factor.replaceAll("_", "")) : numberAfter(source, factor, path),
    )
    .reduce((all, factor) => all * factor, 1);
}

/** A text as it reads, wherever its lines are broken and its tables are padded. */
export function flowing(text: string): string {
  return text.replace(/\s+/g, " ");
}
