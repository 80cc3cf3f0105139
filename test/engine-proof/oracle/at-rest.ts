import {
  adoptedIn,
  certifiedMask,
  chainOf,
  headOf,
  isLost,
  isAncestor,
  refOf,
  type HubMemory,
  type Intents,
  type Memory,
  type Surroundings,
} from "./state.ts";

/** [protocol §4, 5 and 8] Faults are over and one controller has come to rest: every stop recorded, the tree as recorded. */
export function checkRest(memory: Memory, around: Surroundings): readonly string[] {
  const wrong: string[] = [];
  memory.hubs.forEach((hub, number) => {
    wrong.push(...checkAborts(memory, around, hub, number));
  });
  // Without its ref a product is held for a person.
  if (memory.hubs.some((hub) => refOf(hub) === undefined)) return wrong;
  memory.hubs.forEach((hub, number) => {
    const head = headOf(refOf(hub));
    const mark = memory.marks.get(number);
    if (head !== undefined && mark !== undefined && mark !== head && isAncestor(memory, head, mark))
      wrong.push(`12: hub${number} rests rewound, behind its taken mark`);
  });
  if (wrong.length > 0) return wrong;
  const heads = new Set(memory.hubs.map((hub) => headOf(refOf(hub))));
  const [head] = heads;
  if (heads.size > 1) {
    // Heads in different lines are for a person [protocol §3, 5.4]; one behind another is not.
    const lags = [...heads].some((old) =>
      [...heads].some((one) => old !== one && isBehind(memory, old, one)),
    );
    return lags ? [...wrong, "5: hubs rest on different heads"] : wrong;
  }
  const chain = chainOf(memory, head);
  if (chain === undefined) return [...wrong, "4: the head's chain is not complete"];
  // A mark in another line is for a person, as heads are: until they decide nothing is recorded or checked out.
  const marks = memory.hubs.flatMap((_, number) => memory.marks.get(number) ?? []);
  if (marks.some((mark) => head === undefined || !isAncestor(memory, mark, head))) return wrong;
  const adopted = adoptedIn(chain);
  memory.hubs.forEach((hub, number) => {
    wrong.push(...checkTree(memory, around, chain[0]?.intents ?? [], hub, number));
    if (memory.marks.get(number) !== head)
      wrong.push(`12: the head of hub${number} is not marked as taken at rest`);
  });
  for (const [id, { attempt, kind }] of memory.stops)
    if (!adopted.has(id) && !isLost(memory, chain[0]?.intents ?? [], attempt))
      wrong.push(
        `8: a ${kind} of ${attempt} took effect and has no record${why(memory, chain[0]?.intents ?? [], attempt, kind)}`,
      );
  return wrong;
}

/** No release that was ever aborted is exposed by its own configuration, whatever became of the ref. */
function checkAborts(
  memory: Memory,
  around: Surroundings,
  hub: HubMemory,
  number: number,
): readonly string[] {
  const aborted = new Set(
    [...memory.stops.values()].filter(({ kind }) => kind === "abort").map(({ attempt }) => attempt),
  );
  return [...hub.documents.values()]
    .filter(({ id, condition }) => aborted.has(id) && around.exposureOf(number, condition) !== 0)
    .map(
      ({ id }) =>
        `2: ${id} was aborted and is exposed at rest on hub${number}${refOf(hub) === undefined ? ", without its ref" : underStar(hub)}`,
    );
}

/** [protocol §4, 5] Running: equal; held and superseded: a part; aborted: empty. */
function checkTree(
  memory: Memory,
  around: Surroundings,
  intents: Intents,
  hub: HubMemory,
  number: number,
): readonly string[] {
  const wrong: string[] = [];
  for (const { attempt, state, condition, created } of intents) {
    const found = hub.documents.get(attempt);
    if (found === undefined || created[`hub${number}`] !== found.createdTimeUtc) {
      if (state === "running" || state === "watching")
        wrong.push(`5: ${attempt} runs without its configuration on hub${number}`);
      continue;
    }
    const mask = around.exposureOf(number, found.condition);
    const intended = around.exposureOf(number, condition);
    if (mask !== certifiedMask(memory, number, found))
      wrong.push(`6: an edit of ${attempt} in the portal was never answered on hub${number}`);
    if (state === "adopted") continue;
    if ((state === "running" || state === "watching") && mask !== intended)
      wrong.push(`5: ${attempt} is ${state} and differs from the head on hub${number}`);
    if (["held", "superseded", "settled", "halted"].includes(state) && (mask & ~intended) !== 0)
      wrong.push(`5: ${attempt} is ${state} and exposed beyond the head on hub${number}`);
    if ((state.startsWith("roll") || state === "retired") && mask !== 0)
      wrong.push(`5: ${attempt} is ${state} and exposed on hub${number}`);
  }
  return memory.byHand.has(number) ? wrong : [...wrong, ...checkWayBack(around, intents, hub, number)];
}

/** Whoever was exposed to a release that is taken back has another to go to. */
function checkWayBack(
  around: Surroundings,
  intents: Intents,
  hub: HubMemory,
  number: number,
): readonly string[] {
  const caught = [...hub.documents.values()].reduce(
    (all, { condition }) => all | around.exposureOf(number, condition),
    0,
  );
  return intents
    .filter(({ state }) => state.startsWith("roll"))
    .flatMap(({ attempt }) => {
      const stranded = (hub.exposed.get(attempt) ?? 0) & ~caught;
      return stranded === 0
        ? []
        : [`14: ${attempt} was taken back and ${stranded.toString(2)} on hub${number} have nothing to go to`];
    });
}

function why(memory: Memory, intents: Intents, attempt: string, kind: string): string {
  if (!intents.some((intent) => intent.attempt === attempt)) return ", as its release has none";
  const isAborted = [...memory.stops.values()].some(
    (stop) => stop.attempt === attempt && stop.kind === "abort",
  );
  return kind === "hold" && isAborted ? ", under an abort" : "";
}

function isBehind(memory: Memory, old: string | undefined, head: string | undefined): boolean {
  return old !== undefined && head !== undefined && isAncestor(memory, old, head);
}

/** `*` cannot stand inside another condition. */
function underStar(hub: HubMemory): string {
  return [...hub.documents.values()].some(({ condition }) => condition === "*") ? ", beside a *" : "";
}
