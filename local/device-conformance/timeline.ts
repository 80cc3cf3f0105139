import type { Block } from "./twin-block.ts";
import { blockLine } from "./twin-block.ts";

/** Something the kit did to a device, or saw it do. */
export type Happening = { readonly atMs: number } & (
  | { readonly kind: "poweredOn" }
  | { readonly kind: "powerCut" }
  /** The program ended by itself; it is started again, as a device's supervisor does. */
  | { readonly kind: "ended"; readonly how: string }
  | { readonly kind: "connected" }
  | { readonly kind: "disconnected" }
  | { readonly kind: "connectionRefused" }
  | { readonly kind: "twinRead"; readonly status: number | string }
  /** A report that took effect: how the block then stood in the twin. */
  | { readonly kind: "report"; readonly block: Block }
  | { readonly kind: "reportRefused"; readonly status: number | string }
  /** `run` begins an update; a repetition and an interference do not. */
  | { readonly kind: "asked"; readonly what: string; readonly run: boolean }
  /** The kit interferes: a fault at the hub, a line cut. */
  | { readonly kind: "interfered"; readonly what: string }
  | { readonly kind: "fetchBegan"; readonly path: string; readonly range: string | undefined }
  | {
      readonly kind: "fetchEnded";
      readonly path: string;
      readonly status: number;
      readonly bytes: number;
      readonly whole: boolean;
    }
);

/** A happening of one kind. */
export type HappeningOf<Kind extends Happening["kind"]> = Extract<Happening, { readonly kind: Kind }>;
/** A happening that has not got its instant yet. */
export type Untimed<Value> = Value extends unknown ? Omit<Value, "atMs"> : never;

/** What happened to one device in one scenario, in order. */
export interface Timeline {
  readonly all: readonly Happening[];
  readonly add: (happening: Untimed<Happening>) => void;
  /** The first happening at or behind `from` that fits, waiting for it at most so long; undefined when none came. */
  readonly until: <Found extends Happening>(
    fits: (happening: Happening) => happening is Found,
    limits: { readonly ms: number; readonly from?: number },
  ) => Promise<Found | undefined>;
}

/** An empty timeline, on the machine's clock. */
export function createTimeline(): Timeline {
  const all: Happening[] = [];
  const waiting = new Set<() => void>();
  return {
    all,
    add: (happening) => {
      all.push({ atMs: Date.now(), ...happening });
      for (const look of [...waiting]) look();
    },
    until: (fits, { ms, from = 0 }) =>
      new Promise((resolve) => {
        let next = from;
        const done = (found: Parameters<typeof resolve>[0]): void => {
          waiting.delete(look);
          clearTimeout(timer);
          resolve(found);
        };
        const look = (): void => {
          for (; next < all.length; next++) {
            const happening = all[next];
            if (happening !== undefined && fits(happening)) {
              done(happening);
              return;
            }
          }
        };
        const timer = setTimeout(() => {
          done(undefined);
        }, ms);
        waiting.add(look);
        look();
      }),
  };
}

/** A test for one kind of happening, for `until`. */
export function isKind<Kind extends Happening["kind"]>(
  kind: Kind,
  fits: (happening: HappeningOf<Kind>) => boolean = () => true,
): (happening: Happening) => happening is HappeningOf<Kind> {
  // The kind decides which member of the union it is.
  return (happening): happening is HappeningOf<Kind> =>
    happening.kind === kind && fits(happening as HappeningOf<Kind>);
}

/** All happenings of one kind. */
export function allOf<Kind extends Happening["kind"]>(
  happenings: readonly Happening[],
  kind: Kind,
): HappeningOf<Kind>[] {
  return happenings.filter(isKind(kind));
}

/** A timeline as evidence: one line a happening, in seconds since the first. */
export function timelineLines(happenings: readonly Happening[]): readonly string[] {
  const startMs = happenings[0]?.atMs ?? 0;
  return happenings.map(
    (happening) => `${((happening.atMs - startMs) / 1000).toFixed(2).padStart(7)} s  ${wordsOf(happening)}`,
  );
}

function wordsOf(happening: Happening): string {
  switch (happening.kind) {
    case "poweredOn":
      return "kit     power on";
    case "powerCut":
      return "kit     power cut";
    case "asked":
    case "interfered":
      return `kit     ${happening.what}`;
    case "ended":
      return `device  ended by itself: ${happening.how}`;
    case "connected":
    case "disconnected":
      return `device  ${happening.kind}`;
    case "connectionRefused":
      return "device  was refused its connection";
    case "twinRead":
      return `device  read the twin: ${happening.status}`;
    case "report":
      return `device  reported ${blockLine(happening.block)}`;
    case "reportRefused":
      return `device  reported and got: ${happening.status}`;
    case "fetchBegan":
      return `device  asks for ${happening.path}${happening.range === undefined ? "" : ` (${happening.range})`}`;
    case "fetchEnded":
      return `device  got ${happening.bytes} bytes of ${happening.path}: ${happening.status}${happening.whole ? ", whole" : ""}`;
  }
}
