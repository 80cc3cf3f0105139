import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import type { IBackoff } from "cockatiel";
import { ConstantBackoff, ExponentialBackoff, handleWhen, retry } from "cockatiel";
import type { DeviceClock } from "./clock.ts";
import type { SlotWriter } from "./drivers/driver.ts";
import { DeviceError } from "./failure.ts";
import type { FirmwareRequest } from "./firmware-request.ts";

/** One image to fetch into a slot. */
export interface DownloadOptions {
  readonly request: FirmwareRequest;
  /** Begin to write the slot; called once for each try. */
  readonly openSlot: () => Promise<SlotWriter>;
  /** Certificate authority of the image store; default: those Node trusts. */
  readonly caPem?: string | undefined;
  /** Its time passes between two tries; a try itself is limited in real time. */
  readonly clock: DeviceClock;
  readonly signal: AbortSignal;
  /** Real milliseconds without a byte after which a try is given up. Default: 30 s. */
  readonly idleTimeoutMs?: number;
}

const RETRIES = 4;
const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 10 * 60_000;
const IDLE_TIMEOUT_MS = 30_000;
/** Real time one try may take in all: a server that drips one byte a second does not hold a device for days. */
const TRY_TIMEOUT_MS = 30 * 60_000;
/** Answers that another try may change. */
const TRANSIENT_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Fetch an image over HTTPS into a slot: no byte more than was stated is read, and the slot is finished only when size
 * and digest are the ones stated. Rejects with the code of what went wrong, after the tries that could help.
 */
export async function downloadImage(options: DownloadOptions): Promise<void> {
  const { clock, signal } = options;
  // cockatiel waits on the machine's clock; the waits here are the device's.
  const policy = retry(
    handleWhen((error) => error instanceof TransientError),
    { maxAttempts: RETRIES, backoff: new ConstantBackoff(0) },
  );
  let delay: IBackoff<unknown> | undefined;
  await policy.execute(async ({ attempt }) => {
    if (attempt > 0) {
      delay = delay?.next(undefined) ?? firstDelay();
      await clock.sleep(delay.duration, signal);
    }
    await tryDownload(options);
  }, signal);
}

function firstDelay(): IBackoff<unknown> {
  return new ExponentialBackoff({ initialDelay: FIRST_DELAY_MS, maxDelay: LONGEST_DELAY_MS }).next();
}

async function tryDownload({ request, openSlot, ...transfer }: DownloadOptions): Promise<void> {
  if (!request.uri.startsWith("https:"))
    throw new DeviceError("DOWNLOAD_FAILED", `${request.uri} is not HTTPS`);
  const signal = AbortSignal.any([transfer.signal, AbortSignal.timeout(TRY_TIMEOUT_MS)]);
  const response = await open(request, { ...transfer, signal });
  let slot: SlotWriter | undefined;
  try {
    slot = await openSlot().catch(writeFailed);
    const { size, sha256 } = await copy(response, slot, request);
    if (size !== request.size) throw sizeMismatch(request, size);
    if (sha256 !== request.sha256) {
      throw new DeviceError("DIGEST_MISMATCH", `${request.uri} has digest ${sha256}, not ${request.sha256}`);
    }
  } catch (error) {
    response.destroy();
    await slot?.abandon();
    throw error;
  }
  await slot.finish().catch(writeFailed);
}

async function open(
  request: FirmwareRequest,
  transfer: Pick<DownloadOptions, "caPem" | "signal" | "idleTimeoutMs">,
): Promise<IncomingMessage> {
  const { caPem, signal, idleTimeoutMs = IDLE_TIMEOUT_MS } = transfer;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = get(
    request.uri,
    { agent: false, signal, timeout: idleTimeoutMs, ...(caPem === undefined ? {} : { ca: caPem }) },
    resolve,
  );
  const silence = new Error(`no byte for ${idleTimeoutMs} ms`);
  asked.once("timeout", () => asked.destroy(silence));
  asked.on("error", (error) => {
    reject(new TransientError(`${request.uri} does not answer: ${error.message}`, { cause: error }));
  });
  const response = await promise;
  // Once there is an answer, it is the answer that breaks off.
  asked.removeAllListeners("timeout").once("timeout", () => response.destroy(silence));
  const status = response.statusCode ?? 0;
  const length = response.headers["content-length"];
  if (status === 200 && (length === undefined || Number(length) === request.size)) return response;
  response.destroy();
  if (status === 200) throw sizeMismatch(request, Number(length));
  const message = `${request.uri} answers ${status}`;
  // Redirects too: the address in the twin is the address, whoever answers it.
  throw TRANSIENT_STATUS.has(status)
    ? new TransientError(message)
    : new DeviceError("DOWNLOAD_FAILED", message);
}

async function copy(
  response: IncomingMessage,
  slot: SlotWriter,
  request: FirmwareRequest,
): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  let size = 0;
  const chunks: AsyncIterator<Uint8Array, undefined> = response[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new TransientError(`${request.uri} broke off after ${size} bytes: ${reason}`, { cause: error });
    });
    if (next.done === true) return { size, sha256: hash.digest("hex") };
    size += next.value.length;
    if (size > request.size) throw sizeMismatch(request, size);
    hash.update(next.value);
    await slot.write(next.value).catch(writeFailed);
  }
}

/** The network's fault: worth another try. */
class TransientError extends DeviceError {
  constructor(message: string, options?: ErrorOptions) {
    super("DOWNLOAD_FAILED", message, options);
  }
}

function sizeMismatch(request: FirmwareRequest, size: number): DeviceError {
  return new DeviceError("SIZE_MISMATCH", `${request.uri} has ${size} bytes or more, not ${request.size}`);
}

function writeFailed(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new DeviceError("WRITE_FAILED", `The slot cannot be written: ${reason}`, { cause: error });
}
