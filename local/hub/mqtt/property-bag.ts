/** Properties of a message: those the protocol knows by a name that begins with `$`, and the sender's own. */
export interface MessageProperties {
  /** By their names without `$.`, such as `mid`. */
  readonly system: Readonly<Record<string, string>>;
  readonly application: Readonly<Record<string, string>>;
}

/** Read the properties at the end of a topic: `name=value` joined by `&`, percent-encoded [facts 5.2]. */
export function parsePropertyBag(bag: string): MessageProperties {
  const system: [string, string][] = [];
  const application: [string, string][] = [];
  // Some clients write a question mark first, or a slash last.
  for (const pair of bag.replace(/^\?/u, "").replace(/\/$/u, "").split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = decoded(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? "" : decoded(pair.slice(at + 1));
    if (name.startsWith("$.")) system.push([name.slice(2), value]);
    else application.push([name, value]);
  }
  // fromEntries makes own members, whatever they are called; of two of a name, the last counts [G].
  return { system: Object.fromEntries(system), application: Object.fromEntries(application) };
}

/** Write properties as they stand at the end of a topic; wildcards and slashes are encoded away. */
export function writePropertyBag({ system, application }: MessageProperties): string {
  return [
    ...Object.entries(system).map(([name, value]) => [`$.${name}`, value] as const),
    ...Object.entries(application),
  ]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .join("&");
}

/** Bytes of names and values, as they count into the size of a message. */
export function propertyBytes({ system, application }: MessageProperties): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(system)) bytes += Buffer.byteLength(name + value) + 2;
  for (const [name, value] of Object.entries(application)) bytes += Buffer.byteLength(name + value);
  return bytes;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign stands for itself [G]
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
