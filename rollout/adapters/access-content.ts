import { isSecret, VEIL } from "../model/secret.ts";
import { ACCESS_PATH } from "../model/twin-contract.ts";

type Content = Readonly<Record<string, unknown>>;

/** Content as the hub is to have it: the one place where keys to images become text again. */
export function revealedContent(content: Content): Record<string, unknown> {
  return withKeys(content, (key) => (isSecret(key) ? key.reveal() : key));
}

/** Content as everybody else sees it: which images have a key, and no key. */
export function veiledContent(content: Content): Content {
  return withKeys(content, () => VEIL);
}

function withKeys(content: Content, change: (key: unknown) => unknown): Record<string, unknown> {
  const keys = content[ACCESS_PATH];
  if (keys === undefined) return { ...content };
  const changed =
    typeof keys === "object" && keys !== null
      ? Object.fromEntries(Object.entries(keys).map(([digest, key]) => [digest, change(key)]))
      : change(keys);
  return { ...content, [ACCESS_PATH]: changed };
}
