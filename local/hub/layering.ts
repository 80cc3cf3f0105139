import { assignAt, isWithin, leafPaths, mergeAt, valueAt, type DesiredPath } from "./desired-path.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";

/** Whether content replaces what is at its path, or is merged into it; undocumented [facts 1.6, 9, G]. */
export type AssignMode = "assign" | "merge";

/** What one configuration puts at one path; null means "not there". */
export interface Assignment {
  readonly path: DesiredPath;
  readonly value: JsonValue;
}

/** A configuration that a device matches, as layering needs it. */
export interface Layer {
  readonly id: string;
  /** Tells a configuration from an earlier one of the same id. */
  readonly generation: number;
  readonly assignments: readonly Assignment[];
}

/** A part of the desired properties that configurations hold; no region lies within another. */
export interface Region {
  readonly path: DesiredPath;
  readonly value: JsonValue;
  /** The configurations whose content it is, by generation. */
  readonly owners: readonly number[];
  /** Equal for equal content from the same configurations. */
  readonly source: string;
}

/** How the configurations that a device matches share its desired properties; one object for all devices alike. */
export interface Layering {
  /** Equal for the same configurations in the same order. */
  readonly signature: string;
  readonly statuses: ReadonlyMap<string, "Applied" | "Targeted">;
  readonly regions: readonly Region[];
}

/** The signature of a layering, cheap enough to take for every device. */
function layeringSignature(layers: readonly Layer[]): string {
  return layers.map((layer) => layer.generation).join(">");
}

/**
 * Lay configurations over one another, highest priority first in `layers`. Equal paths: the highest wins. Overlapping
 * paths are undocumented; FIDELITY: the lower is laid first, the higher assigned on top, and a configuration of which
 * at least one leaf survives is Applied [facts 1.6, G].
 */
export function layerConfigurations(layers: readonly Layer[], assign: AssignMode = "assign"): Layering {
  type Placed = Assignment & { readonly layer: Layer; readonly leaves: readonly DesiredPath[] };
  let placed: Placed[] = [];
  for (const layer of layers.toReversed()) {
    for (const assignment of layer.assignments) {
      const leaves = leafPaths(assignment.value, assignment.path);
      placed = placed
        .map((lower) => {
          // At the same path the higher wins all of it, merged or not.
          const taken =
            assign === "assign" || isSame(lower.path, assignment.path) ? [assignment.path] : leaves;
          return {
            ...lower,
            leaves: lower.leaves.filter((leaf) => !taken.some((path) => overlaps(leaf, path))),
          };
        })
        .filter((lower) => lower.leaves.length > 0);
      placed.push({ ...assignment, layer, leaves });
    }
  }
  const put = assign === "assign" ? assignAt : mergeAt;
  const applied = new Set(placed.map(({ layer }) => layer));
  const tops = placed.filter(
    ({ path }) => !placed.some((other) => other.path.length < path.length && isWithin(path, other.path)),
  );
  return {
    signature: layeringSignature(layers),
    statuses: new Map(layers.map((layer) => [layer.id, applied.has(layer) ? "Applied" : "Targeted"])),
    regions: tops.map(({ path }) => {
      const inside = placed.filter((part) => isWithin(part.path, path));
      return {
        path,
        value: valueAt(
          inside.reduce<JsonObject>((document, part) => put(document, part.path, part.value), {}),
          path,
        ),
        owners: inside.map(({ layer }) => layer.generation),
        source: inside.map((part) => `${part.layer.generation}:${part.path.join(".")}`).join(" "),
      };
    }),
  };
}

/**
 * The desired properties once the device passes from one layering to the next. A region that stays as it was is not
 * written again, so an edit by hand survives [facts 1.6, G]; one that nothing covers any more is taken away, except
 * where `isKept` says that its owners' content outlives them.
 */
export function relayer(
  desired: JsonObject,
  change: {
    readonly from: Layering | undefined;
    readonly to: Layering | undefined;
    readonly isKept: (region: Region) => boolean;
    readonly assign?: AssignMode;
    /** Whether regions that stay as they were are written again too. */
    readonly reassert?: boolean;
  },
): JsonObject {
  const from = change.from?.regions ?? [];
  const to = change.to?.regions ?? [];
  const isMerging = change.assign === "merge";
  const placesOf = (region: Region): readonly DesiredPath[] =>
    isMerging ? leafPaths(region.value, region.path) : [region.path];
  const covered = to.flatMap(placesOf);
  const uncovered = from
    .filter((region) => !change.isKept(region))
    .flatMap(placesOf)
    .filter((path) => !covered.some((place) => isWithin(path, place)));
  const fresh = to.filter(
    ({ path, source }) =>
      change.reassert === true || !from.some((old) => old.source === source && overlaps(old.path, path)),
  );
  const cleared = uncovered.reduce((document, path) => assignAt(document, path, null), desired);
  const put = isMerging ? mergeAt : assignAt;
  return fresh.reduce((document, { path, value }) => put(document, path, value), cleared);
}

function overlaps(a: DesiredPath, b: DesiredPath): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

function isSame(a: DesiredPath, b: DesiredPath): boolean {
  return a.length === b.length && isWithin(a, b);
}
