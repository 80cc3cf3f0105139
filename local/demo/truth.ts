import { decisionsOn, intentOf, type Decision, type Evidence } from "./chain.ts";

/** Something the demo has to have shown, read back from the records, the hub and the devices themselves. */
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
  /** Desired properties the hub had sent to devices when the adoption was over. */
  readonly adoptionWrites: number;
  /** Devices whose own log says that an image failed on them. */
  readonly harmed: number;
  /** Devices whose own log says that they were asked to run 1.2.0. */
  readonly asked: number;
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

/** The hardware revisions of the cast: every evidence wave has to be proven in each. */
const STRATA = ["A", "B"];
/** Devices of the bad sensor lot in the 10% wave; the stop may come before the last of them has applied the image. */
const MOST_HARMED = 5;
/** Devices under 1.2.0's first two waves. */
const MOST_EXPOSED = 36;

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
export function truths(findings: Findings): readonly Truth[] {
  const { history, versions, devices, harmed, asked, adoptionWrites } = findings;
  const good = intentOf(history, "1.1.0");
  const bad = intentOf(history, "1.2.0");
  return [
    truth(1, "1.0.0 was adopted with an empty condition", isAdopted(history)),
    truth(1, "no device was written to", adoptionWrites === 0),
    truth(2, "1.1.0 was promoted through its four waves to everyone", reachedEveryone(findings)),
    truth(2, "every evidence wave was proven in both strata", isProven(promotionsOf(history, "1.1.0"))),
    truth(3, "1.2.0 passed its canary and was stopped by stratum B in the 10% wave", isStopped(findings)),
    truth(
      3,
      `at most ${MOST_EXPOSED} devices were exposed to 1.2.0`,
      asked > 0 && asked <= MOST_EXPOSED && exposedBy(abortOf(history, "1.2.0")) <= MOST_EXPOSED,
    ),
    truth(
      3,
      `${harmed} devices were harmed, of the ${MOST_HARMED} whose sensor lot is bad`,
      harmed > 0 && harmed <= MOST_HARMED,
    ),
    truth(4, "every device runs 1.1.0 again", versions["1.1.0"] === devices && bad?.state === "rolled back"),
    truth(
      4,
      "1.1.0 is still watched and was not taken back",
      good?.state === "watching" && abortOf(history, "1.1.0") === undefined,
    ),
  ];
}

/** True when there is something to check and all of it holds. */
export function areAllTrue(checked: readonly Truth[]): boolean {
  return checked.length > 0 && checked.every(({ holds }) => holds);
}

function isAdopted(history: readonly Decision[]): boolean {
  const adopted = decisionsOn(history, "1.0.0").find(({ kind }) => kind === "adopt");
  return (
    adopted?.intents.find(({ version }) => version === "1.0.0")?.condition === "" &&
    intentOf(history, "1.0.0")?.condition === ""
  );
}

/** A killed controller has no exit code of its own; the chain is what counts then. */
function reachedEveryone({ history, goodExit }: Findings): boolean {
  const waves = promotionsOf(history, "1.1.0").map(({ wave }) => wave);
  return waves.join(" ") === "canary 10% 50% everyone" && (goodExit === undefined || goodExit === 0);
}

/** Promoted on evidence: in each evidence wave, each stratum has reached the threshold. */
function isProven(promotions: readonly Promotion[]): boolean {
  const waves = promotions.filter(({ kind }) => kind === "evidence");
  return (
    waves.length === 2 &&
    waves.every(({ guarantee, reasons }) => {
      const proofs = reasons.filter(
        ({ code, evidence = 0, threshold = Infinity }) => code === "PROVEN" && evidence >= threshold,
      );
      return (
        guarantee === "statistical" &&
        STRATA.every((stratum) => proofs.some((proof) => proof.stratum === stratum))
      );
    })
  );
}

function isStopped({ history, badExit }: Findings): boolean {
  const abort = abortOf(history, "1.2.0");
  const intent = abort?.intents.find(({ attempt }) => attempt === abort.subject);
  const reason = abort?.verdict?.reasons[0];
  const passed = promotionsOf(history, "1.2.0").map(({ wave }) => wave);
  return (
    passed.join(" ") === "canary" &&
    intent?.release?.waves[intent.wave ?? -1]?.name === "10%" &&
    abort?.verdict?.guarantee === "statistical" &&
    reason?.code === "FAILURES" &&
    reason.stratum === "B" &&
    (reason.evidence ?? 0) >= (reason.threshold ?? Infinity) &&
    (badExit === undefined || badExit === 3)
  );
}

function truth(act: Truth["act"], claim: string, holds: boolean): Truth {
  return { act, claim, holds };
}
