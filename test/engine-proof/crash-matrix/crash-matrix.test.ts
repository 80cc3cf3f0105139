import { writeFile } from "node:fs/promises";
import { afterAll, describe, expect, it } from "vitest";
import { controllerRun } from "../schedule/cast.ts";
import { knownAmong } from "../schedule/known.ts";
import { comeToRest } from "../schedule/rest.ts";
import { check } from "../schedule/theatre.ts";
import { HUB_CALLS, RECORD_CALLS } from "../world/calls.ts";
import { begin, finish } from "../world/process.ts";
import { fork, type World } from "../world/world.ts";
import { TRANSITIONS, type Transition } from "./transitions.ts";

// At every effect of every transition somebody dies, before it and after it; others finish. The effects are those that
// the wrapper round the ports sees: a new one is crashed at as soon as a transition has it, and no effect may have none.

interface Row {
  readonly transition: string;
  readonly hubs: number;
  readonly effects: readonly string[];
  /** Where it came to rest, by how many of the crashes. */
  readonly outcomes: ReadonlyMap<string, number>;
}
const rows: Row[] = [];

/** The effects of one run, in order. */
async function effectsOf(before: World, { run }: Transition): Promise<readonly string[]> {
  const process = await run(fork(before));
  const effects: string[] = [];
  while (process.next !== undefined) {
    if (process.next.isEffect) effects.push(process.next.name);
    await process.go();
  }
  check(process);
  return effects;
}

/** Die at the so-manieth effect, let another one finish, and tell where that ended. */
async function crashAt(
  before: World,
  { run, releases = 1, outcome }: Transition,
  { effect, fate }: { readonly effect: number; readonly fate: "crash before" | "crash after" },
): Promise<string> {
  const world = fork(before);
  const process = await run(world);
  for (let left = effect; process.next !== undefined;) {
    if (process.next.isEffect && left-- === 0) {
      await process.go(fate);
      break;
    }
    await process.go();
  }
  const rest = await comeToRest(world, releases);
  const news = rest.broken.length > 0 && knownAmong(rest.broken) === undefined;
  expect(news ? rest.broken : []).toEqual([]);
  return outcome(rest.world);
}

/** Where it ends when nobody dies. */
async function undisturbed(before: World, { run, releases = 1, outcome }: Transition): Promise<string> {
  const world = fork(before);
  await finish(await run(world));
  return outcome((await comeToRest(world, releases)).world);
}

/** Where it ends when the one who died never began: an operator's command that did nothing is typed again. */
async function neverBegun(before: World, { releases = 1, outcome }: Transition): Promise<string> {
  const world = fork(before);
  await finish(await begin(world, controllerRun("ci", releases)));
  return outcome((await comeToRest(world, releases)).world);
}

describe.each([1, 2])("on %i hub(s), a crash at any effect", (hubs) => {
  it.each(TRANSITIONS)("of $name is finished by others", { timeout: 120_000 }, async (transition) => {
    const before = await transition.before(hubs);
    const effects = await effectsOf(before, transition);
    expect(effects).not.toEqual([]);
    const whole = await undisturbed(before, transition);
    const allowed = [whole, await neverBegun(before, transition)];
    const outcomes = new Map<string, number>();
    for (const fate of ["crash before", "crash after"] as const) {
      for (let effect = 0; effect < effects.length; effect++) {
        const outcome = await crashAt(before, transition, { effect, fate });
        expect(allowed, `${fate} ${effects[effect] ?? ""} (effect ${effect})`).toContain(outcome);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }
    rows.push({ transition: transition.name, hubs, effects, outcomes });
  });
});

it("leaves no effect of any port without a crash", () => {
  const crashed = new Set(rows.flatMap(({ effects }) => effects.map((name) => name.split(" ")[0])));
  const effects = Object.entries({ ...HUB_CALLS, ...RECORD_CALLS }).filter(([, kind]) => kind === "effect");
  expect(effects.map(([method]) => method).filter((method) => !crashed.has(method))).toEqual([]);
});

afterAll(async () => {
  const lines = [
    "| transition | hubs | crash points (each before and after) | came to rest as |",
    "|---|---|---|---|",
    ...rows.map(({ transition, hubs, effects, outcomes }) => {
      const ends = [...outcomes].map(([outcome, times]) => `${outcome} (${times})`).join("; ");
      return `| ${transition} | ${hubs} | ${folded(effects)} | ${ends} |`;
    }),
    "",
  ];
  process.stdout.write(lines.join("\n"));
  const file = process.env["CRASH_MATRIX"];
  if (file !== undefined) await writeFile(file, lines.join("\n"));
});

/** `a, a, b` is `2 a, b`. */
function folded(names: readonly string[]): string {
  const runs: { name: string; times: number }[] = [];
  for (const name of names) {
    const last = runs.at(-1);
    if (last?.name === name) last.times += 1;
    else runs.push({ name, times: 1 });
  }
  return runs.map(({ name, times }) => (times === 1 ? name : `${times} ${name}`)).join(", ");
}
