import { TransientError } from "./download-try.ts";
import { DeviceError } from "./failure.ts";
import type { ImageAccess } from "./image-access.ts";
import { withoutQuery } from "./image-request.ts";

/** How a device comes to the keys of images that are not public. */
export interface Keys extends Pick<ImageAccess, "keyOf" | "until"> {
  /** Have the twin read again: the store has refused what it held. */
  readonly ask: () => void;
}

/** No key, or none that the store takes: what helps is another one, not another try. */
export class NoAccessError extends TransientError {}

/** An address that opens with a key only. */
export interface KeyedAddress {
  /** Try it with the key there is; NoAccessError when there is none, until too many were refused. */
  attempt(tryAt: (address: string) => Promise<void>): Promise<void>;
  /** Whether there is a key that the store has not refused. */
  isOpen(): boolean;
}

/** Keys that the store may refuse: an expired one is followed by another, and one that never fits is not waited for. */
const MOST_REFUSED = 3;

/** An address whose key comes from the hub, and is replaced there before or after it expires: no clock is asked. */
export function keyedAddress(uri: string, { sha256, keys }: { sha256: string; keys: Keys }): KeyedAddress {
  const refused = new Set<string>();
  const address = withoutQuery(uri);
  const fresh = (): string | undefined => {
    const key = keys.keyOf(sha256);
    return key === undefined || refused.has(key) ? undefined : key;
  };
  return {
    isOpen: () => fresh() !== undefined,
    async attempt(tryAt) {
      const key = fresh();
      if (key === undefined) throw new NoAccessError(`${address} is not open to this device yet`);
      try {
        await tryAt(`${address}?${key}`);
      } catch (error) {
        if (!(error instanceof DeviceError) || error.code !== "DOWNLOAD_DENIED") throw error;
        refused.add(key);
        if (refused.size === MOST_REFUSED) throw error;
        keys.ask();
        throw new NoAccessError(`${address} is not open to this device any more`, { cause: error });
      }
    },
  };
}
