import { WavegateError } from "../model/problem.ts";
import { textOption, type Input } from "./command.ts";

const MOST = 1_000_000_000;

/** A whole number from 1 to `most`, as an option gives it. */
export function countOption(input: Input, name: string, byDefault: number, most = MOST): number {
  const text = textOption(input, name);
  if (text === undefined) return byDefault;
  const count = Number(text);
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (!/^\d+$/.test(text) || count < 1 || count > most)
    throw new WavegateError(
      "BAD_OPTION",
      `${flag} ${text} is no whole number from 1 to ${most.toLocaleString("en-US")}`,
      {
        hint: `${flag} ${byDefault}`,
      },
    );
  return count;
}
