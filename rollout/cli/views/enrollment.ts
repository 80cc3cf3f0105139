import { withThousands } from "../../gate/format-evidence.ts";
import { formatPercentage } from "../../model/percentage.ts";
import type { EnrollmentPlan } from "../../plan/enrollment.ts";
import type { EnrollmentEvent, EnrollmentResult } from "../../reconcile/enrollment-result.ts";

/** Time between two lines of progress. */
const TELL_EVERY_MS = 5_000;

/** What enrolling would do and what it costs, for people. */
export function renderEnrollmentPlan(input: {
  readonly product: string;
  readonly plan: EnrollmentPlan;
  readonly open: readonly string[];
  /** False when the records did not answer, and configurations alone tell what is open. */
  readonly recordsRead: boolean;
  readonly intoOpenWave: boolean;
  /** The command that does it; absent while it is being done. */
  readonly again?: string;
}): string {
  const { product, plan, open, recordsRead, intoOpenWave, again } = input;
  const lines = [
    `${product}: ${withThousands(plan.devices)} devices, ${withThousands(plan.stamped)} with a bucket, ${withThousands(plan.missing)} without`,
  ];
  if (plan.malformed > 0)
    lines.push(
      `  ${withThousands(plan.malformed)} have a tags.rollout.bucket that is no bucket: left as they are`,
    );
  if (plan.method === "none") return [...lines, "  nothing to do"].join("\n");
  const all = plan.thisRun === plan.missing;
  lines.push(
    `  would write   tags.rollout.bucket of ${withThousands(plan.thisRun)} devices, by ${methodText(plan)}`,
  );
  lines.push(
    plan.durationMs === undefined
      ? "  time          at the hub's own pace, which is not documented"
      : `  time          ${formatHours(plan.durationMs)} at ${decimal(plan.writesPerSecond)} twin writes a second and ${decimal(plan.pagesPerMinute)} query pages a minute`,
  );
  const share = formatPercentage(plan.messages / plan.dailyMessages);
  const bound = plan.method === "import job" ? "at most " : "";
  lines.push(
    `  messages      ${bound}${withThousands(plan.messages)} of ${withThousands(plan.dailyMessages)} a day (${share}); devices hear nothing of it`,
  );
  if (!all)
    lines.push(
      `  runs          ${plan.days}, one a day: a run leaves most of a day's messages to telemetry and rollback`,
    );
  if (plan.note !== undefined) lines.push(`  note          ${plan.note}`);
  if (!recordsRead)
    lines.push(
      "  note          the records do not answer: what is open is judged by the configurations alone",
    );
  for (const what of open) lines.push(`  open          ${what}`);
  if (again === undefined) return lines.join("\n");
  lines.push(
    open.length > 0 && !intoOpenWave
      ? `  next: nothing is written while a wave is open; to let devices join it: ${again} --into-open-wave`
      : `  next: ${again}`,
  );
  return lines.join("\n");
}

/** How a run ended, for people. */
export function renderEnrollment(input: {
  readonly product: string;
  readonly plan: EnrollmentPlan;
  readonly result: EnrollmentResult;
}): string {
  const { product, plan, result } = input;
  const lines = [`${product}: ${withThousands(result.stamped)} devices have their bucket now`];
  if (result.changedMeanwhile > 0)
    lines.push(`  ${withThousands(result.changedMeanwhile)} changed meanwhile and were left as they are`);
  if (result.refusedCount > 0) {
    lines.push(`  ${withThousands(result.refusedCount)} could not be given one:`);
    // Ids may hold anything that a terminal would act on.
    for (const { deviceId, why } of result.refused) lines.push(`    ${JSON.stringify(deviceId)}  ${why}`);
    const untold = result.refusedCount - result.refused.length;
    if (untold > 0) lines.push(`    and ${withThousands(untold)} more`);
  }
  const again = `wavegate enroll ${product} --yes`;
  if (result.interrupted) lines.push(`  stopped before the end; it goes on where it stopped: ${again}`);
  else if (plan.thisRun < plan.missing)
    lines.push(`  ${withThousands(plan.missing - plan.thisRun)} are left for another day: ${again}`);
  return lines.join("\n");
}

/** Progress as lines, not more than one in five seconds; waiting is told at once. */
export function enrollmentLines(
  print: (line: string) => void,
  now: () => number,
): (event: EnrollmentEvent) => void {
  let told = now();
  let lastWait = "";
  return (event) => {
    if (event.kind === "job") print(`  ${event.text}`);
    else if (event.kind === "waiting") {
      if (event.why !== lastWait) print(`  waiting: ${event.why}`);
      lastWait = event.why;
    } else {
      const isLast = event.kind === "done" && event.done === event.of;
      if (!isLast && now() - told < TELL_EVERY_MS) return;
      told = now();
      print(
        event.kind === "listed"
          ? `  found ${withThousands(event.devices)} devices so far`
          : `  ${withThousands(event.done)} of ${withThousands(event.of)} devices`,
      );
    }
  };
}

function methodText({ method }: EnrollmentPlan): string {
  return method === "import job" ? "an export and an import job" : "one conditional twin patch each";
}

function decimal(value: number): string {
  return String(Number(value.toFixed(1)));
}

/** "40 seconds", "12 minutes", "3.5 hours". */
function formatHours(ms: number): string {
  if (ms <= 1_000) return "1 second";
  if (ms < 90_000) return `${Math.ceil(ms / 1_000)} seconds`;
  if (ms < 90 * 60_000) return `${Math.ceil(ms / 60_000)} minutes`;
  return `${decimal(ms / 3_600_000)} hours`;
}
