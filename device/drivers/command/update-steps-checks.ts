import { reasonOf } from "../../failure.ts";
import type { StepDescription, StepName, UpdateSteps } from "./update-steps.ts";
import { STEP_NAMES, STEP_VARIABLES } from "./update-steps.ts";

/** Something that is wrong in a description, and where. */
export interface Contradiction {
  readonly path: readonly PropertyKey[];
  readonly summary: string;
}

type Step = readonly [StepName, StepDescription];

/** A description of which some keys may be wrong by themselves: what they are to others is not looked at. */
export interface RightParts {
  readonly steps: Partial<UpdateSteps["steps"]>;
  readonly slots?: UpdateSteps["slots"];
  /** Keys that are there and wrong: `slots`, and steps by their names. */
  readonly wrong: ReadonlySet<string>;
}

/** What the keys of a description, each right by itself, must be together. */
export function contradictionsIn({ steps, slots, wrong }: RightParts): Contradiction[] {
  const described = STEP_NAMES.flatMap((name): Step[] => {
    const step = steps[name];
    return step === undefined ? [] : [[name, step]];
  });
  const lacksRollback = steps.rollback === undefined && !wrong.has("rollback");
  return [
    ...described.flatMap(oneProgram),
    ...described.flatMap(knownVariables),
    ...described.flatMap(meaningsThatApply),
    ...(steps.version === undefined || wrong.has("slots")
      ? []
      : slotContradictions({ pattern: steps.version.pattern, slots, described })),
    ...(steps.holds !== undefined && lacksRollback
      ? [
          {
            path: ["steps", "holds"],
            summary: "needs a rollback step, which boots the slot that it speaks of",
          },
        ]
      : []),
  ];
}

function oneProgram([name, { command, shell }]: Step): Contradiction[] {
  if ((command === undefined) !== (shell === undefined)) return [];
  const summary =
    command === undefined
      ? "names neither a command nor a shell line"
      : "names both a command and a shell line";
  return [{ path: ["steps", name], summary }];
}

/** A misspelt variable would reach the program as it stands. A shell finds its variables by itself. */
function knownVariables([name, { command }]: Step): Contradiction[] {
  const known: readonly string[] = STEP_VARIABLES[name];
  return [...(command ?? []).entries()].flatMap(([index, argument]) =>
    [...argument.matchAll(/\$\{([^}]*)\}/g)]
      .filter(([, variable = ""]) => !known.includes(variable))
      .map(([whole]) => ({
        path: ["steps", name, "command", index],
        summary: `${whole} is not known to this step${known.length === 0 ? "" : `; it is told ${known.join(", ")}`}`,
      })),
  );
}

function meaningsThatApply([name, { exitCodes }]: Step): Contradiction[] {
  return Object.entries(exitCodes).flatMap(([code, meaning]) => {
    const path = ["steps", name, "exitCodes", code];
    if (Number(code) > 255) return [{ path, summary: "is no exit code: those are 0 to 255" }];
    if (meaning === "reboot" && name !== "install" && name !== "rollback")
      return [{ path, summary: "reboot is for install and rollback: they change what the next boot starts" }];
    return [];
  });
}

function slotContradictions({
  pattern,
  slots,
  described,
}: {
  readonly pattern: string;
  readonly slots: UpdateSteps["slots"];
  readonly described: readonly Step[];
}): Contradiction[] {
  const path = ["steps", "version", "pattern"];
  const groups = groupsOf(pattern);
  if (typeof groups === "string") return [{ path, summary: groups }];
  if (!groups.includes("version")) return [{ path, summary: "has no group (?<version>…)" }];
  if (slots !== undefined && slots[0] === slots[1])
    return [{ path: ["slots"], summary: "names one slot twice" }];
  if (groups.includes("slot")) {
    return slots === undefined
      ? [
          {
            path,
            summary: "finds a slot, and no slots are named: add slots: [a, b], as the step prints them",
          },
        ]
      : [];
  }
  if (slots !== undefined)
    return [
      { path: ["slots"], summary: "are named, and the pattern of the version step has no group (?<slot>…)" },
    ];
  return described
    .filter(([name]) => STEP_VARIABLES[name].includes("WAVEGATE_SLOT"))
    .filter(([, { command }]) => command?.some((argument) => argument.includes("${WAVEGATE_SLOT}")))
    .map(([name]) => ({
      path: ["steps", name, "command"],
      summary:
        "asks for WAVEGATE_SLOT, and nothing says which slot runs: name slots and find one in the version step",
    }));
}

/** Names of a pattern's groups; a text when it is no pattern. */
function groupsOf(pattern: string): readonly string[] | string {
  try {
    // An empty alternative always matches, and a match lists all groups.
    return Object.keys(new RegExp(`${pattern}|`, "mu").exec("")?.groups ?? {});
  } catch (error) {
    return `is no regular expression: ${reasonOf(error)}`;
  }
}
