import { TAG } from "../../rollout/model/twin-contract.ts";

/** The tags a device identity is created with, by their names in the twin contract; absent means the twin has none. */
export type DeviceTags = { readonly [Name in "product" | "stratum" | "ring" | "bucket"]?: string | number };

const NAMES = ["product", "stratum", "ring", "bucket"] as const;

/** Patch that makes a twin's tags these: our other tags and everybody else's stay [IoT Hub REST: twins, merge patch]. */
export function patchOfTags(tags: DeviceTags): Record<string, unknown> {
  const patch = {};
  // A null takes the tag away.
  for (const name of NAMES) place(patch, pathOf(name), tags[name] ?? null);
  return { tags: patch };
}

/** The tags a twin carries, of those we write. */
export function tagsOfTwin(tags: unknown): DeviceTags {
  const found = NAMES.flatMap((name): [string, string | number][] => {
    const value = at(tags, pathOf(name));
    return typeof value === "string" || typeof value === "number" ? [[name, value]] : [];
  });
  return Object.fromEntries(found);
}

/** Whether two sets of tags say the same. */
export function isSameTags(a: DeviceTags, b: DeviceTags): boolean {
  return NAMES.every((name) => a[name] === b[name]);
}

/** Path below `tags`: the contract's names start with it, as queries do. */
function pathOf(name: (typeof NAMES)[number]): readonly string[] {
  return TAG[name].split(".").slice(1);
}

function place(target: object, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    Reflect.set(target, key, value);
    return;
  }
  const before: unknown = Reflect.get(target, key);
  const section = typeof before === "object" && before !== null ? before : {};
  Reflect.set(target, key, section);
  place(section, rest, value);
}

function at(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  return typeof value === "object" && value !== null ? at(Reflect.get(value, key), rest) : undefined;
}
