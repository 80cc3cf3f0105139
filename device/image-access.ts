import { z } from "zod";

/** Keys to images in the store, as the hub hands them out to devices that want one. They are kept in memory alone. */
export interface ImageAccess {
  /** Take what the twin holds now: the whole section, whatever it is. */
  hear(section: unknown): void;
  /** What opens an image's address, as its query; absent while the twin holds none that could be one. */
  keyOf(sha256: string): string | undefined;
  /** Resolves as soon as the condition holds: looked at now, and whenever the section has changed. */
  until(isMet: () => boolean, signal: AbortSignal): Promise<void>;
}

/** The alphabet of a query that is sent as it stands [RFC 3986, 3.4], so that no key can be another address. */
const keySchema = z.string().regex(/^[A-Za-z0-9%&=._~:+/-]{1,2048}$/);

/** Access to images, none at first. */
export function imageAccess(): ImageAccess {
  let section: unknown;
  let changed = Promise.withResolvers<undefined>();
  return {
    hear(heard) {
      section = heard;
      changed.resolve(undefined);
      changed = Promise.withResolvers();
    },
    keyOf(sha256) {
      if (typeof section !== "object" || section === null || !Object.hasOwn(section, sha256))
        return undefined;
      // The section is whatever somebody wrote into the twin; one text is taken from it, if it is one.
      return keySchema.safeParse(Reflect.get(section, sha256)).data;
    },
    async until(isMet, signal) {
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      const abort = (): void => {
        reject(new Error("the waiting was given up"));
      };
      aborted.catch(() => undefined);
      signal.addEventListener("abort", abort, { once: true });
      try {
        signal.throwIfAborted();
        while (!isMet()) await Promise.race([changed.promise, aborted]);
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
  };
}
