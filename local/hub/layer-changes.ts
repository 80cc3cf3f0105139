import type { BitSet } from "./bit-set.ts";
import type { Configuration } from "./configuration.ts";
import { patchBetween } from "./desired-path.ts";
import type { LayerChange } from "./device-store.ts";
import type { Device } from "./device.ts";
import type { JsonObject } from "./json-value.ts";
import { layerConfigurations, relayer, type AssignMode, type Layering, type Region } from "./layering.ts";

/** What decides over the layering of devices. */
export interface LayeringInput {
  /** Records by slot. */
  readonly slots: readonly (Device | undefined)[];
  /** The slots to look at. */
  readonly affected: BitSet;
  /** Configurations, the one that wins first, and who is a member of each. */
  readonly ranked: readonly Configuration[];
  readonly members: readonly BitSet[];
  /** Whether a region outlives the configurations that it came from. */
  readonly isKept: (region: Region) => boolean;
  readonly assign: AssignMode;
  /** Whether the content of those whose layering stays as it was is written again where it is not there any more. */
  readonly reassert: boolean;
}

/** Devices that pass to another layering, and what that makes of their desired properties. */
export function layerChanges(input: LayeringInput): LayerChange[] {
  const { slots, affected, reassert } = input;
  const layeringAt = layeringTree(input);
  const desiredAfter = rememberedRelayer(input);
  const changes: LayerChange[] = [];
  affected.forEach((slot) => {
    const device = slots[slot];
    if (device === undefined) return;
    const layering = layeringAt(slot);
    const isSame = layering?.signature === device.layering?.signature;
    if (isSame && !reassert) return;
    const desired = desiredAfter(device, layering);
    if (!isSame || desired !== undefined) changes.push({ device, layering, desired });
  });
  return changes;
}

/** A place in the tree of configurations that devices match; the tree grows by the combinations that occur. */
interface TreeNode {
  readonly matched: readonly Configuration[];
  readonly next: Map<number, TreeNode>;
  layering?: Layering;
}

function layeringTree({ ranked, members, assign }: LayeringInput): (slot: number) => Layering | undefined {
  const root: TreeNode = { matched: [], next: new Map() };
  return (slot) => {
    let node = root;
    for (const [rank, bits] of members.entries()) {
      if (!bits.has(slot)) continue;
      const known = node.next.get(rank);
      const configuration = ranked[rank];
      if (known === undefined && configuration === undefined) continue;
      const next: TreeNode = known ?? {
        matched: configuration === undefined ? node.matched : [...node.matched, configuration],
        next: new Map(),
      };
      node.next.set(rank, next);
      node = next;
    }
    if (node.matched.length === 0) return undefined;
    node.layering ??= layerConfigurations(node.matched, assign);
    return node.layering;
  };
}

type Desired = LayerChange["desired"];

/** Devices alike share what becomes of them: the value is worked out once, and is one object for all. */
function rememberedRelayer({
  isKept,
  assign,
  reassert,
}: LayeringInput): (device: Device, to: Layering | undefined) => Desired {
  const known = new Map<string, Map<JsonObject, Desired>>();
  return ({ layering: from, desired: { value: before } }, to) => {
    const step = `${from?.signature ?? ""} to ${to?.signature ?? ""}`;
    const steps = known.get(step) ?? new Map<JsonObject, Desired>();
    known.set(step, steps);
    if (!steps.has(before)) {
      const value = relayer(before, { from, to, isKept, assign, reassert });
      const patch = patchBetween(before, value);
      steps.set(before, patch === undefined ? undefined : { value, patch });
    }
    return steps.get(before);
  };
}
