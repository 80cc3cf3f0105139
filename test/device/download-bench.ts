import { createHash } from "node:crypto";
import type { DeviceClock } from "../../device/clock.ts";
import type { DownloadOptions } from "../../device/download.ts";
import { downloadImage } from "../../device/download.ts";
import type { Driver, KeptPart, SlotOpening } from "../../device/drivers/driver.ts";
import type { FirmwareRequest } from "../../device/firmware-request.ts";
import type { ImageAccess } from "../../device/image-access.ts";
import { imageAccess } from "../../device/image-access.ts";
import type { ImageRequestOptions } from "../../device/image-request.ts";
import { httpsImages } from "../../device/image-request.ts";

/** The image that is fetched. */
export const BYTES = Buffer.alloc(100_000, "firmware ");
/** Its digest. */
export const SHA256 = createHash("sha256").update(BYTES).digest("hex");

/** Slots in memory: what was kept stays, as on a disk. */
function memorySlots(): {
  readonly slots: Pick<Driver, "kept" | "openSlot">;
  readonly finished: () => Buffer | undefined;
  readonly openings: readonly SlotOpening[];
  readonly part: () => KeptPart | undefined;
} {
  let finished: Buffer | undefined;
  let part: KeptPart | undefined;
  const openings: SlotOpening[] = [];
  return {
    openings,
    finished: () => finished,
    part: () => part,
    slots: {
      kept: (sha256) => Promise.resolve(sha256 === openings.at(-1)?.sha256 ? part : undefined),
      openSlot(opening) {
        openings.push(opening);
        const chunks: Uint8Array[] = part === undefined ? [] : [part.content.subarray(0, opening.from)];
        if (opening.from === 0) part = undefined;
        return Promise.resolve({
          write(chunk) {
            chunks.push(chunk);
            return Promise.resolve();
          },
          keep() {
            part = { content: Buffer.concat(chunks), source: opening.source };
            return Promise.resolve();
          },
          finish() {
            finished = Buffer.concat(chunks);
            part = undefined;
            return Promise.resolve();
          },
          abandon: () => Promise.resolve(),
        });
      },
    },
  };
}

/** A clock whose sleeps end at once, take their time on it, and are remembered. */
function eagerClock(): DeviceClock & { readonly slept: number[] } {
  const slept: number[] = [];
  let now = Date.UTC(1970, 0, 1);
  return {
    slept,
    now: () => now,
    sleep(ms) {
      slept.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
}

const { signal } = new AbortController();

/** A device with its slots and its clock. */
export interface DownloadBench extends ReturnType<typeof memorySlots> {
  readonly clock: ReturnType<typeof eagerClock>;
  /** What the hub has given it. */
  readonly access: ImageAccess;
  /** Who was asked for another key, once a time. */
  readonly asked: readonly string[];
  /** Fetch once more, as after a power cut. */
  readonly fetch: (change?: Partial<DownloadOptions>) => Promise<void>;
}

/** A device that fetches `uri`. */
export function deviceFor(
  uri: string,
  change: ImageRequestOptions & { readonly request?: Partial<FirmwareRequest> } = {},
): DownloadBench {
  const { request, ...reach } = change;
  const memory = memorySlots();
  const access = imageAccess();
  const asked: string[] = [];
  const clock = eagerClock();
  return {
    ...memory,
    access,
    asked,
    clock,
    fetch: (more) =>
      downloadImage({
        request: { version: "1.0.0", uri, sha256: SHA256, size: BYTES.length, onDemand: false, ...request },
        slots: memory.slots,
        keys: { ...access, ask: () => void asked.push("the hub") },
        ask: httpsImages(reach),
        clock,
        signal,
        ...more,
      }),
  };
}
