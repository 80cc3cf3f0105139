import { begin, finish, type Fate, type Process } from "../world/process.ts";
import type { ReconcilePorts } from "../../../rollout/reconcile/reconcile.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { failOver, pass, remove, type World } from "../world/world.ts";
import { controllerRun, operatorRun, type Act, type Who } from "./cast.ts";
import type { Tally } from "./tally.ts";

/** Processes in a world, each of which goes on only when it is told to. */
export interface Theatre {
  /** Releases in each checkout. */
  readonly checkouts: { cron: number; ci: number };
  /** Make calls; an idle controller begins a run, an idle operator does not. */
  go(who: Who, calls: number): Promise<void>;
  finish(who: Who): Promise<void>;
  trouble(who: Who, fate: Fate, skip: number): Promise<void>;
  operate(what: Act): Promise<void>;
  pass(ms: number): void;
  /** What a person deletes stays away for longer than any request but a create lives. */
  remove(hub: number, id: string): Promise<void>;
  failOver(hub: number): Promise<void>;
}

/** Nobody is at work yet. */
export function createTheatre(world: World, tally: Tally, checkouts: Theatre["checkouts"]): Theatre {
  const processes = new Map<Who, Process>();

  const rehearse = async (who: Who, run: (ports: ReconcilePorts) => Promise<unknown>): Promise<void> => {
    processes.set(who, await begin(world, run));
  };
  const atWork = async (who: Who): Promise<Process | undefined> => {
    const process = processes.get(who);
    if (process?.next !== undefined) return process;
    if (process !== undefined) check(process);
    if (who === "operator") return undefined;
    await rehearse(who, controllerRun(who, checkouts[who]));
    return processes.get(who);
  };
  /** Requests that would outlive what they were made for never arrive. */
  const drop = async (isLost: (call: NonNullable<Process["next"]>) => boolean): Promise<void> => {
    for (const process of processes.values())
      while (process.next !== undefined && isLost(process.next)) await process.go("unreachable");
  };

  return {
    checkouts,
    go: async (who, calls) => {
      const process = await atWork(who);
      for (let made = 0; made < calls && process?.next !== undefined; made++) await process.go();
    },
    finish: async (who) => {
      const process = processes.get(who);
      if (process === undefined) return;
      await finish(process);
      check(process);
    },
    trouble: async (who, fate, skip) => {
      const process = await atWork(who);
      let left = skip;
      while (process?.next !== undefined) {
        const { next } = process;
        if (next.isEffect && left-- <= 0) {
          tally.fate(next.name, fate);
          await process.go(fate);
          return;
        }
        await process.go();
      }
    },
    operate: async (what) => {
      if (processes.get("operator")?.next !== undefined) return;
      await rehearse("operator", operatorRun(what, checkouts.ci));
    },
    pass: (ms) => {
      pass(world, ms);
    },
    remove: async (hub, id) => {
      await drop(({ isEffect, hub: to, name }) => isEffect && to === hub && name.startsWith("replace"));
      world.monotonic += 61_000;
      world.late.splice(
        0,
        world.late.length,
        ...world.late.filter(({ name }) => !name.startsWith("replace")),
      );
      remove(world, hub, id);
    },
    failOver: async (hub) => {
      if (world.replicas[hub] === undefined) return;
      await drop(({ isEffect, hub: to }) => isEffect && to === hub);
      failOver(world, hub);
    },
  };
}

/** Trouble a user could meet is no failure of a run; anything else is a bug. */
export function check({ failure }: Process): void {
  if (failure instanceof WavegateError || failure === undefined) return;
  throw failure instanceof Error ? failure : new Error("a run failed with what is no error");
}
