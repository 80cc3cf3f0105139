import { clearScreenDown, cursorTo, moveCursor } from "node:readline";
import { formatDuration } from "../../model/duration.ts";
import type { Refresh } from "../../reconcile/watch.ts";
import { renderCounts } from "./judgement.ts";
import { formatInstant } from "../../model/instant.ts";
import { plainText } from "./plain-text.ts";
import { wrapText } from "./wrap.ts";
import { renderStatus, type ProductStatus } from "./status.ts";

/** Somebody who watches a rollout that is driven elsewhere. */
export interface WatchView {
  onRefresh(refresh: Refresh, shown: { readonly products: readonly Shown[]; readonly everyMs: number }): void;
  onTrouble(at: number, message: string): void;
  /** Leave the terminal tidy. */
  end(): void;
}

type Shown = ProductStatus & Refresh["products"][number];

/** The view for terminals: the status, drawn over itself. */
export function watchScreen(stream: NodeJS.WriteStream): WatchView {
  let drawn = 0;
  let status: readonly string[] = [];
  const draw = (foot: string): void => {
    erase();
    const text = wrapText([...status, "", foot].join("\n"), stream.columns);
    const all = text.split("\n").flatMap((line) => rowsOf(line, stream.columns));
    // A block that is taller than the terminal could not be drawn over: the end of it tells what is next.
    const room = Math.max(2, stream.rows - 1);
    const block =
      all.length <= room ? all : [`... ${all.length - room + 1} lines above`, ...all.slice(1 - room)];
    stream.write(`${block.join("\n")}\n`);
    drawn = block.length;
  };
  const erase = (): void => {
    if (drawn === 0) return;
    // What a terminal echoes of Ctrl-C has moved the cursor to the right.
    cursorTo(stream, 0);
    moveCursor(stream, 0, -drawn);
    clearScreenDown(stream);
    drawn = 0;
  };
  return {
    onRefresh: ({ at, nextInMs }, { products, everyMs }) => {
      status = products.flatMap((product, index) => [
        ...(index === 0 ? [] : [""]),
        ...renderStatus(product).split("\n"),
        ...dueLines(product),
      ]);
      draw(footOf(at, nextInMs, everyMs));
    },
    onTrouble: (at, message) => {
      draw(`${formatInstant(at)}  ${message}; looking again (Ctrl-C stops watching, not the rollout)`);
    },
    end: erase,
  };
}

/** The view for pipes and logs: one plain line a product, when something changed. */
export function watchLines(write: (line: string) => void): WatchView {
  const last = new Map<string, string>();
  const line = (at: number, what: string, text: string): void => {
    const key = text.replaceAll(/(?:another|in) [\d.]+ (?:second|minute|hour|day)s?/g, "");
    if (last.get(what) === key) return;
    last.set(what, key);
    write(`${formatInstant(at)}  ${what}${text}`);
  };
  return {
    onRefresh: ({ at }, { products }) => {
      last.delete("");
      for (const product of products) line(at, `${product.product}  `, lineOf(product));
    },
    onTrouble: (at, message) => {
      line(at, "", `${message}; looking again`);
    },
    end: () => undefined,
  };
}

function lineOf(status: Shown): string {
  const { judgements, exposure, next } = status;
  const counts = judgements.flatMap((judgement) =>
    judgement.kind === "judged" && judgement.intent.state !== "watching"
      ? [`${judgement.intent.version}: ${renderCounts(judgement)}`]
      : [],
  );
  const left = exposure === undefined ? [] : [`${exposure.exposed} exposed, ${exposure.unexposed} to come`];
  return [...counts, ...left, ...[next.text, ...dueLines(status)].map((text) => text.trim())].join("; ");
}

/** A step that stays due means that nobody drives. */
function dueLines({ dueSince, at }: Shown): string[] {
  if (dueSince === undefined || at <= dueSince) return [];
  return [`  due for ${formatDuration(at - dueSince)}: is a reconcile or an apply running?`];
}

function footOf(at: number, nextInMs: number | undefined, everyMs: number): string {
  if (nextInMs === undefined) return "";
  const why = nextInMs > everyMs ? ", not sooner: more would take over half of the hub's calls" : "";
  return `seen ${formatInstant(at)}, again in ${formatDuration(nextInMs)}${why} (Ctrl-C stops watching only)`;
}

/** A line as the rows that a terminal makes of it. */
function rowsOf(line: string, columns: number): string[] {
  const text = plainText(line);
  const width = Math.max(20, columns);
  const rows = [];
  for (let from = 0; from === 0 || from < text.length; from += width)
    rows.push(text.slice(from, from + width));
  return rows;
}
