import { attemptFindings } from "./attempt-rules.ts";
import type { Attempt } from "./attempt.ts";
import { finding, type Finding } from "./finding.ts";
import { allOf, type Happening, type HappeningOf } from "./timeline.ts";
import type { Trial } from "./trial.ts";
import { blockFaults, ENDS, expectedBucket, text, type Block } from "./twin-block.ts";

/** Rules every report of every scenario is held to, whatever the scenario is about. */
export function standingFindings(trial: Trial): readonly Finding[] {
  const reports = allOf(trial.timeline.all, "report");
  return [
    ...blocks(trial, reports),
    ...boots(trial),
    ...trial.attempts.filter(isFirstOfItsId).flatMap((attempt) => attemptFindings(trial, attempt)),
    ...runningVersions(trial, reports),
    ...updateLengths(trial),
    ...rereads(trial),
  ];
}

/** Reports of an update [docs/device.md]. */
const MOST_REPORTS = 5;
/** Reports that an update which had not ended may still bring when the next is asked for. */
const LATE_REPORTS = 2;
/** Real milliseconds a connection may last before its twin must have been read. */
const READ_MS = 5_000;

/** An id that was used for a second image is answered for the first alone. */
function isFirstOfItsId({ rolloutId }: Attempt, index: number, attempts: readonly Attempt[]): boolean {
  return attempts.findIndex((attempt) => attempt.rolloutId === rolloutId) === index;
}

function blocks({ device }: Trial, reports: readonly HappeningOf<"report">[]): readonly Finding[] {
  if (reports.length === 0) return [];
  const faults = new Set(reports.flatMap(({ block }) => blockFaults(block)));
  const bucket = expectedBucket(device.deviceId);
  const others = new Set(
    reports.filter(({ block }) => block.bucket !== bucket).map(({ block }) => text(block.bucket)),
  );
  return [
    finding("whole-block", [...faults].slice(0, 4), "all fields, with the words of the contract"),
    finding(
      "bucket",
      [...others].map((other) => `bucket ${bucket}, not ${other}`),
      `bucket ${bucket}`,
    ),
  ];
}

/** Between two starts by the kit no bootId may be told twice. */
function boots({ timeline }: Trial): readonly Finding[] {
  const seen = new Set<unknown>();
  const faults: string[] = [];
  let isFresh = false;
  for (const happening of timeline.all) {
    if (happening.kind === "poweredOn") isFresh = true;
    if (happening.kind !== "report") continue;
    const { bootId } = happening.block;
    if (isFresh && seen.has(bootId))
      faults.push(`another bootId after the power came back than ${text(bootId)}`);
    isFresh = false;
    seen.add(bootId);
  }
  return seen.size === 0 ? [] : [finding("boot-id", faults, "another bootId at each start")];
}

function runningVersions(
  { device, images, attempts }: Trial,
  reports: readonly HappeningOf<"report">[],
): readonly Finding[] {
  if (reports.length === 0) return [];
  const could = new Set<unknown>([images.factory.version]);
  for (const image of [...Object.values(images), ...attempts.map((attempt) => attempt.image)])
    if (device.had.has(image.sha256)) could.add(image.version);
  const faults = new Set(
    reports
      .filter(({ block }) => !could.has(block.currentFwVersion))
      .map(({ block }) => `currentFwVersion ${[...could].join(" or ")}, not ${text(block.currentFwVersion)}`),
  );
  return [finding("running-version", [...faults], "a version that an image it was given states")];
}

/** Reports of each update: from what asks for it to what asks for the next. */
function updateLengths({ timeline }: Trial): readonly Finding[] {
  const findings: Finding[] = [];
  let run: { what: string; reports: number; spare: number } | undefined;
  let last: Block = {};
  const close = (): void => {
    if (run === undefined) return;
    const most = MOST_REPORTS + run.spare;
    const faults = run.reports <= most ? [] : [`at most ${most} reports, not ${run.reports}: ${run.what}`];
    findings.push(finding("five-reports", faults, `at most ${most} reports`));
  };
  for (const happening of timeline.all) {
    if (happening.kind === "asked" && happening.run) {
      close();
      const isOpen = run !== undefined && !ENDS.has(last.outcome);
      run = { what: happening.what, reports: 0, spare: isOpen ? LATE_REPORTS : 0 };
    } else if (happening.kind === "report") {
      last = happening.block;
      if (run !== undefined) run.reports += 1;
    } else if (run !== undefined && costsOneMore(happening)) run.spare += 1;
  }
  close();
  return findings;
}

function costsOneMore(happening: Happening): boolean {
  return happening.kind === "poweredOn" || happening.kind === "connected";
}

function rereads({ timeline }: Trial): readonly Finding[] {
  const { all } = timeline;
  const endMs = all.at(-1)?.atMs ?? 0;
  const connections = all.flatMap((happening, index) => (happening.kind === "connected" ? [index] : []));
  const faults = connections.flatMap((at) => {
    const after = all.slice(at + 1);
    const next = after.find(({ kind }) => kind === "disconnected" || kind === "twinRead");
    const untilMs = next?.atMs ?? endMs;
    const isShort = untilMs - (all[at]?.atMs ?? 0) < READ_MS;
    return next?.kind === "twinRead" || isShort ? [] : ["a read of the twin after each connection"];
  });
  return connections.length === 0
    ? []
    : [finding("rereads", faults, "a read of the twin after each connection")];
}
