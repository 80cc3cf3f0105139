import type { Declared } from "../../rollout/plan/declared.ts";
import { reconcile } from "../../rollout/reconcile/reconcile.ts";
import type { Stage } from "./stage.ts";

/** What a rollout asked of the hub and of its devices. */
export interface RolloutCost {
  /** Kinds of the records of the chain, oldest first. */
  readonly records: readonly string[];
  /** Devices that the hub asked to run something else. */
  readonly patches: number;
  readonly reports: number;
  readonly twinReads: number;
  readonly connections: number;
  /** Of the daily quota. */
  readonly messages: number;
  /** Reports and connections that a limit of the tier refused. */
  readonly throttled: number;
  readonly looks: number;
  readonly realMs: number;
  readonly virtualMs: number;
}

const LOOK_EVERY_MS = 5 * 60_000;
/** A run is followed by another one a minute later while there is something left to do. */
const AGAIN_MS = 60_000;

/** Reconcile, as a cron job would every five minutes, until it is over; `isOver` gets the kinds of the records so far. */
export async function rollOut(
  { hub, fleet, ports }: Stage,
  {
    declared,
    isOver,
    say,
  }: {
    readonly declared: Declared;
    readonly isOver: (records: readonly string[]) => boolean;
    readonly say: (line: string) => void;
  },
): Promise<RolloutCost> {
  const { clock } = ports;
  const dead = fleet.ended.then((trouble) => {
    throw new Error(trouble ?? "the fleet was closed");
  });
  dead.catch(() => undefined);
  const before = { ...hub.calls().devices, throttled: throttledIn(hub.calls()) };
  const messages = messageCount(hub);
  const records: string[] = [];
  const started = { real: performance.now(), virtual: clock.now() };
  const tell = (line: string): void => {
    say(`${new Date(clock.now()).toISOString().slice(0, 16)}  ${line}`);
  };
  let looks = 0;
  let said = "";
  while (!isOver(records)) {
    const { steps, status, problems } = await reconcile(declared, ports, { actor: "bench", queryLagMs: 0 });
    looks += 1;
    messages.look();
    if (problems !== undefined)
      throw new Error(problems.map((problem) => JSON.stringify(problem)).join("\n"));
    if (status?.needsPerson === true) throw new Error(`the rollout waits for a person: ${status.text}`);
    for (const step of steps) {
      if (step.kind !== "record") continue;
      records.push(step.record.kind);
      tell(`${step.record.kind}: ${step.record.reason}`);
    }
    // A wave's bake is told once, not at every look.
    const line = status?.text.replace(/ another .*/u, "") ?? said;
    if (line !== said) tell(line);
    said = line;
    if (!isOver(records))
      await Promise.race([clock.sleep(status === undefined ? AGAIN_MS : LOOK_EVERY_MS), dead]);
  }
  const after = hub.calls();
  return {
    records,
    patches: after.devices.desiredPatches - before.desiredPatches,
    reports: after.devices.reports - before.reports,
    twinReads: after.devices.twinReads - before.twinReads,
    connections: after.devices.connections - before.connections,
    messages: messages.look(),
    throttled: throttledIn(after) - before.throttled,
    looks,
    realMs: performance.now() - started.real,
    virtualMs: clock.now() - started.virtual,
  };
}

/** Counts on over midnight, when the quota begins anew; what is used between the last look and then is lost. */
function messageCount({ quota }: Stage["hub"]): { readonly look: () => number } {
  let counted = quota().used;
  let messages = 0;
  return {
    look() {
      const { used } = quota();
      messages += used < counted ? used : used - counted;
      counted = used;
      return messages;
    },
  };
}

function throttledIn({ throttledBy }: ReturnType<Stage["hub"]["calls"]>): number {
  return (throttledBy.twinWrites ?? 0) + (throttledBy.connections ?? 0) + (throttledBy.twinReads ?? 0);
}
