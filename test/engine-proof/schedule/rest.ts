import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { verifyStore } from "../../../rollout/engine/verify/verify-store.ts";
import { errorsOf } from "../../../rollout/model/problem.ts";
import { contentsOf } from "../world/fast-store.ts";
import { begin, finish, type Process } from "../world/process.ts";
import { endFaults, fork, pass, type World } from "../world/world.ts";
import { controllerRun, operatorRun } from "./cast.ts";
import { check } from "./theatre.ts";

/** Runs that one controller alone may need to bring everything to rest; a run takes at most five steps. */
export const MOST_RUNS = 6;

/** How it came to rest. */
export interface Rest {
  readonly broken: readonly string[];
  readonly runs: number;
  readonly world: World;
}

/** [protocol §4, 5] All faults end, and one controller alone goes on at one instant until it has nothing left to do. */
export async function comeToRest(before: World, releases: number): Promise<Rest> {
  const world = fork(before);
  endFaults(world);
  let runs = 0;
  while ((await writesOf(world, releases)) > 0) {
    runs += 1;
    if (runs > MOST_RUNS) return { broken: ["5: one controller alone never comes to rest"], runs, world };
  }
  const broken = [...world.oracle.broken, ...world.oracle.atRest(), ...verified(world)];
  // [protocol §4, 7] Old and new checkouts have nothing to say to each other.
  for (const other of [0, releases, 1, releases])
    if ((await writesOf(world, other)) > 0)
      broken.push(`7: a checkout with ${other} releases writes where everything was at rest`);
  return { broken, runs, world };
}

/** Every step of the history judged again, from the records alone. */
function verified({ store }: World): readonly string[] {
  const { problems } = verifyStore(readStored(contentsOf(store, "thermostat")));
  return errorsOf(problems).map(({ code, path, summary }) => `verify: ${code} ${path}: ${summary}`);
}

/** [protocol §4, 6] The store is silent, and every hub but one: one abort empties that one; so does one controller's run. */
export async function stopInTheDark(before: World, releases: number): Promise<readonly string[]> {
  const broken: string[] = [];
  for (let hub = 0; hub < before.hubs.length; hub++) {
    const world = fork(before);
    world.up.fill(false);
    world.up[hub] = true;
    world.storeUp = false;
    const run = await to(world, operatorRun("abort", releases));
    if (run.failure !== undefined) continue;
    const stopped = (await run.value) as { readonly stop: { readonly attempt: string } };
    const found = world.hubs[hub]?.configurations.get(stopped.stop.attempt)?.document;
    if (found !== undefined && found.condition !== "")
      broken.push(`6: an abort in the dark left ${found.id} exposed on hub${hub}`);
    broken.push(...world.oracle.broken);
  }
  return broken;
}

/** Nobody ever had a reason to stop it: a healthy rollout reaches everyone, as people approve it. */
export async function reachesItsEnd(before: World, releases: number): Promise<readonly string[]> {
  const world = fork(before);
  endFaults(world);
  for (let looks = 0; looks < 24; looks++) {
    pass(world, 6 * 3_600_000);
    await to(world, operatorRun("approve", releases));
    await writesOf(world, releases);
  }
  const states = intentsOf(world).map(({ attempt, state }) => `${attempt} ${state}`);
  const isDone = states.at(-1)?.endsWith(" settled") === true;
  return [...world.oracle.broken, ...(isDone ? [] : [`3: a healthy rollout is stuck: ${states.join(", ")}`])];
}

function intentsOf(world: World): readonly { readonly attempt: string; readonly state: string }[] {
  const head = world.hubs[0]?.configurations.get("wg--thermostat")?.document.labels["wg-head"];
  return world.store.records.get(head ?? "")?.intents ?? [];
}

/** Effects that one run of a controller had. */
async function writesOf(world: World, releases: number): Promise<number> {
  const process = await begin(world, controllerRun("ci", releases));
  let writes = 0;
  while (process.next !== undefined) {
    if (process.next.isEffect && process.next.name !== "appendLook") writes += 1;
    await process.go();
  }
  check(process);
  return writes;
}

async function to(
  world: World,
  run: Parameters<typeof begin>[1],
): Promise<{ readonly failure: unknown; readonly value: Promise<unknown> }> {
  let value: Promise<unknown> = Promise.resolve();
  const process: Process = await begin(world, (ports) => {
    value = run(ports);
    return value;
  });
  await finish(process);
  check(process);
  return { failure: process.failure, value };
}
