import { attemptId } from "../model/attempt.ts";
import { digestOf } from "../model/digest.ts";
import type { AdoptDeclaration } from "../model/fleet.ts";
import type { Problem } from "../model/problem.ts";
import { askAll, askCounts, totalOf, type Answers, type Asked } from "../model/question.ts";
import type { AdoptedIntent, Intent } from "../model/record.ts";
import type { Declared } from "./declared.ts";
import { nextPriority } from "./documents.ts";
import { countByStratum, runningCondition } from "./queries.ts";
import { imageProblem } from "./image-problem.ts";
import { productCondition } from "./target-condition.ts";

/** What a fresh product still has to take over of what the fleet declares; nothing once a release has started. */
export function toAdopt(declared: Declared, intents: readonly Intent[]): readonly AdoptDeclaration[] {
  const adopted = intents.filter((intent) => intent.state === "adopted");
  if (adopted.length < intents.length) return [];
  // By condition: another version for the same devices is a correction that comes too late.
  const taken = new Set(adopted.map(({ where }) => where));
  return adoptions(declared).filter(({ where }) => !taken.has(where));
}

/**
 * The intent of a baseline that is taken over as it is, above those that were adopted before. The same version with
 * another image, for other devices, is another attempt of it.
 */
export function adoptedIntent(
  product: string,
  { version, artifact, where }: AdoptDeclaration,
  before: readonly Intent[],
): AdoptedIntent {
  const attempt = attemptId(product, version, 1 + before.filter((other) => other.version === version).length);
  const own = where === undefined ? {} : { where };
  return {
    state: "adopted",
    attempt,
    version,
    artifact,
    ...own,
    digest: digestOf({ version, artifact, ...own }),
    condition: "",
    priority: nextPriority(before.map(({ priority }) => priority)),
    created: {},
  };
}

/** Is this what the devices run, is each claimed once, and are the bits there to go back to? */
export function adoptionProblems(declared: Declared, answers: Answers): Asked<readonly Problem[]> {
  const asked = askAll([countProblems(declared, answers), ...imageProblems(declared, answers)]);
  return asked.kind === "known" ? { kind: "known", value: asked.value.flat() } : asked;
}

function adoptions({ fleet, product }: Declared): readonly AdoptDeclaration[] {
  return fleet.products[product]?.adopt ?? [];
}

function imageProblems(declared: Declared, answers: Answers): Asked<readonly Problem[]>[] {
  return adoptions(declared).map((adopted) =>
    imageProblem(adopted.artifact, pathOf(declared.product, adopted), answers),
  );
}

function countProblems(declared: Declared, answers: Answers): Asked<readonly Problem[]> {
  const { product } = declared;
  const adopted = adoptions(declared);
  const [only] = adopted;
  if (only !== undefined && adopted.length === 1 && only.where === undefined) {
    // Most fleets: one question says that it is right, and only where it is not there are more.
    const running = askCounts(answers, { devices: countByStratum(runningCondition(product, only.version)) });
    if (running.kind !== "known") return running;
    if (totalOf(running.value.devices) > 0) return { kind: "known", value: [] };
  }
  const among = (condition: string, where: string | undefined): string =>
    countByStratum(where === undefined ? condition : `${condition} AND (${where})`);
  const queries: Record<string, string> = { all: countByStratum(productCondition(product)) };
  adopted.forEach(({ version, where }, index) => {
    queries[`own ${index}`] = among(productCondition(product), where);
    queries[`running ${index}`] = among(runningCondition(product, version), where);
  });
  const pairs = overlapping(adopted);
  for (const [a, b] of pairs)
    queries[`both ${a} ${b}`] = countByStratum(
      `${productCondition(product)} AND (${adopted[a]?.where ?? ""}) AND (${adopted[b]?.where ?? ""})`,
    );
  const counts = askCounts(answers, queries);
  if (counts.kind !== "known") return counts;
  const total = (key: string): number => totalOf(counts.value[key] ?? {});
  const problems: Problem[] = adopted.flatMap((one, index): Problem[] => {
    const [own, running] = [total(`own ${index}`), total(`running ${index}`)];
    const path = pathOf(product, one);
    if (own > 0 && running === 0) return [notRunning(path, own, one.version)];
    return own === 0 && one.where !== undefined && total("all") > 0 ? [nobodyThere(path, one.where)] : [];
  });
  let claimedTwice = 0;
  for (const [a, b] of pairs) {
    const devices = total(`both ${a} ${b}`);
    claimedTwice += devices;
    if (devices > 0) problems.push(overlap(product, devices, [adopted[a]?.where, adopted[b]?.where]));
  }
  const claimed = adopted.reduce((sum, _, index) => sum + total(`own ${index}`), -claimedTwice);
  const isPartial = adopted.length > 0 && adopted.every(({ where }) => where !== undefined);
  if (isPartial && claimed < total("all"))
    problems.push(unclaimed(product, total("all") - claimed, total("all")));
  return { kind: "known", value: problems };
}

/** Pairs that could claim one device: the one without a condition stands below all others and takes what is left. */
function overlapping(adopted: readonly AdoptDeclaration[]): [number, number][] {
  return adopted.flatMap(({ where }, a) =>
    adopted.flatMap((other, b): [number, number][] =>
      where !== undefined && other.where !== undefined && a < b ? [[a, b]] : [],
    ),
  );
}

function pathOf(product: string, { version, where }: AdoptDeclaration): string {
  return `fleet.ts: products.${product}.adopt${where === undefined ? "" : `: ${version} where ${where}`}`;
}

function notRunning(path: string, devices: number, version: string): Problem {
  return {
    severity: "error",
    code: "NO_BASELINE",
    path,
    summary: `none of ${devices} devices reports version ${version}`,
    hint: "declare the version that the devices run",
  };
}

function nobodyThere(path: string, where: string): Problem {
  return {
    severity: "warning",
    code: "NO_BASELINE",
    path,
    summary: `no device of the product is under its condition: ${where}`,
    hint: "correct the condition, or remove the baseline",
  };
}

function overlap(product: string, devices: number, wheres: readonly (string | undefined)[]): Problem {
  return {
    severity: "error",
    code: "ADOPT_OVERLAP",
    path: `fleet.ts: products.${product}.adopt`,
    summary: `${devices} devices are both under ${wheres.join(" and under ")}: which firmware takes them back?`,
    hint: "write conditions that exclude each other",
  };
}

function unclaimed(product: string, devices: number, all: number): Problem {
  return {
    severity: "error",
    code: "NO_BASELINE",
    path: `fleet.ts: products.${product}.adopt`,
    summary: `${devices} of ${all} devices are under no adopted baseline: nothing would take them back`,
    hint: "add a baseline for them, or one without `where`",
  };
}
