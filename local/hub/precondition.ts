/** What an If-Match header asks for: any stored version ("*"), or one etag. */
export interface Precondition {
  readonly etag: string;
  /** Updates of configurations count quoted etags only; the rest of the service takes both. */
  readonly isQuoted: boolean;
}

/** Read an If-Match header. */
export function parseIfMatch(header: string | undefined): Precondition | undefined {
  const text = header?.trim();
  if (text === undefined || text === "") return undefined;
  const quoted = /^"([^"]*)"$/u.exec(text)?.[1];
  return { etag: quoted ?? text, isQuoted: quoted !== undefined };
}

/** Whether the stored etag is what was asked for; no precondition asks for nothing. */
export function isMatch(precondition: Precondition | undefined, etag: string): boolean {
  return precondition === undefined || precondition.etag === "*" || precondition.etag === etag;
}
