import {
  BASELINE,
  controllerRun,
  operatorRun,
  overrideFileRun,
  RELEASE,
  type Act,
} from "../schedule/cast.ts";
import { exposed, HOUR, inCanary, look, operator, rest, stateOf, toTheEnd } from "../holes/stage.ts";
import { begin, type Process } from "../world/process.ts";
import { createWorld, edit, failOver, pass, remove, takeReplica, type World } from "../world/world.ts";

/** One change of state: how to come before it, and whose run makes it. */
export interface Transition {
  readonly name: string;
  /** A world in which the next run makes it. */
  readonly before: (hubs: number) => Promise<World>;
  readonly run: (world: World) => Promise<Process>;
  /** Releases in the checkout of who finishes it. */
  readonly releases?: number;
  /** What must be true once all has come to rest, however often somebody died on the way. */
  readonly outcome: (world: World) => string;
}

const controller =
  (releases = 1) =>
  (world: World): Promise<Process> =>
    begin(world, controllerRun("ci", releases));
const person =
  (what: Act, releases = 1) =>
  (world: World): Promise<Process> =>
    begin(world, operatorRun(what, releases));
const state = (world: World): string =>
  `${stateOf(world) ?? "-"}, ${exposed(world) === 0 ? "nobody" : "exposed"}`;

async function after(hubs: number, ...happen: readonly ((world: World) => unknown)[]): Promise<World> {
  const world = await inCanary(hubs);
  for (const one of happen) await one(world);
  return world;
}
const bake = (world: World): void => {
  pass(world, 5 * HOUR);
};
const stop =
  (what: "hold" | "halt" | "abort") =>
  async (world: World): Promise<void> => {
    await toTheEnd(await operator(world, what));
  };
const looks =
  (times: number) =>
  async (world: World): Promise<void> => {
    for (let left = times; left > 0; left--) {
      bake(world);
      await rest(world);
    }
  };

/** 1.1.0 stopped at its canaries, 1.2.0 on its way: its last wave approved, so many bakes later. */
async function overtaken(hubs: number, bakes: number): Promise<World> {
  const world = await after(hubs);
  await rest(world, 2);
  await toTheEnd(await begin(world, operatorRun("approve", 2)));
  for (let left = bakes; left > 0; left--) {
    await rest(world, 2);
    bake(world);
  }
  return world;
}

/** Every transition there is, by the run that makes it. */
export const TRANSITIONS: readonly Transition[] = [
  {
    name: "create, adopt, start",
    before: (hubs) => Promise.resolve(createWorld(hubs)),
    run: controller(),
    outcome: state,
  },
  {
    name: "open the first wave",
    before: async (hubs) => {
      const world = createWorld(hubs);
      await look(world);
      return world;
    },
    run: controller(),
    outcome: state,
  },
  { name: "promote", before: (hubs) => after(hubs, bake), run: controller(), outcome: state },
  { name: "complete", before: (hubs) => after(hubs, looks(4), bake), run: controller(), outcome: state },
  {
    name: "settle",
    before: (hubs) =>
      after(hubs, looks(6), (world) => {
        pass(world, 26 * HOUR);
      }),
    run: controller(),
    outcome: state,
  },
  {
    name: "supersede and start",
    before: (hubs) => after(hubs),
    run: controller(2),
    releases: 2,
    outcome: state,
  },
  { name: "hold (operator)", before: (hubs) => after(hubs), run: person("hold"), outcome: state },
  { name: "hold (recorded)", before: (hubs) => after(hubs, stop("hold")), run: controller(), outcome: state },
  {
    name: "resume",
    before: (hubs) => after(hubs, stop("hold"), rest),
    run: person("resume"),
    outcome: state,
  },
  { name: "halt (operator)", before: (hubs) => after(hubs), run: person("halt"), outcome: state },
  { name: "halt (recorded)", before: (hubs) => after(hubs, stop("halt")), run: controller(), outcome: state },
  { name: "abort (operator)", before: (hubs) => after(hubs), run: person("abort"), outcome: state },
  {
    name: "abort (recorded)",
    before: (hubs) => after(hubs, stop("abort")),
    run: controller(),
    outcome: state,
  },
  {
    name: "abort (gate)",
    before: (hubs) =>
      after(hubs, (world) => {
        world.defects = { "1.1.0": "late" };
        pass(world, 60 * HOUR);
      }),
    run: controller(),
    outcome: state,
  },
  {
    name: "rolled back",
    before: (hubs) => after(hubs, stop("abort"), rest, bake),
    run: controller(),
    outcome: state,
  },
  {
    name: "answer an edit",
    before: (hubs) =>
      after(hubs, (world) => {
        edit(world, 0, RELEASE, () => ({ condition: "*" }));
      }),
    run: controller(),
    outcome: state,
  },
  {
    name: "answer a deletion",
    before: (hubs) =>
      after(hubs, (world) => {
        remove(world, 0, RELEASE);
      }),
    run: controller(),
    outcome: (world) => stateOf(world) ?? "-",
  },
  {
    name: "mend a rewound hub",
    before: (hubs) =>
      after(
        hubs,
        (world) => {
          takeReplica(world, 0);
        },
        stop("hold"),
        rest,
        (world) => {
          failOver(world, 0);
        },
      ),
    run: controller(),
    outcome: state,
  },
  {
    name: "approve",
    before: async (hubs) => {
      const world = await after(hubs);
      await rest(world, 2);
      return world;
    },
    run: person("approve", 2),
    releases: 2,
    outcome: state,
  },
  {
    name: "open the next part",
    before: (hubs) => overtaken(hubs, 2),
    run: controller(2),
    releases: 2,
    outcome: state,
  },
  {
    name: "override",
    before: (hubs) => after(hubs),
    run: person("override"),
    outcome: state,
  },
  {
    name: "override (file)",
    before: (hubs) => after(hubs),
    run: (world) => begin(world, overrideFileRun("ci", 1)),
    outcome: state,
  },
  {
    name: "retry",
    before: (hubs) => after(hubs, stop("abort"), rest, bake, rest),
    run: person("retry"),
    outcome: state,
  },
  {
    name: "retire",
    before: async (hubs) => {
      const world = await overtaken(hubs, 8);
      pass(world, 26 * HOUR);
      return world;
    },
    run: controller(2),
    releases: 2,
    outcome: state,
  },
  {
    name: "delete what is retired",
    before: async (hubs) => {
      const world = await overtaken(hubs, 8);
      pass(world, 26 * HOUR);
      await rest(world, 2);
      bake(world);
      return world;
    },
    run: controller(2),
    releases: 2,
    outcome: (world) => `${state(world)}, baseline ${stateOf(world, BASELINE) ?? "-"}`,
  },
];
