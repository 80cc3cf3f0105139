/** Milliseconds, in the headers that Azure's services also use; they are exact where `Retry-After` is rounded. */
const MILLISECONDS = ["retry-after-ms", "x-ms-retry-after-ms"] as const;

/**
 * How long the server asks to wait: `Retry-After` as seconds or as an HTTP date [RFC 9110, 10.2.3]. A date is counted from
 * the answer's own `Date`, so that our clock may be wrong; `now` (epoch ms) serves where there is none. undefined where
 * nothing is said, or nothing that is one of these. IoT Hub documents no such time in the body of its 429.
 */
export function retryAfterMs(headers: Readonly<Record<string, unknown>>, now: number): number | undefined {
  for (const name of MILLISECONDS) {
    const ms = wholeNumber(headers[name]);
    if (ms !== undefined) return ms;
  }
  const header = headers["retry-after"];
  const seconds = wholeNumber(header);
  if (seconds !== undefined) return seconds * 1_000;
  const until = httpDate(header);
  return until === undefined ? undefined : Math.max(0, until - (httpDate(headers["date"]) ?? now));
}

function wholeNumber(value: unknown): number | undefined {
  return typeof value === "string" && /^\s*\d{1,9}\s*$/u.test(value) ? Number(value) : undefined;
}

function httpDate(value: unknown): number | undefined {
  // Date.parse also takes "-5" or "1.5" for dates: an HTTP date begins with the name of its day.
  if (typeof value !== "string" || !/^\s*[A-Za-z]{3,9},?\s/u.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}
