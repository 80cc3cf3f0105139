import { folded } from "./markdown.ts";

/** A part of a report; a detail may be left out. */
export interface Part {
  readonly text: string;
  readonly isDetail: boolean;
}

/** A part that is always there. */
export function open(text: string): Part {
  return { text, isDetail: false };
}

/** One that is closed until somebody opens it, and left out where there is no room. */
export function detail(name: string, body: string): Part {
  return { text: folded(name, body), isDetail: true };
}

/** Parts as one text of at most so many characters: details are left out, the last first, and the text says so. */
export function fitted(parts: readonly Part[], longest: number): string {
  const kept = [...parts];
  const joined = (): string => kept.map(({ text }) => text).join("\n\n");
  const left = "*Details are left out: all of it is too long for a comment. `wavegate plan` prints them.*";
  const room = longest - left.length - 2;
  let isShortened = false;
  while (joined().length > room && kept.some(({ isDetail }) => isDetail)) {
    kept.splice(
      kept.findLastIndex(({ isDetail }) => isDetail),
      1,
    );
    isShortened = true;
  }
  const text = joined();
  if (text.length > room) return `${text.slice(0, room)}\n\n${left}`;
  return isShortened ? `${text}\n\n${left}` : text;
}
