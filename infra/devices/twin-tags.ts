import { bucketOf } from "../../rollout/model/bucket.ts";
import { TAG } from "../../rollout/model/twin-contract.ts";
import type { DeviceSettings } from "./device-settings.ts";

/**
 * The tags a device identity is created with, by their names in the twin contract; absent means the twin has none, and
 * of a hold that nothing is said: whoever holds a device by hand goes on holding it.
 */
export type DeviceTags = {
  readonly [Name in "product" | "stratum" | "ring" | "bucket"]?: string | number;
} & {
  readonly hold?: boolean;
};

const NAMES = ["product", "stratum", "ring", "bucket"] as const;

/** Patch that makes a twin's tags these: our other tags and everybody else's stay [IoT Hub REST: twins, merge patch]. */
export function patchOfTags(tags: DeviceTags): Record<string, unknown> {
  const patch = {};
  // A null takes the tag away.
  for (const name of NAMES) place(patch, pathOf(name), tags[name] ?? null);
  if (tags.hold !== undefined) place(patch, pathOf("hold"), tags.hold ? true : null);
  return { tags: patch };
}

/** The tags a twin carries, of those we write. */
export function tagsOfTwin(tags: unknown): DeviceTags {
  const found = NAMES.flatMap((name): [string, string | number][] => {
    const value = at(tags, pathOf(name));
    return typeof value === "string" || typeof value === "number" ? [[name, value]] : [];
  });
  // Any value holds: target conditions ask whether the tag is defined.
  return { ...Object.fromEntries(found), hold: at(tags, pathOf("hold")) !== undefined };
}

/** Tags of a device that is to be made: no null, for there is nothing to take away. */
export function tagsOfNew(tags: DeviceTags): Record<string, unknown> {
  const made = {};
  for (const name of NAMES) if (tags[name] !== undefined) place(made, pathOf(name), tags[name]);
  if (tags.hold === true) place(made, pathOf("hold"), true);
  return made;
}

/** Whether a twin's tags are what they are wanted to be. */
export function hasTags(found: DeviceTags, wanted: DeviceTags): boolean {
  const isHeldAsWanted = wanted.hold === undefined || wanted.hold === found.hold;
  return isHeldAsWanted && NAMES.every((name) => found[name] === wanted[name]);
}

/** The tags that a device is to have. */
export function tagsOf({
  deviceId,
  product,
  stratum,
  ring,
  hold,
}: Pick<DeviceSettings, "deviceId" | "product" | "stratum" | "ring" | "hold">): DeviceTags {
  return {
    product,
    stratum,
    ...(ring === undefined ? {} : { ring }),
    bucket: bucketOf(deviceId),
    ...(hold === undefined ? {} : { hold }),
  };
}

/** Path below `tags`: the contract's names start with it, as queries do. */
function pathOf(name: keyof DeviceTags): readonly string[] {
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

/** Initial tags of the devices of a group: ours over those it has, and never a bucket, which would be the same for all. */
export function tagsOfGroup(
  { product, stratum, ring, hold }: Pick<DeviceSettings, "product" | "stratum" | "ring" | "hold">,
  before: unknown,
): Record<string, unknown> {
  const tags = typeof before === "object" && before !== null ? structuredClone({ ...before }) : {};
  const ours = {
    product,
    stratum,
    ring,
    bucket: undefined,
    ...(hold === undefined ? {} : { hold: hold || undefined }),
  };
  for (const [name, value] of Object.entries(ours)) place(tags, pathOf(name as keyof DeviceTags), value);
  return tags;
}
