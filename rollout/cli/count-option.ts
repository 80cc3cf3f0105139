import { WavegateError } from "../model/problem.ts";
import { textOption, type Input } from "./command.ts";

/** A whole number of at least 1, as an option gives it. */
export function countOption(input: Input, name: string, byDefault: number): number {
  const text = textOption(input, name);
  if (text === undefined) return byDefault;
  const count = Number(text);
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (!/^\d+$/.test(text) || count < 1 || count > 1_000_000_000)
    throw new WavegateError("BAD_OPTION", `${flag} ${text} is no whole number from 1 to 1,000,000,000`, {
      hint: `${flag} ${byDefault}`,
    });
  return count;
}
