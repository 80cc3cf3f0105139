import type { RequestImage } from "../../../device/image-request.ts";
import type { PaperFirmware } from "./paper-firmware.ts";

/** What a store is up to. */
export type StoreMood = "fine" | "breaksOff" | "busy" | "denies" | "corrupt";

/** A store in memory, with ranges and strong tags. */
export interface PaperStore {
  readonly ask: RequestImage;
  mood: StoreMood;
  /** Requests so far. */
  asked: number;
}

const CHUNK_BYTES = 100;

/** Serve images by their digest, a hundred bytes at a time. */
export function paperStore(images: readonly PaperFirmware[]): PaperStore {
  const store: PaperStore = {
    mood: "fine",
    asked: 0,
    ask(uri, { range }) {
      store.asked++;
      const { mood } = store;
      const image = images.find(({ sha256 }) => uri.endsWith(sha256));
      const status = mood === "busy" ? 503 : mood === "denies" ? 403 : image === undefined ? 404 : 200;
      const etag = mood === "corrupt" ? '"corrupt"' : '"whole"';
      if (status !== 200) return Promise.resolve({ status, headers: {}, ...silence });
      const whole = mood === "corrupt" ? image!.bytes.map((byte) => byte ^ 1) : image!.bytes;
      const isPart = range?.etag === etag;
      let at = isPart ? range.from : 0;
      const end = mood === "breaksOff" ? at + 250 : whole.length;
      return Promise.resolve({
        status: isPart ? 206 : 200,
        headers: {
          etag,
          "content-length": String(whole.length - at),
          ...(isPart ? { "content-range": `bytes ${at}-${whole.length - 1}/${whole.length}` } : {}),
        },
        next() {
          if (at >= whole.length) return Promise.resolve(undefined);
          if (at >= end) return Promise.reject(new Error("the line broke"));
          const chunk = whole.subarray(at, Math.min(at + CHUNK_BYTES, end));
          at += chunk.length;
          return Promise.resolve(chunk);
        },
        end: () => undefined,
      });
    },
  };
  return store;
}

const silence = { next: () => Promise.resolve(undefined), end: () => undefined };
