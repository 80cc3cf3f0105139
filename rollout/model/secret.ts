/** A text that opens something: printed, logged or stored it is `***`, and only `reveal` gives it out. */
export interface Secret {
  reveal(): string;
  toString(): string;
  /** Also what JSON and canonical JSON, and so every digest and record, are made of. */
  toJSON(): string;
}

/** What stands for a secret wherever it is shown. */
export const VEIL = "***";

/** How Node prints an object [util.inspect.custom]; the model imports nothing of Node's. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Keep a text from being shown. */
export function secret(text: string): Secret {
  const veiled = (): string => VEIL;
  // In a closure: no way of printing an object shows it.
  return Object.freeze({
    reveal: () => text,
    toString: veiled,
    toJSON: veiled,
    [INSPECT]: veiled,
  });
}

/** Whether a value of a document is a secret of ours. */
export function isSecret(value: unknown): value is Secret {
  return (
    typeof value === "object" && value !== null && "reveal" in value && typeof value.reveal === "function"
  );
}
