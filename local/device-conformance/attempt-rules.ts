import type { Attempt } from "./attempt.ts";
import { finding, type Finding } from "./finding.ts";
import { allOf, isKind, type Happening, type HappeningOf } from "./timeline.ts";
import type { Trial } from "./trial.ts";
import { text } from "./twin-block.ts";

/** Part of the health time that the kit's own delays may have eaten. */
const CLOCK_TOLERANCE = 0.9;
/** Outcomes that may follow one for the same rolloutId. */
const NEXT: Readonly<Record<string, ReadonlySet<unknown>>> = {
  contacted: new Set(["contacted", "ok", "failed"]),
  ok: new Set(["ok", "failed"]),
  failed: new Set(["failed"]),
  "ok-already": new Set(["ok-already", "failed"]),
  newer: new Set(["newer", "failed"]),
};

/** Rules that all reports about an attempt are held to. */
export function attemptFindings(trial: Trial, attempt: Attempt): readonly Finding[] {
  const { all } = trial.timeline;
  const said = allOf(all, "report").filter(({ block }) => block.rolloutId === attempt.rolloutId);
  const [first] = said;
  if (first === undefined) return [];
  return [
    contactFirst(trial, { attempt, first }),
    finding("contact-once", changesOf(said), "contactedAt and fromVersion as at first contact"),
    latch(said),
    ...okFindings(trial, { attempt, said }),
  ];
}

function contactFirst(
  trial: Trial,
  { attempt, first }: { readonly attempt: Attempt; readonly first: HappeningOf<"report"> },
): Finding {
  const { all } = trial.timeline;
  const { outcome, contactedAt } = first.block;
  const faults: string[] = [];
  const isRefused = all.some(({ kind }) => kind === "reportRefused");
  // What could not be told is told later, the newest only.
  if (!isRefused && outcome !== "contacted" && outcome !== "ok-already" && outcome !== "newer")
    faults.push(`${attempt.rolloutId} is told first as contacted, not as ${text(outcome)}`);
  if (!(typeof contactedAt === "number" && contactedAt > 0)) faults.push("contactedAt above 0");
  const fetched = all.find(isKind("fetchBegan", ({ path }) => path === attempt.served.path));
  if (!isRefused && fetched !== undefined && all.indexOf(fetched) < all.indexOf(first))
    faults.push(`contact of ${attempt.rolloutId} before its image is fetched`);
  return finding("contact-first", faults, "contact first");
}

function changesOf(said: readonly HappeningOf<"report">[]): readonly string[] {
  return (["contactedAt", "fromVersion"] as const).flatMap((name) => {
    const values = [...new Set(said.map(({ block }) => text(block[name])))];
    return values.length < 2
      ? []
      : [`one ${name} for ${text(said[0]?.block.rolloutId)}, not ${values.join(", ")}`];
  });
}

function latch(said: readonly HappeningOf<"report">[]): Finding {
  const faults: string[] = [];
  for (const [index, { block }] of said.entries()) {
    const before = said[index - 1]?.block.outcome;
    if (before === undefined || NEXT[text(before)]?.has(block.outcome) === true) continue;
    faults.push(`${text(block.rolloutId)} does not go from ${text(before)} to ${text(block.outcome)}`);
  }
  return finding("latch", faults, "outcomes that go forward only");
}

function okFindings(
  { timeline, device, times, images }: Trial,
  { attempt, said }: { readonly attempt: Attempt; readonly said: readonly HappeningOf<"report">[] },
): readonly Finding[] {
  const okIndex = said.findIndex(({ block }) => block.outcome === "ok");
  const ok = said[okIndex];
  if (ok === undefined) return [];
  const { version, image } = attempt;
  const isHad = device.had.has(image.sha256) || image.sha256 === images.factory.sha256;
  const faults = [
    ...(isHad ? [] : [`ok of ${version} after its image was fetched whole: it never was`]),
    ...(ok.block.currentFwVersion === version ? [] : [`ok of ${version} beside currentFwVersion ${version}`]),
  ];
  const boot = lastBefore(timeline.all.slice(0, timeline.all.indexOf(ok)), attempt);
  const waitedMs = boot === undefined ? Infinity : ok.atMs - boot.atMs;
  const leastMs = times.healthMs * CLOCK_TOLERANCE;
  const tooSoon = `ok ${leastMs} ms after the boot of ${version} at least, not ${waitedMs} ms`;
  return [
    finding("ok-means-runs", faults, `ok of ${version}, which was fetched and runs`),
    finding("ok-after-health", waitedMs >= leastMs ? [] : [tooSoon], "ok after the health time"),
  ];
}

/** The last thing that is known to have come before the image booted. */
function lastBefore(happenings: readonly Happening[], { rolloutId, served }: Attempt): Happening | undefined {
  let last: Happening | undefined;
  // What is told on a new line may have been done long before.
  let isOld = false;
  for (const happening of happenings) {
    switch (happening.kind) {
      case "connected":
        isOld = true;
        break;
      case "asked":
        isOld &&= !happening.run;
        break;
      case "poweredOn":
        last = happening;
        isOld = false;
        break;
      case "fetchEnded":
        if (happening.path !== served.path || !happening.whole) break;
        last = happening;
        isOld = false;
        break;
      case "report": {
        const { block } = happening;
        if (block.rolloutId === rolloutId && block.fwUpdateStatus === "rebooting" && !isOld) last = happening;
        break;
      }
      default:
    }
  }
  return last;
}
