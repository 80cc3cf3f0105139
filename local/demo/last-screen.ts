import type { Evidence } from "./chain.ts";
import { abortOf, exposedBy, promotionsOf, truths, type Findings } from "./truth.ts";

/** What the last screen adds to the findings. */
export interface Ending extends Findings {
  readonly recordsFolder: string;
  /** Seconds of the demo itself, and of the installation before it. */
  readonly seconds: number;
  readonly installSeconds: number;
  /** Whether the hub stays up. */
  readonly staysUp: boolean;
}

/** The demo's last screen: at most 24 lines, everything on it read back from records, hub and devices. */
export function lastScreen(ending: Ending): string {
  const { history, versions, devices, harmed, recordsFolder, seconds, installSeconds, staysUp } = ending;
  const checked = truths(ending);
  const untrue = checked.filter(({ holds }) => !holds);
  const abort = abortOf(history, "1.2.0");
  const reason = abort?.verdict?.reasons[0];
  const now = Object.entries(versions)
    .map(([version, count]) => `${version} on ${count}`)
    .join(", ");
  return [
    untrue.length === 0
      ? "All four acts were true."
      : `NOT TRUE: ${untrue.map(({ act, claim }) => `act ${act}: ${claim}`).join("; ")}`,
    "",
    `before    1.0.0 on ${devices}`,
    `after     ${now}`,
    "1.1.0     reached everyone:",
    ...promotionsOf(history, "1.1.0").map(
      ({ wave, kind, reasons }) => `  ${wave.padEnd(9)} ${kind.padEnd(9)} ${promotedOn(reasons)}`,
    ),
    ...(reason === undefined
      ? ["1.2.0     was not stopped"]
      : [
          `1.2.0     stopped: ${stoppedOn(reason)}`,
          `          ${harmed} devices harmed, ${exposedBy(abort)} of ${devices} exposed, all of them run 1.1.0 again`,
        ]),
    `records   ${recordsFolder} (${history.length} decisions, one unbroken chain)`,
    `time      ${seconds.toFixed(0)} s${installSeconds > 0 ? `, after ${installSeconds.toFixed(0)} s of installation` : ", nothing to install"}`,
    "",
    staysUp ? "These work now, in another terminal:" : "The hub is gone; `history` needs none:",
    ...(staysUp
      ? ["  npx wavegate status", "  npx wavegate history", "  npx wavegate plan"]
      : ["  npx wavegate history"]),
    ...(staysUp ? ["Ctrl-C ends the hub."] : []),
  ].join("\n");
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
