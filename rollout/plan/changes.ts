import { refId } from "../model/attempt.ts";
import { findConfiguration } from "../model/configuration.ts";
import { totalOf } from "../model/question.ts";
import type { AdoptedIntent } from "../model/record.ts";
import type { ChangesInput } from "./changes-input.ts";
import type { PlanHub } from "./plan-input.ts";
import type { Change, SizedRelease } from "./product-plan.ts";
import { standingChanges } from "./standing-changes.ts";

/**
 * What the next runs would do, in their order: narrow, widen what is recorded, adopt, create, supersede, start; then what
 * waits for a gate, what is retired, and what stays and why. Everything that stands on the hub appears once.
 */
export function planChanges(input: ChangesInput): readonly Change[] {
  const { declared, hubs, adopting, starting, retiring } = input;
  const standing = standingChanges(input);
  // The oldest first, as runs go about it.
  const due = standing.filter((change) => change.due).reverse();
  const of = (...kinds: Change["kind"][]): readonly Change[] =>
    due.filter(({ id, kind }) => id !== retiring && kinds.includes(kind));
  return [
    ...missingRef(declared.product, hubs),
    ...of("narrow"),
    // A check-out empties for good: after every stop is recorded.
    ...of("retire"),
    ...of("widen"),
    ...adopting.map(adoption),
    ...(starting === undefined ? [] : creation(starting, hubs)),
    ...of("supersede"),
    ...(starting === undefined ? [] : [start(starting), ...laterWaves(starting)]),
    ...due.filter(({ id }) => id === retiring),
    ...standing.filter((change) => !change.due),
  ];
}

/** True when a run would do something now: what only stays, or waits for its gate, is no change. */
export function hasChanges(changes: readonly Change[]): boolean {
  return changes.some(({ due }) => due);
}

/** How many configurations changes create on each hub, the ref included. */
export function createdCount(changes: readonly Change[]): number {
  return changes.filter(({ kind, due }) => due && (kind === "create" || kind === "adopt")).length;
}

function missingRef(product: string, hubs: readonly PlanHub[]): readonly Change[] {
  const id = refId(product);
  const lacking = hubs.filter(({ listing }) => findConfiguration(listing, id) === undefined);
  if (lacking.length === 0) return [];
  const where = lacking.length === hubs.length ? "" : ` on ${lacking.map(({ name }) => name).join(", ")}`;
  const reason = `the configuration that names the product's records${where}; it reaches no device`;
  return [{ kind: "create", id, due: true, reason }];
}

function adoption({ attempt, version, where }: AdoptedIntent): Change {
  const whose = where === undefined ? "the devices" : `devices with ${where}`;
  const reason = `what ${whose} run today becomes the baseline; no device is written to`;
  return { kind: "adopt", id: attempt, version, due: true, reason };
}

function creation({ attempt, release }: SizedRelease, hubs: readonly PlanHub[]): readonly Change[] {
  const lacking = hubs.filter(({ listing }) => findConfiguration(listing, attempt) === undefined);
  if (lacking.length === 0) return [];
  const reason = `its configuration ${attempt}, for nobody yet`;
  return [{ kind: "create", id: attempt, version: release.version, due: true, reason }];
}

function start({ attempt, release, waves }: SizedRelease): Change {
  const [first] = waves;
  const reason = `opens wave "${first?.name ?? ""}" with ${totalOf(first?.devices ?? {})} devices`;
  return { kind: "start", id: attempt, version: release.version, due: true, reason };
}

function laterWaves({ attempt, release, waves }: SizedRelease): readonly Change[] {
  return waves.slice(1).map(({ name, added }, index) => {
    const reason = `opens wave "${name}" with ${totalOf(added)} more when the gate promotes "${waves[index]?.name ?? ""}"`;
    return { kind: "widen", id: attempt, version: release.version, due: false, reason };
  });
}
