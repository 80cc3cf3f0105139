import type { Seen, Shown } from "../../../../bench/gates/rules/rule.ts";

/** Devices as a rule sees them; everyone targeted has made contact unless said otherwise. */
export function seen(counts: Partial<Seen> & Pick<Seen, "targeted">): Seen {
  return { contacted: counts.targeted, ok: 0, failed: 0, silent: 0, ...counts };
}

/** What a rule is shown when these are the waves so far, the last one open. */
export function shown(...groups: readonly Seen[]): Shown {
  const sum = (key: keyof Seen): number => groups.reduce((total, group) => total + group[key], 0);
  return {
    wave: groups.length - 1,
    group: groups.at(-1) ?? seen({ targeted: 0 }),
    everyone: {
      targeted: sum("targeted"),
      contacted: sum("contacted"),
      ok: sum("ok"),
      failed: sum("failed"),
      silent: sum("silent"),
    },
  };
}
