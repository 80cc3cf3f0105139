import { exposureOf } from "../world/exposure.ts";
import { createWorld, edit, takeReplica, type World } from "../world/world.ts";
import { BASELINE, NEXT_RELEASE, REF, RELEASE } from "./cast.ts";
import type { Event, Schedule } from "./event.ts";
import type { Tally } from "./tally.ts";
import { createTheatre, type Theatre } from "./theatre.ts";

/** How a schedule was played. */
export interface Played {
  readonly world: World;
  /** Releases that were merged in the end. */
  readonly merged: number;
  /** True when a person, a fail-over or a defect gave it any reason to stop. */
  readonly disturbed: boolean;
}

/** Play a schedule to its last event; the oracle watches, and the first broken rule ends it. */
export async function play(
  schedule: Schedule,
  {
    hubs,
    tally,
    onBroken,
  }: { hubs: number; tally: Tally; onBroken: (broken: readonly string[], at: Event) => void },
): Promise<Played> {
  const world = createWorld(hubs);
  world.defects = { "1.1.0": schedule.defect };
  const checkouts = { cron: schedule.cronIsOld ? 0 : 1, ci: 1 };
  const theatre = createTheatre(world, tally, checkouts);
  let disturbed = schedule.defect !== "good";
  for (const event of schedule.events) {
    disturbed ||= ["operator", "portal", "fail-over", "defect"].includes(event.kind);
    await happen(event, world, theatre);
    if (world.oracle.broken.length > 0) onBroken(world.oracle.broken, event);
  }
  tally.transitions(world);
  return { world, merged: checkouts.ci, disturbed };
}

async function happen(event: Event, world: World, theatre: Theatre): Promise<void> {
  switch (event.kind) {
    case "go":
      return theatre.go(event.who, event.calls);
    case "finish":
      return theatre.finish(event.who);
    case "trouble":
      return theatre.trouble(event.who, event.fate, event.skip);
    case "operator":
      return theatre.operate(event.what);
    case "tick":
      theatre.pass(event.hours * 3_600_000);
      await theatre.finish(event.who);
      await theatre.go(event.who, 1);
      return theatre.finish(event.who);
    case "pass":
      theatre.pass(event.minutes * 60_000);
      return;
    case "jump":
      world.now += event.minutes * 60_000;
      return;
    case "portal":
      return person(event, world, theatre);
    case "store":
      world.storeUp = event.up;
      return;
    case "hub":
      world.up[event.hub] = event.up;
      return;
    case "replica":
      takeReplica(world, event.hub);
      return;
    case "fail-over":
      return theatre.failOver(event.hub);
    case "late":
      world.late.shift()?.run();
      return;
    case "merge":
      if (theatre.checkouts.ci === 1) theatre.checkouts.ci = 2;
      else if (theatre.checkouts.cron === 1) theatre.checkouts.cron = 2;
      return;
    case "defect":
      world.defects = { ...world.defects, [event.version]: event.defect };
      return;
    case "lag":
      world.lagMs = event.minutes * 60_000;
      return;
  }
}

/** A person in the portal; most edits are to the newest release there is. */
async function person(
  { what, hub }: Extract<Event, { readonly kind: "portal" }>,
  world: World,
  theatre: Theatre,
): Promise<void> {
  const has = (id: string): boolean => world.hubs[hub]?.configurations.has(id) === true;
  const id = has(NEXT_RELEASE) ? NEXT_RELEASE : has(RELEASE) ? RELEASE : BASELINE;
  const change = (
    ...given: Parameters<typeof edit> extends [World, number, ...infer Rest] ? Rest : never
  ): void => {
    edit(world, hub, ...given);
  };
  switch (what) {
    case "empties":
      change(id, () => ({ condition: "" }));
      return;
    case "widens":
      change(id, () => ({ condition: "*" }));
      return;
    case "narrows":
      change(id, ({ condition }) => ({ condition: narrower(condition) }));
      return;
    case "sets an unlike condition":
      change(id, () => ({ condition: "tags.rollout.stratum = 'B'" }));
      return;
    case "changes the priority":
      change(id, ({ priority }) => ({ priority: priority + 1 }));
      return;
    case "touches a label":
      change(id, ({ labels }) => ({ labels: { ...labels, owner: `team${exposureOf(hub, "*") % 7}` } }));
      return;
    case "drops our labels":
      change(id, ({ labels }) => ({
        labels: Object.fromEntries(
          Object.entries(labels).filter(([name]) => !["wg-doc", "wg-kind", "wg-product"].includes(name)),
        ),
      }));
      return;
    case "drops the slots":
      change(id, ({ labels }) => ({
        labels: Object.fromEntries(
          Object.entries(labels).filter(([name]) => !/^wg-(hold|halt|abort)/.test(name)),
        ),
      }));
      return;
    case "deletes the configuration":
      return theatre.remove(hub, id);
    case "touches the ref":
      change(REF, ({ labels }) => ({ labels: { ...labels, seen: "yes" } }));
      return;
    case "deletes the ref":
      return theatre.remove(hub, REF);
  }
}

/** Less, in the same words and a few more. */
function narrower(condition: string): string {
  if (condition === "" || condition === "*" || condition.length > 2_000) return "";
  return `(${condition}) AND tags.rollout.stratum = 'A'`;
}
