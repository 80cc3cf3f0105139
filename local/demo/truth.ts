import { decisionsOn, intentOf, type Decision, type Evidence } from "./chain.ts";

/** What the demo has to have shown, read back from the records, the hub and the devices themselves. */
export interface Truth {
  readonly act: 1 | 2 | 3 | 4;
  readonly claim: string;
  readonly holds: boolean;
}

/** What is known at the end. */
export interface Findings {
  readonly history: readonly Decision[];
  /** Devices by the version the hub says they report. */
  readonly versions: Readonly<Record<string, number>>;
  readonly devices: number;
  /** Devices whose own log says that the bad image failed on them. */
  readonly harmed: number;
  /** Exit codes of the two runs of `apply`; undefined when a controller was killed. */
  readonly goodExit: number | undefined;
  readonly badExit: number | undefined;
}

/** One wave that was promoted, and on what. */
export interface Promotion {
  readonly wave: string;
  readonly kind: string;
  readonly guarantee: string;
  readonly reasons: readonly Evidence[];
}

/** Every promotion of a version's waves, in order. */
export function promotionsOf(history: readonly Decision[], version: string): readonly Promotion[] {
  return decisionsOn(history, version).flatMap(({ kind, subject, intents, verdict }): Promotion[] => {
    if (kind !== "promote" && kind !== "complete") return [];
    const intent = intents.find(({ attempt }) => attempt === subject);
    // A promotion's record has opened the next wave already.
    const wave = intent?.release?.waves[(intent.wave ?? 0) - (kind === "promote" ? 1 : 0)];
    return [
      {
        wave: wave?.name ?? "",
        kind: wave?.kind ?? "",
        guarantee: verdict?.guarantee ?? "none",
        reasons: verdict?.reasons ?? [],
      },
    ];
  });
}

/** The decision that stopped a version. */
export function abortOf(history: readonly Decision[], version: string): Decision | undefined {
  return decisionsOn(history, version).find(({ kind }) => kind === "abort");
}

/** Devices a stopped version was aimed at. */
export function exposedBy(abort: Decision | undefined): number {
  const intent = abort?.intents.find(({ attempt }) => attempt === abort.subject);
  return Object.values(intent?.targeted ?? {}).reduce((sum, devices) => sum + devices, 0);
}

/** Check every claim of the four acts. */
export function truths({
  history,
  versions,
  devices,
  harmed,
  goodExit,
  badExit,
}: Findings): readonly Truth[] {
  const promotions = promotionsOf(history, "1.1.0");
  const abort = abortOf(history, "1.2.0");
  const adopted = decisionsOn(history, "1.0.0");
  const evidenceWaves = promotions.filter(({ kind }) => kind === "evidence");
  const good = intentOf(history, "1.1.0");
  return [
    truth(
      1,
      "1.0.0 was adopted with an empty condition",
      adopted.some(({ kind }) => kind === "adopt") && intentOf(history, "1.0.0")?.condition === "",
    ),
    truth(2, "1.1.0 went through all of its waves", promotions.length === 4 && goodExit !== 1),
    truth(
      2,
      "no evidence wave was promoted without statistics",
      evidenceWaves.length === 2 && evidenceWaves.every(isProven),
    ),
    truth(
      3,
      "1.2.0 was stopped by the gate of one stratum",
      abort?.verdict?.reasons[0]?.code === "FAILURES" && badExit !== 0 && badExit !== 1,
    ),
    truth(3, "at most 36 devices were exposed to it", exposedBy(abort) > 0 && exposedBy(abort) <= 36),
    truth(3, "5 devices were harmed", harmed === 5),
    truth(
      4,
      "every device runs 1.1.0",
      versions["1.1.0"] === devices && intentOf(history, "1.2.0")?.state === "rolled back",
    ),
    truth(
      4,
      "1.1.0 is still watched and was not taken back",
      good?.state === "watching" && abortOf(history, "1.1.0") === undefined,
    ),
  ];
}

/** Promoted on evidence: every reason that claims proof has reached its threshold, and there is at least one. */
function isProven({ guarantee, reasons }: Promotion): boolean {
  const proofs = reasons.filter(({ code }) => code === "PROVEN");
  return (
    guarantee === "statistical" &&
    proofs.length > 0 &&
    proofs.every(({ evidence = 0, threshold = Infinity }) => evidence >= threshold)
  );
}

function truth(act: Truth["act"], claim: string, holds: boolean): Truth {
  return { act, claim, holds };
}
