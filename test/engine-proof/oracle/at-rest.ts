import {
  adoptedIn,
  chainOf,
  headOf,
  isRef,
  refOf,
  slotsOf,
  type HubMemory,
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
  const heads = new Set(memory.hubs.map((hub) => headOf(refOf(hub))));
  const [head] = heads;
  if (heads.size > 1) return [...wrong, "5: hubs rest on different heads"];
  const chain = chainOf(memory, head);
  if (chain === undefined) return [...wrong, "4: the head's chain is not complete"];
  const adopted = adoptedIn(chain);
  memory.hubs.forEach((hub, number) => {
    wrong.push(...checkTree(around, chain[0]?.intents ?? [], hub, number));
    if (memory.marks.get(number) !== head) wrong.push(`12: the head of hub${number} is not marked as taken`);
  });
  for (const [id, { attempt, kind }] of memory.stops)
    if (!adopted.has(id) && !isLost(memory, chain[0]?.intents ?? [], attempt))
      wrong.push(`8: a ${kind} of ${attempt} took effect and has no record`);
  return wrong;
}

type Intents = readonly {
  readonly attempt: string;
  readonly state: string;
  readonly condition: string;
  readonly created: Readonly<Record<string, string>>;
}[];

/** No release that was ever aborted is exposed by its own configuration, whatever became of the ref. */
function checkAborts(memory: Memory, around: Surroundings, hub: HubMemory, number: number): readonly string[] {
  const aborted = new Set(
    [...memory.stops.values()].filter(({ kind }) => kind === "abort").map(({ attempt }) => attempt),
  );
  return [...hub.documents.values()]
    .filter(({ id, condition }) => aborted.has(id) && around.exposureOf(number, condition) !== 0)
    .map(({ id }) => `2: ${id} was aborted and is exposed at rest on hub${number}`);
}

/** [protocol §4, 5] Running: equal; held and superseded: a part; aborted: empty. */
function checkTree(around: Surroundings, intents: Intents, hub: HubMemory, number: number): readonly string[] {
  const wrong: string[] = [];
  for (const { attempt, state, condition, created } of intents) {
    const found = hub.documents.get(attempt);
    if (found === undefined || created[`hub${number}`] !== found.createdTimeUtc) {
      if (state === "running") wrong.push(`5: ${attempt} runs without its configuration on hub${number}`);
      continue;
    }
    const mask = around.exposureOf(number, found.condition);
    const intended = around.exposureOf(number, condition);
    if (mask !== (hub.certified.get(attempt) ?? 0))
      wrong.push(`6: an edit of ${attempt} in the portal was never answered on hub${number}`);
    if (state === "adopted") continue;
    if ((state === "running" || state === "watching" || state === "settled") && mask !== intended)
      wrong.push(`5: ${attempt} is ${state} and differs from the head on hub${number}`);
    if ((state === "held" || state === "superseded") && (mask & ~intended) !== 0)
      wrong.push(`5: ${attempt} is ${state} and exposed beyond the head on hub${number}`);
    if (state.startsWith("roll") && mask !== 0) wrong.push(`5: ${attempt} is ${state} and exposed on hub${number}`);
  }
  const unrecorded = [...hub.documents.values()]
    .filter(({ id }) => !isRef(id) && !intents.some(({ attempt }) => attempt === id))
    .filter(({ condition }) => around.exposureOf(number, condition) !== 0)
    .filter(({ labels }) => labels["wg-kind"] === "release" && slotsOf({ id: "", labels } as never).length === 0);
  for (const { id } of unrecorded) wrong.push(`1: ${id} is exposed and no record knows it`);
  return wrong;
}

/** A release whose configuration a person deleted is held for good. */
function isLost(memory: Memory, intents: Intents, attempt: string): boolean {
  const intent = intents.find((one) => one.attempt === attempt);
  return (
    intent?.state === "held" &&
    memory.hubs.some((hub, number) => hub.documents.get(attempt)?.createdTimeUtc !== intent.created[`hub${number}`])
  );
}
