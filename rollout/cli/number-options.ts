import { parseDuration } from "../model/duration.ts";
import { WavegateError } from "../model/problem.ts";
import { textOption, type Input } from "./command.ts";

const MOST = 1_000_000_000;

/** A whole number from 1 to `most`, as an option gives it. */
export function countOption(input: Input, name: string, byDefault: number, most = MOST): number {
  const text = textOption(input, name);
  if (text === undefined) return byDefault;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
  const range = `from 1 to ${most.toLocaleString("en-US")}`;
  throw new WavegateError("BAD_OPTION", `${flagOf(name)} ${text} is no whole number ${range}`, {
    hint: `${flagOf(name)} ${byDefault}`,
  });
}

/** A time above 0 in ms, as an option gives it; `example` is repeated in the hint. */
export function durationOption(input: Input, name: string, example: string): number | undefined {
  const text = textOption(input, name);
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new WavegateError("BAD_OPTION", `${flagOf(name)} ${text} is no duration`, {
    hint: `${flagOf(name)} "${example}"`,
  });
}

/** `fleetSize`, as commander calls it, is typed `--fleet-size`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
