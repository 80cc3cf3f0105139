import type { Channel } from "../../adapters/notify/channel.ts";
import type { NamedRecord } from "../../engine/observation.ts";
import type { Notice } from "../../model/notice.ts";
import { WavegateError } from "../../model/problem.ts";
import type { CursorPort, RecordPort } from "../../reconcile/ports.ts";
import { readChain } from "../../reconcile/store-view.ts";
import { cursorText, type Cursor } from "./cursor.ts";
import { noticeOfStop } from "./notices-of.ts";
import { CHANNEL_LIMIT_MS } from "./open-channel.ts";
import { ahead, beginning, pending, type News } from "./untold.ts";

/** A channel, and what of all notices it is told. */
export interface ListeningChannel {
  readonly channel: Channel;
  readonly wants: (notice: Notice) => boolean;
}

/** What delivering needs. */
export interface DeliveryPorts {
  readonly channels: readonly ListeningChannel[];
  readonly records: RecordPort;
  readonly cursors: CursorPort;
  /** Names of the hubs in the settings, whose marks say where the head is. */
  readonly hubs: readonly string[];
  readonly warn: (line: string) => void;
  /** Ends sending at once; what was not sent is sent by the next run. */
  readonly signal: AbortSignal;
}

/**
 * Tell every channel what it has not been told: what was recorded since its cursor, stops that are not recorded yet, and
 * that a person is needed. The cursor moves after the message, so a crash between the two sends twice, never zero times.
 * Nothing is thrown: what cannot be told is told by the next run.
 */
export async function deliver(news: News, ports: DeliveryPorts): Promise<void> {
  const { product } = news;
  const chain = await chainOf(product, ports).catch((error: unknown) => {
    ports.warn(`warning: ${product}: notifications of what is recorded have to wait: ${messageOf(error)}`);
    return undefined;
  });
  await Promise.all(
    ports.channels.map(async (listening) => {
      const { channel } = listening;
      try {
        await tell(listening, news, { chain, ports });
      } catch (error) {
        // Not even a bug in here may end a rollout's run.
        const known = error instanceof WavegateError ? ` (${error.hint})` : "";
        const line = `${product}: channel "${channel.name}": ${messageOf(error)}`;
        ports.warn(`warning: ${line}; it is told by the next run${known}`);
      }
    }),
  );
}

/**
 * The longest chain that the marks of the hubs name, the newest record first; empty where nothing is recorded. A chain
 * with a gap is none: cursors would be set back by it.
 */
async function chainOf(
  product: string,
  { records, hubs }: Pick<DeliveryPorts, "records" | "hubs">,
): Promise<readonly NamedRecord[]> {
  const found = await Promise.all(hubs.map((hub) => records.takenMark(product, hub)));
  const marks = new Set(found.filter((head) => head !== undefined));
  let longest: readonly NamedRecord[] = [];
  for (const head of marks) {
    const chain = (await readChain(records, product, head)) ?? [];
    if (chain.length > longest.length) longest = chain;
  }
  if (longest.length > 0 || marks.size === 0) return longest;
  throw new WavegateError("RECORD_BROKEN", "a record of the chain is missing", {
    hint: `run: wavegate verify ${product}`,
  });
}

async function tell(
  { channel, wants }: ListeningChannel,
  news: News,
  { chain, ports }: { readonly chain: readonly NamedRecord[] | undefined; readonly ports: DeliveryPorts },
): Promise<void> {
  const { product } = news;
  const { cursors, warn } = ports;
  const signal = AbortSignal.any([AbortSignal.timeout(CHANNEL_LIMIT_MS), ports.signal]);
  const send = async (notice: Notice): Promise<void> => {
    try {
      await channel.send(notice, signal);
    } catch (error) {
      // It would be refused for ever, and keep everything behind it waiting.
      if (!(error instanceof WavegateError) || error.code !== "NOTIFY_REFUSED") throw error;
      warn(`warning: ${product}: channel "${channel.name}": ${error.message}; "${notice.title}" is left out`);
    }
  };
  const stored =
    chain === undefined ? undefined : await cursors.cursor(product, channel.name).then(asFound, ifSilent);
  if (chain === undefined || stored === undefined) {
    // Nothing tells what was told already; that a release is being stopped is told again rather than not at all.
    for (const stop of news.stops) {
      const notice = noticeOfStop(product, stop);
      if (wants(notice)) await send(notice);
    }
    return;
  }
  let { text } = stored;
  let cursor = beginning(text, { chain, news }, (why) => {
    warn(`warning: ${product}: channel "${channel.name}": ${why}`);
  });
  const move = async (to: Cursor): Promise<void> => {
    const next = cursorText(to);
    if (next !== text) await cursors.moveCursor(product, channel.name, next, text);
    cursor = to;
    text = next;
  };
  // A channel that is new, and down, would begin anew at the head of the next run.
  await move(cursor);
  for (const { notice, named, isLast } of pending(cursor, chain, wants)) {
    await send(notice);
    const { parent } = named.record;
    await move(
      isLast ? { ...cursor, head: named.digest } : { head: parent, sent: [...cursor.sent, notice.id] },
    );
  }
  await move({ ...cursor, head: chain[0]?.digest ?? null });
  for (const notice of ahead(news, chain)) {
    if (!wants(notice) || cursor.sent.includes(notice.id)) continue;
    await send(notice);
    await move({ ...cursor, sent: [...cursor.sent, notice.id] });
  }
}

function asFound(text: string | undefined): { readonly text: string | undefined } {
  return { text };
}

function ifSilent(error: unknown): undefined {
  if (error instanceof WavegateError && error.code === "RECORD_STORE_FAILED") return undefined;
  throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
