import { formatDeadlines } from "../model/deadline.ts";
import type { Fleet, Product } from "../model/fleet.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import type { Wave } from "../model/wave.ts";
import { bakeNeededMs } from "./assess-evidence.ts";
import { countingApprovals } from "./growth-bar.ts";
import { mayGrow } from "./schedule.ts";

/** How a release goes on if all goes well: bounds from below, never promises. */
export interface Outlook {
  readonly version: string;
  /** All waves, in order. */
  readonly waves: readonly WaveOutlook[];
  /** Epoch ms at which everyone can have been reached and the last wave judged; absent: never. */
  readonly completesAt?: number;
  /** Epoch ms at which its watch can be over. */
  readonly settlesAt?: number;
  /** What could make it later, or bar it, in words. */
  readonly later: readonly string[];
}

/** One wave of it. Instants of what is to come are the earliest possible ones. */
export interface WaveOutlook {
  readonly name: string;
  readonly state: "passed" | "open" | "ahead";
  /** Epoch ms; absent for a wave that is passed, or never opens. */
  readonly opensAt?: number;
  /** Epoch ms at which the last part of a wave in parts opens, where that is later. */
  readonly opensFullyAt?: number;
  /** Epoch ms at which its gate can promote it. */
  readonly judgedAt?: number;
}

/** Where a release stands in its waves. */
export interface Position extends Pick<
  RolloutIntent,
  "state" | "wave" | "part" | "openedAt" | "partOpenedAt" | "approvals" | "author" | "completedAt"
> {
  /** Epoch ms of the look that found the open wave covered; absent before. */
  readonly bakedSince?: number | undefined;
  /** True when the gate promotes the open wave at this look. */
  readonly isPromoted: boolean;
}

/** What an outlook is computed from. */
export interface OutlookInput {
  /** Epoch ms. */
  readonly at: number;
  readonly release: Release;
  readonly fleet: Pick<Fleet, "freezes">;
  readonly product: Pick<Product, "freezes"> | undefined;
  readonly queryLagMs: number;
  /** Absent: it has not started. */
  readonly position?: Position | undefined;
}

/** An instant, or why there is none. */
type Earliest = { readonly at: number } | { readonly never: string };

/** The outlook of a release that is planned, running, held or watched: bake, parts, start times, windows and freezes. */
export function outlookOf(input: OutlookInput): Outlook {
  const { release, position } = input;
  const later = new Set<string>();
  const completed = position?.state === "watching" ? (position.completedAt ?? input.at) : undefined;
  const isPassed = (index: number): boolean =>
    completed !== undefined || (position !== undefined && index < position.wave);
  const waves: WaveOutlook[] = [];
  let from: Earliest = { at: completed ?? input.at };
  for (const [index, wave] of release.waves.entries()) {
    if (isPassed(index)) {
      waves.push({ name: wave.name, state: "passed" });
      continue;
    }
    const isOpen = position?.wave === index;
    const opens: Earliest = isOpen ? { at: position.openedAt } : growsFrom(input, wave, from);
    const full = lastPartAt(input, { wave, opens, isOpen });
    from = judgedAt(input, { wave, full, isOpen });
    waves.push({
      name: wave.name,
      state: isOpen ? "open" : "ahead",
      ...("at" in opens ? { opensAt: opens.at } : {}),
      ...("at" in full && "at" in opens && full.at > opens.at ? { opensFullyAt: full.at } : {}),
      ...("at" in from ? { judgedAt: from.at } : {}),
    });
    for (const found of [opens, full]) if ("never" in found) later.add(found.never);
  }
  if (completed === undefined) for (const reason of uncertainties(input)) later.add(reason);
  return {
    version: release.version,
    waves,
    ...("at" in from ? { completesAt: from.at, settlesAt: from.at + release.watchMs } : {}),
    later: [...later],
  };
}

/** From when the calendar lets a wave, or a part of it, open. */
function growsFrom({ release, fleet, product }: OutlookInput, wave: Wave, from: Earliest): Earliest {
  if ("never" in from) return from;
  const growth = mayGrow({ at: from.at, release, wave, fleet, product });
  if (growth.open) return from;
  return growth.until === undefined ? { never: growth.why } : { at: growth.until };
}

interface Opening {
  readonly wave: Wave;
  readonly isOpen: boolean;
}

/** When the last part of a wave opens; of a wave without parts: when it opens. */
function lastPartAt(
  input: OutlookInput,
  { wave, opens, isOpen }: Opening & { readonly opens: Earliest },
): Earliest {
  const { parts, everyMs } = wave.pace ?? { parts: 1, everyMs: 0 };
  const open = isOpen ? input.position : undefined;
  let last: Earliest = open === undefined ? opens : { at: Math.max(open.openedAt, open.partOpenedAt) };
  for (let part = open?.part ?? 1; part < parts && "at" in last; part++)
    last = growsFrom(input, wave, { at: Math.max(input.at, last.at + everyMs) });
  return last;
}

/** When the gate can promote a wave: contact at once, then its bake; an open one has some of that behind it. */
function judgedAt(
  { at, release, queryLagMs, position }: OutlookInput,
  { wave, full, isOpen }: Opening & { readonly full: Earliest },
): Earliest {
  if ("never" in full) return full;
  const bakeMs = bakeNeededMs(wave, release.gate, queryLagMs);
  if (!isOpen || full.at > at) return { at: full.at + bakeMs };
  if (position?.isPromoted === true) return { at };
  if (wave.kind === "timed") return { at: Math.max(at, full.at + bakeMs) };
  // Whoever has not covered its devices yet can have done so at the next look, not before.
  const since = position?.bakedSince === undefined ? at : Math.max(position.bakedSince, full.at);
  return { at: Math.max(at, since + bakeMs) };
}

/** What nobody can know beforehand, of what is still to come. */
function uncertainties({ release, position }: OutlookInput): readonly string[] {
  const { gate, waves } = release;
  const ahead = waves.filter((_, index) => position === undefined || index > position.wave);
  const toJudge = waves.filter((_, index) => position === undefined || index >= position.wave);
  const unproven = toJudge.filter(({ kind }) => kind === "evidence").map(({ name }) => `"${name}"`);
  const approvals = ahead.flatMap(({ name, approvals: wanted }) => {
    const given = position?.approvals ?? [];
    const counting = countingApprovals({
      wanted,
      wave: name,
      approvals: given,
      author: position?.author ?? "",
    });
    const missing = wanted - counting.length;
    return missing > 0 ? [`"${name}" awaits ${missing} ${missing === 1 ? "approval" : "approvals"}`] : [];
  });
  const uncovered =
    position === undefined || position.bakedSince === undefined || toJudge.length > 1
      ? toJudge.filter(({ kind }) => kind !== "timed")
      : [];
  return [
    ...(position?.state === "held" ? ["it is held: the instants are those of a resume now"] : []),
    ...approvals,
    ...(uncovered.length > 0
      ? [`a wave bakes once ${formatPercentage(gate.coverage)} of its active devices made contact`]
      : []),
    ...(unproven.length > 0 ? [`the gate must be proven in ${unproven.join(", ")}`] : []),
    ...(release.expiresAt === undefined ? [] : ["nobody new is reached once it has expired"]),
    `a device that is silent counts as failed after ${formatDeadlines(gate)}; failures slow or stop it`,
  ];
}
