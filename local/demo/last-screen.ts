import type { Evidence } from "./chain.ts";
import { abortOf, areAllTrue, exposedBy, promotionsOf, truths, type Findings } from "./truth.ts";

/** What the last screen adds to the findings. */
export interface Ending extends Findings {
  readonly recordsFolder: string;
  /** The report of both rollouts. */
  readonly reportFile: string;
  /** Address of the dashboard, while it stays up. */
  readonly dashboard: string | undefined;
  /** Devices by version before the first rollout. */
  readonly before: Readonly<Record<string, number>>;
  /** Seconds of the demo itself, and of the installation before it. */
  readonly seconds: number;
  readonly installSeconds: number;
  /** Whether the hub stays up. */
  readonly staysUp: boolean;
  /** What to add to a command when the command line does not find the demo's settings by itself. */
  readonly settingsFlag: string;
}

/** The demo's last screen: at most 24 lines, everything on it read back from records, hub and devices. */
export function lastScreen(ending: Ending): string {
  const { history, recordsFolder, reportFile, dashboard, seconds, installSeconds, staysUp, settingsFlag } =
    ending;
  const checked = truths(ending);
  const untrue = checked.filter(({ holds }) => !holds);
  const promotions = promotionsOf(history, "1.1.0");
  const commands = (staysUp ? ["status", "history", "plan"] : ["history"]).map(
    (verb) => `  npx wavegate ${verb}${settingsFlag}`,
  );
  return [
    areAllTrue(checked)
      ? "All four acts were true."
      : `NOT TRUE: ${untrue.map(({ act, claim }) => `act ${act}: ${claim}`).join("; ")}`,
    "",
    `before    ${versionsText(ending.before)}`,
    `after     ${versionsText(ending.versions)}`,
    `1.1.0     promoted ${promotions.length} times:`,
    ...promotions.map(
      ({ wave, kind, reasons }) => `  ${wave.padEnd(9)} ${kind.padEnd(9)} ${promotedOn(reasons)}`,
    ),
    ...stopLines(ending),
    `records   ${recordsFolder} (${history.length} decisions, chain checked)`,
    `report    ${reportFile} (one file for a browser, checks its own records)`,
    ...(staysUp && dashboard !== undefined ? [`dashboard ${dashboard}`] : []),
    `time      ${seconds.toFixed(0)} s${installSeconds > 0 ? `, after ${installSeconds.toFixed(0)} s of installation` : ", nothing to install"}`,
    "",
    staysUp ? "These work now, in another terminal:" : "The hub is gone; `history` needs none:",
    ...commands,
    ...(staysUp ? ["Ctrl-C ends the hub."] : []),
  ].join("\n");
}

function stopLines({ history, versions, devices, harmed, asked }: Findings): string[] {
  const abort = abortOf(history, "1.2.0");
  const reason = abort?.verdict?.reasons[0];
  if (reason === undefined) return ["1.2.0     was not stopped by the gate"];
  const back = `${versions["1.1.0"] ?? 0} of ${devices} run 1.1.0 again`;
  return [
    `1.2.0     stopped: ${stoppedOn(reason)}`,
    `          ${harmed} devices harmed, ${asked} of ${devices} exposed (${exposedBy(abort)} aimed at), ${back}`,
  ];
}

function versionsText(versions: Readonly<Record<string, number>>): string {
  const parts = Object.entries(versions).map(([version, count]) => `${version} on ${count}`);
  return parts.join(", ") || "no device reports a version";
}

function promotedOn(reasons: readonly Evidence[]): string {
  const proofs = reasons.filter(({ code }) => code === "PROVEN");
  const [first] = reasons;
  if (proofs.length === 0) return `${(first?.n ?? 0) - (first?.k ?? 0)} of ${first?.n ?? 0} ok, no claim`;
  return proofs
    .toSorted((a, b) => (a.stratum ?? "").localeCompare(b.stratum ?? ""))
    .map(
      ({ stratum, k, n, evidence = 0, threshold }) =>
        `${stratum ?? "all"}: ${k ?? "?"} of ${n ?? "?"} bad, evidence ${whole(evidence)} (needs ${threshold ?? "?"})`,
    )
    .join("; ");
}

function stoppedOn({ stratum, k, n, evidence = 0, threshold }: Evidence): string {
  return `${k ?? "?"} of ${n ?? "?"} failed in stratum ${stratum ?? "?"}, evidence ${whole(evidence)} (abort at ${threshold ?? "?"})`;
}

function whole(evidence: number): string {
  return Math.floor(evidence).toLocaleString("en-US");
}
