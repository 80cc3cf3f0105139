import { resolve } from "node:path";

/** Settings of one source, whole or in part: sections with their values. */
export type Layer = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that set one value, and where it belongs. */
const VARIABLES = {
  WAVEGATE_HUB_NAME: ["hub", "name"],
  WAVEGATE_HUB_CONNECTION_STRING: ["hub", "connectionString"],
  WAVEGATE_HUB_HOST_NAME: ["hub", "hostName"],
  WAVEGATE_HUB_TIER: ["hub", "tier"],
  WAVEGATE_HUB_UNITS: ["hub", "units"],
  WAVEGATE_IMAGES_BASE: ["images", "base"],
  WAVEGATE_IDENTITIES_CONTAINER: ["identities", "container"],
  WAVEGATE_RECORDS_FOLDER: ["records", "folder"],
  WAVEGATE_FLEET: ["declarations", "fleet"],
  WAVEGATE_RELEASES: ["declarations", "releases"],
} as const;

/** Where a stack that says nothing else keeps its records and declarations. */
export const DEFAULT_PLACES: Layer = {
  schemaVersion: 1,
  records: { folder: "records" },
  declarations: { fleet: "rollout/fleet.ts", releases: "rollout/releases" },
};

/** The settings that `WAVEGATE_*` variables are. `clientId` is what a managed identity is known by when none says so. */
export function environmentLayer(environment: Environment, clientId: string | undefined): Layer {
  const set: [string, string, unknown][] = Object.entries(VARIABLES).flatMap(([variable, [section, key]]) => {
    const text = environment[variable];
    if (text === undefined) return [];
    return [[section, key, key === "units" ? Number(text) : text]];
  });
  const kind = environment["WAVEGATE_CREDENTIAL"];
  if (kind !== undefined) {
    const id = environment["WAVEGATE_CLIENT_ID"] ?? clientId;
    const credential = kind === "managed-identity" ? { kind, clientId: id } : { kind };
    set.push(["hub", "credential", credential], ["images", "credential", credential]);
  }
  const layer: Record<string, Record<string, unknown>> = {};
  for (const [section, key, value] of set) (layer[section] ??= {})[key] = value;
  return layer;
}

/** Settings in which the later layer wins, value by value. */
export function mergeLayers(layers: readonly Layer[]): Layer {
  return layers.reduce((under, over) => {
    const merged: Record<string, unknown> = { ...under };
    for (const [section, values] of Object.entries(over)) {
      const before = under[section];
      merged[section] =
        isLayer(before) && isLayer(values)
          ? { ...(section === "hub" ? accessOf(before, values) : before), ...values }
          : values;
    }
    return merged;
  }, {});
}

/** A layer with its paths taken from where it stands. */
export function placeLayer(layer: unknown, folder: string): unknown {
  if (!isLayer(layer)) return layer;
  const at = (path: unknown): unknown => (typeof path === "string" ? resolve(folder, path) : path);
  const places = new Map([
    ["hub", ["caFile"]],
    ["images", ["caFile"]],
    ["identities", ["caFile"]],
    ["records", ["folder"]],
    ["declarations", ["fleet", "releases"]],
  ]);
  const placed = Object.entries(layer).map(([section, values]): [string, unknown] => {
    if (!isLayer(values)) return [section, values];
    const entries = Object.entries(values).map(([key, value]): [string, unknown] => {
      if (places.get(section)?.includes(key) === true) return [key, at(value)];
      if (key === "credential" && isLayer(value) && "file" in value)
        return [key, { ...value, file: at(value["file"]) }];
      return [key, value];
    });
    return [section, Object.fromEntries(entries)];
  });
  return Object.fromEntries(placed);
}

/** Whether a value is an object with keys. */
export function isLayer(value: unknown): value is Layer {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A hub is reached by key or by name: a layer that says one takes away the other one of those below. */
function accessOf(under: Layer, over: Layer): Layer {
  const dropped =
    over["connectionString"] !== undefined
      ? ["hostName", "credential"]
      : over["hostName"] !== undefined
        ? ["connectionString", "caFile"]
        : [];
  return Object.fromEntries(Object.entries(under).filter(([key]) => !dropped.includes(key)));
}
