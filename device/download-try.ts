import { createHash } from "node:crypto";
import type { Pace } from "./bandwidth.ts";
import type { DeviceClock } from "./clock.ts";
import type { Driver, ImageSource, KeptPart, SlotWriter } from "./drivers/driver.ts";
import type { ErrorCode } from "./failure.ts";
import { DeviceError, reasonOf } from "./failure.ts";
import type { FirmwareRequest } from "./firmware-request.ts";
import type { ImageAnswer, RequestImage } from "./image-request.ts";
import { withoutQuery } from "./image-request.ts";

/** One try at one address. */
export interface DownloadTry {
  readonly address: string;
  readonly request: FirmwareRequest;
  readonly slots: Pick<Driver, "kept" | "openSlot">;
  readonly ask: RequestImage;
  readonly pace: Pace;
  readonly clock: DeviceClock;
  readonly signal: AbortSignal;
  /** Bytes after which what was read is made to survive a power cut. */
  readonly keepEveryBytes: number;
}

/** The network's fault: worth another try. */
export class TransientError extends DeviceError {
  /** Bytes that the try has added to what is kept: with them it was not in vain. */
  readonly gained: number;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number;

  constructor(
    message: string,
    {
      gained = 0,
      retryAfterMs = 0,
      ...options
    }: ErrorOptions & { gained?: number; retryAfterMs?: number } = {},
  ) {
    super("DOWNLOAD_FAILED", message, options);
    this.gained = gained;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Real time one try may take in all: a server that drips one byte a second does not hold a device for days. */
const TRY_TIMEOUT_MS = 30 * 60_000;
/** Answers that another try may change, beside 5xx. */
const TRANSIENT_STATUS: ReadonlySet<number> = new Set([408, 425, 429]);
const CODE_BY_STATUS: ReadonlyMap<number, ErrorCode> = new Map([
  [401, "DOWNLOAD_DENIED"],
  [403, "DOWNLOAD_DENIED"],
  [404, "DOWNLOAD_MISSING"],
  [410, "DOWNLOAD_MISSING"],
]);

/**
 * Fetch an image into a slot, from where an earlier try has come to when the file is still the same. No byte more than
 * was stated is read, and the slot is finished only when size and digest are the ones stated.
 */
export async function tryDownload(attempt: DownloadTry): Promise<void> {
  const { request, slots } = attempt;
  const signal = AbortSignal.any([attempt.signal, AbortSignal.timeout(TRY_TIMEOUT_MS)]);
  const part = await slots.kept(request.sha256).catch(writeFailed);
  const fits = part?.source.address === withoutQuery(attempt.address) && part.content.length <= request.size;
  try {
    await fetchInto({ ...attempt, signal }, fits ? part : undefined);
  } catch (error) {
    if (!(error instanceof StalePartError)) throw error;
    await fetchInto({ ...attempt, signal }, undefined);
  }
}

/** What was kept does not lead to the image: only the beginning does. */
class StalePartError extends Error {}

async function fetchInto(attempt: DownloadTry, part: KeptPart | undefined): Promise<void> {
  const { request, slots } = attempt;
  const hash = createHash("sha256");
  const isWhole = part?.content.length === request.size;
  const answer = isWhole ? undefined : await askFor(attempt, part);
  const goesOn = part !== undefined && answer?.status !== 200;
  const from = goesOn ? part.content.length : 0;
  if (goesOn) hash.update(part.content);
  const source = goesOn ? part.source : sourceOf(attempt.address, answer);
  let slot: SlotWriter | undefined;
  try {
    slot = await slots.openSlot({ sha256: request.sha256, source, from }).catch(writeFailed);
    const size = answer === undefined ? from : await copy(answer, { ...attempt, slot, hash, from, source });
    if (size !== request.size) throw sizeMismatch(attempt, size);
    const sha256 = hash.digest("hex");
    if (sha256 !== request.sha256) {
      // The file may have changed under its tag, or the disk: that is not said of an image before it was read in one go.
      if (goesOn) throw new StalePartError();
      const where = withoutQuery(attempt.address);
      throw new DeviceError("DIGEST_MISMATCH", `${where} has digest ${sha256}, not ${request.sha256}`);
    }
  } catch (error) {
    answer?.end();
    await slot?.abandon();
    throw error;
  }
  await slot.finish().catch(writeFailed);
}

async function askFor(attempt: DownloadTry, part: KeptPart | undefined): Promise<ImageAnswer> {
  const { address, request, signal } = attempt;
  const range = part === undefined ? undefined : { from: part.content.length, etag: part.source.etag };
  const where = withoutQuery(address);
  const answer = await attempt.ask(address, { range, signal }).catch((error: unknown) => {
    if (error instanceof DeviceError) throw error;
    throw new TransientError(`${where} does not answer: ${reasonOf(error)}`, { cause: error });
  });
  const { status, headers } = answer;
  const length = headers["content-length"];
  if (status === 200 && (length === undefined || Number(length) === request.size)) return answer;
  if (status === 206 && range !== undefined && isTheRest(answer, { ...range, size: request.size }))
    return answer;
  answer.end();
  if (range !== undefined && (status === 206 || status === 416)) throw new StalePartError();
  if (status === 200) throw sizeMismatch(attempt, Number(length));
  const message = `${where} answers ${status}`;
  if (TRANSIENT_STATUS.has(status) || status >= 500) {
    throw new TransientError(message, { retryAfterMs: retryAfterMs(headers, attempt.clock.now()) });
  }
  // Redirects too: the address in the twin is the address, whoever answers it.
  throw new DeviceError(CODE_BY_STATUS.get(status) ?? "DOWNLOAD_FAILED", message);
}

/** Whether a part of a file is exactly the part that is missing [RFC 9110, 14.4]. */
function isTheRest(
  { headers }: ImageAnswer,
  { from, etag, size }: { readonly from: number; readonly etag: string; readonly size: number },
): boolean {
  const same = headers.etag === undefined || headers.etag === etag;
  return same && headers["content-range"] === `bytes ${from}-${size - 1}/${size}`;
}

async function copy(
  answer: ImageAnswer,
  into: DownloadTry & {
    readonly slot: SlotWriter;
    readonly hash: { update(chunk: Uint8Array): unknown };
    readonly from: number;
    readonly source: ImageSource;
  },
): Promise<number> {
  const { slot, hash, request, from } = into;
  // Without a strong tag nobody can tell whether the file is still the same: then what was read is worth nothing later.
  const keeps = into.source.etag !== "";
  let [size, kept, unpaid] = [from, from, 0];
  const keep = async (): Promise<void> => {
    if (!keeps || size === kept) return;
    await slot.keep().catch(writeFailed);
    kept = size;
  };
  for (;;) {
    let chunk: Uint8Array | undefined;
    try {
      await into.pace(unpaid, into.signal);
      chunk = await answer.next();
    } catch (error) {
      await keep();
      const message = `${withoutQuery(into.address)} broke off after ${size} bytes: ${reasonOf(error)}`;
      throw new TransientError(message, { gained: kept - from, cause: error });
    }
    if (chunk === undefined) return size;
    size += chunk.length;
    if (size > request.size) throw sizeMismatch(into, size);
    hash.update(chunk);
    await slot.write(chunk).catch(writeFailed);
    if (size - kept >= into.keepEveryBytes && size < request.size) await keep();
    unpaid = chunk.length;
  }
}

function sourceOf(address: string, answer: ImageAnswer | undefined): ImageSource {
  const etag = answer?.headers.etag ?? "";
  // A weak tag stays the same for files that are only alike [RFC 9110, 13.1.5].
  return { address: withoutQuery(address), etag: etag.startsWith("W/") ? "" : etag };
}

/** Seconds, or an instant, which is compared with the server's own clock: the device's may be years off. */
function retryAfterMs(headers: ImageAnswer["headers"], nowMs: number): number {
  const after = headers["retry-after"] ?? "";
  if (/^\d+$/.test(after)) return Number(after) * 1000;
  const sent = Date.parse(headers.date ?? "");
  const ms = Date.parse(after) - (Number.isNaN(sent) ? nowMs : sent);
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

function sizeMismatch({ address, request }: DownloadTry, size: number): DeviceError {
  return new DeviceError(
    "SIZE_MISMATCH",
    `${withoutQuery(address)} has ${size} bytes or more, not ${request.size}`,
  );
}

function writeFailed(error: unknown): never {
  throw new DeviceError("WRITE_FAILED", `The slot cannot be written: ${reasonOf(error)}`, { cause: error });
}
