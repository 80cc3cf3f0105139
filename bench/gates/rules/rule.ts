/** What any system can count of some devices at a look: whole numbers of devices. */
export interface Seen {
  /** Told to update, whether they answered or not. */
  readonly targeted: number;
  /** Acknowledged the update: those it has started on. */
  readonly contacted: number;
  /** Reported success. */
  readonly ok: number;
  /** Reported failure. */
  readonly failed: number;
  /** Acknowledged the update and reported nothing by the deadline; in neither `ok` nor `failed`. */
  readonly silent: number;
}

/** What a rule is shown at each look. */
export interface Shown {
  /** Index of the open wave. */
  readonly wave: number;
  /** The devices of that wave alone, which hawkBit and Device Update call a group. */
  readonly group: Seen;
  /** The devices of all waves so far. */
  readonly everyone: Seen;
}

/** `stop`: for good, and the rollout is taken back; `wait`: the next wave may not open yet; `go`: nothing is in its way. */
export type Answer = "stop" | "wait" | "go";

/** A system's rule, with its settings, for one rollout; the function it gives may remember what it saw. */
export interface Rule {
  readonly name: string;
  readonly start: () => (shown: Shown) => Answer;
}

/** Share of reported outcomes that are successes, 0 to 1; undefined before the first. */
export function successRate({ ok, failed }: Pick<Seen, "ok" | "failed">): number | undefined {
  const finished = ok + failed;
  return finished === 0 ? undefined : ok / finished;
}
