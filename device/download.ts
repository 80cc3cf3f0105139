import type { IBackoff } from "cockatiel";
import { ExponentialBackoff } from "cockatiel";
import { paceTo } from "./bandwidth.ts";
import type { DeviceClock } from "./clock.ts";
import { TransientError, tryDownload } from "./download-try.ts";
import type { Driver } from "./drivers/driver.ts";
import { DeviceError } from "./failure.ts";
import type { FirmwareRequest } from "./firmware-request.ts";
import type { RequestImage } from "./image-request.ts";
import { isHttps } from "./image-request.ts";
import type { KeyedAddress, Keys } from "./keyed-address.ts";
import { keyedAddress, NoAccessError } from "./keyed-address.ts";

/** One image to fetch into a slot. */
export interface DownloadOptions {
  readonly request: FirmwareRequest;
  readonly slots: Pick<Driver, "kept" | "openSlot">;
  readonly ask: RequestImage;
  /** Its time passes between two rounds and for the bandwidth; a try itself is limited in real time. */
  readonly clock: DeviceClock;
  readonly signal: AbortSignal;
  /** How the address in the twin is opened, where the request says that it takes a key. */
  readonly keys: Keys;
  /** Base addresses that are asked before the one in the twin, in this order. Default: none. */
  readonly mirrors?: readonly string[] | undefined;
  /** Bytes a second, counted over one second. Default: no limit. */
  readonly bytesPerSecond?: number | undefined;
  /** Milliseconds to wait before the first byte; a download that goes on does not wait again. Default: 0. */
  readonly delayMs?: number | undefined;
  /** Bytes after which what was read is made to survive a power cut. Default: 1 MiB. */
  readonly keepEveryBytes?: number | undefined;
}

/** Rounds in a row that may bring nothing. */
const VAIN_ROUNDS = 5;
/** Rounds in all: a line that breaks off again and again gets on, and still comes to an end. */
const MOST_ROUNDS = 50;
const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 10 * 60_000;
/** Longest wait a server can ask for. */
const LONGEST_RETRY_AFTER_MS = 60 * 60_000;
const KEEP_EVERY_BYTES = 1024 * 1024;

/**
 * Fetch an image over HTTPS into a slot. A round asks each address until one brings something; between rounds the device
 * waits, longer each time. Rejects with the code of what went wrong, after the tries that could help.
 */
export async function downloadImage(options: DownloadOptions): Promise<void> {
  const { request, slots, clock, signal, keepEveryBytes = KEEP_EVERY_BYTES } = options;
  const pace = paceTo(options.bytesPerSecond, clock);
  let addresses = [...(options.mirrors ?? []).map((base) => mirrorOf(request.uri, base)), request.uri];
  const keyed = request.onDemand
    ? keyedAddress(request.uri, { sha256: request.sha256, keys: options.keys })
    : undefined;
  const tryAt = (address: string): Promise<void> =>
    tryDownload({ ...options, address, pace, keepEveryBytes });
  await waitForTurn(options);
  let delay: IBackoff<unknown> | undefined;
  let vain = 0;
  for (let round = 1; ; round++) {
    const { left, failure } = await tryEach(addresses, (address) =>
      keyed !== undefined && address === request.uri ? keyed.attempt(tryAt) : tryAt(address),
    );
    if (failure === undefined) return;
    signal.throwIfAborted();
    if (keyed !== undefined && failure instanceof NoAccessError) {
      addresses = left;
      // Whatever the mirrors said, the image is not lost before its own address has been asked.
      round--;
      delay = delay?.next(undefined) ?? firstDelay();
      await waitForKey(keyed, left.length > 1 ? delay.duration : undefined);
      continue;
    }
    const gained = failure instanceof TransientError && failure.gained > 0;
    [vain, delay] = gained ? [0, undefined] : [vain + 1, delay];
    if (left.length === 0 || vain === VAIN_ROUNDS || round === MOST_ROUNDS) throw failure;
    addresses = left;
    delay = delay?.next(undefined) ?? firstDelay();
    const asked = failure instanceof TransientError ? failure.retryAfterMs : 0;
    await clock.sleep(Math.max(delay.duration, Math.min(asked, LONGEST_RETRY_AFTER_MS)), signal);
  }

  /** Wait until there is a key; where mirrors are left, no longer than they are to be left alone. */
  async function waitForKey(address: KeyedAddress, atMostMs: number | undefined): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const given = options.keys.until(() => address.isOpen(), either);
    const waits = atMostMs === undefined ? [given] : [given, clock.sleep(atMostMs, either)];
    try {
      await Promise.race(waits);
    } finally {
      over.abort();
      await Promise.allSettled(waits);
    }
  }

  async function waitForTurn({ delayMs = 0 }: DownloadOptions): Promise<void> {
    if (delayMs > 0 && (await slots.kept(request.sha256)) === undefined) await clock.sleep(delayMs, signal);
  }
}

/** Address of an image below a mirror's base. The query stays behind: it is a key to the store, and the store's alone. */
function mirrorOf(uri: string, base: string): string {
  if (!isHttps(base)) throw new DeviceError("DOWNLOAD_FAILED", `the mirror ${base} is not an https address`);
  return `${base.replace(/\/$/, "")}${new URL(uri).pathname}`;
}

/** One round: what came of it, and the addresses that are worth another, the one to begin with first. */
async function tryEach(
  addresses: readonly string[],
  attempt: (address: string) => Promise<void>,
): Promise<{ readonly left: string[]; readonly failure: DeviceError | undefined }> {
  const left: string[] = [];
  let failure: DeviceError | undefined;
  for (const [index, address] of addresses.entries()) {
    try {
      await attempt(address);
      return { left, failure: undefined };
    } catch (error) {
      if (!(error instanceof DeviceError) || error.code === "WRITE_FAILED") throw error;
      // The last word is that of the address in the twin, unless there is still hope elsewhere.
      if (error instanceof TransientError || !(failure instanceof TransientError)) failure = error;
      if (!(error instanceof TransientError)) continue;
      if (error.gained > 0) {
        // Its bytes are kept, and only it can add to them.
        return { left: [address, ...left, ...addresses.slice(index + 1)], failure: error };
      }
      left.push(address);
    }
  }
  return { left, failure };
}

function firstDelay(): IBackoff<unknown> {
  return new ExponentialBackoff({ initialDelay: FIRST_DELAY_MS, maxDelay: LONGEST_DELAY_MS }).next();
}
