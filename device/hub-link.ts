import { setTimeout as delay } from "node:timers/promises";
import type { IBackoff } from "cockatiel";
import { ExponentialBackoff } from "cockatiel";
import type { FirmwareReported } from "../rollout/model/twin-contract.ts";
import { reasonOf } from "./failure.ts";
import type { DirectMethods, HubAddress, HubSession, OpenHubSession } from "./hub-session.ts";
import { openHubSession } from "./hub-session.ts";

/** What becomes of the link, for logs and tests. */
export type HubLinkEvent =
  | { readonly type: "connected" }
  | { readonly type: "disconnected"; readonly reason: string }
  /** By a short reconnection inside the SDK; the twin was read again. */
  | { readonly type: "tokenRenewed" }
  | { readonly type: "reported"; readonly reported: FirmwareReported }
  | { readonly type: "reportRefused"; readonly reason: string };

/** A device's line to its hub, held for as long as the device runs. */
export interface HubLink extends AsyncDisposable {
  /**
   * Say how the device is. Resolves when the hub has taken it, has refused it, or is not there; what it has not taken is
   * said again later, the newest only.
   */
  report(reported: FirmwareReported): Promise<void>;
  /** Have the twin read again; without a connection the next one reads it anyway. */
  refresh(): void;
}

/** How to hold the line. All times are real: they are the network's. */
export interface HubLinkOptions extends HubAddress {
  readonly twinTimeoutMs: number;
  /** Longest wait between two tries to connect. */
  readonly longestRetryMs: number;
  /** Direct methods that the device answers. */
  readonly methods?: DirectMethods | undefined;
  /** What speaks to the hub. Default: Microsoft's SDK. */
  readonly openSession?: OpenHubSession | undefined;
  /** The whole firmware section and the whole access section, again and again; whoever listens compares. */
  readonly onDesired: (desired: unknown, access: unknown) => void;
  readonly onEvent: (event: HubLinkEvent) => void;
}

const FIRST_RETRY_MS = 250;
/**
 * A connection that lasted so long was a good one: the next try waits little. Two devices with one identity throw each other
 * out at once, for ever; each time costs two reads of the twin, out of the day's messages of all.
 */
const STEADY_MS = 10_000;
/** After a refused report, as after throttling: longer than the hub's one-minute windows need. */
const REPORT_RETRY_MS = 30_000;

/** Connect, and connect again whenever the connection is lost, until disposed. */
export function holdHubLink(options: HubLinkOptions): HubLink {
  const { openSession = openHubSession } = options;
  const closing = new AbortController();
  let session: HubSession | undefined;
  let newest: FirmwareReported | undefined;
  /** What the hub is known to hold. */
  let taken: unknown;
  let sending = Promise.resolve();
  let again: NodeJS.Timeout | undefined;

  async function sendNewest(): Promise<void> {
    const reported = newest;
    const through = session;
    if (through === undefined || reported === undefined || isReported(taken, reported)) return;
    try {
      await through.report(reported);
      taken = reported;
      options.onEvent({ type: "reported", reported });
    } catch (error) {
      options.onEvent({ type: "reportRefused", reason: reasonOf(error) });
      clearTimeout(again);
      again = setTimeout(enqueue, REPORT_RETRY_MS);
      if (closing.signal.aborted) clearTimeout(again);
    }
  }

  function enqueue(): void {
    sending = sending.then(sendNewest);
  }

  async function hold(): Promise<void> {
    let retry: IBackoff<unknown> | undefined;
    while (!closing.signal.aborted) {
      try {
        const opened = await openSession({
          ...options,
          signal: closing.signal,
          onTokenRenewed: () => {
            options.onEvent({ type: "tokenRenewed" });
          },
        });
        const openedAt = performance.now();
        taken = opened.reported();
        session = opened;
        options.onEvent({ type: "connected" });
        enqueue();
        opened.listen();
        const reason = await opened.lost;
        session = undefined;
        if (performance.now() - openedAt >= Math.min(STEADY_MS, options.longestRetryMs)) retry = undefined;
        options.onEvent({ type: "disconnected", reason });
        await opened.close();
      } catch (error) {
        options.onEvent({ type: "disconnected", reason: reasonOf(error) });
      }
      retry = retry === undefined ? firstRetry(options.longestRetryMs) : retry.next(undefined);
      await delay(retry.duration, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  const held = hold();
  return {
    async report(reported) {
      newest = reported;
      enqueue();
      await sending;
    },
    refresh() {
      session?.refresh();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearTimeout(again);
      await held;
      await sending;
    },
  };
}

function firstRetry(maxDelay: number): IBackoff<unknown> {
  return new ExponentialBackoff({ initialDelay: FIRST_RETRY_MS, maxDelay }).next();
}

/** Whether the hub holds exactly this report, so that nothing has to be written. */
function isReported(held: unknown, reported: FirmwareReported): boolean {
  if (typeof held !== "object" || held === null) return false;
  const before = new Map<string, unknown>(Object.entries(held));
  if (before.has("recovered") && reported.recovered === undefined) return false;
  return Object.entries(reported).every(([name, value]) => before.get(name) === value);
}
