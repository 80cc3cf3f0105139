import { resolve } from "node:path";
import { USUAL_PLACES } from "../declarations/declarations.ts";

/** Settings of one source, whole or in part: sections with their values. */
export type Layer = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that set one value, and where it belongs. */
export const VARIABLES = {
  WAVEGATE_HUB_NAME: ["hub", "name"],
  WAVEGATE_HUB_CONNECTION_STRING: ["hub", "connectionString"],
  WAVEGATE_HUB_HOST_NAME: ["hub", "hostName"],
  WAVEGATE_HUB_TIER: ["hub", "tier"],
  WAVEGATE_HUB_UNITS: ["hub", "units"],
  WAVEGATE_IMAGES_BASE: ["images", "base"],
  WAVEGATE_IDENTITIES_CONTAINER: ["identities", "container"],
  WAVEGATE_RECORDS_FOLDER: ["records", "folder"],
  WAVEGATE_RECORDS_CONTAINER: ["records", "container"],
  WAVEGATE_FLEET: ["declarations", "fleet"],
  WAVEGATE_RELEASES: ["declarations", "releases"],
  WAVEGATE_OVERRIDES: ["declarations", "overrides"],
} as const;

/** Variables that are none of one value. */
export const OTHER_VARIABLES = {
  WAVEGATE_SETTINGS: "the settings file, where `--settings` names none",
  WAVEGATE_STACK_OUTPUTS: "the file of a stack's outputs, where `--stack-outputs` names none",
  WAVEGATE_CREDENTIAL:
    "`kind` of the credential of hub, images and a container of records; with a stack's outputs `azure-cli` by default",
  WAVEGATE_CLIENT_ID: "which managed identity; default: `rolloutClientId` of the stack's outputs",
} as const;

/** Where a stack that says nothing else keeps its records and declarations. */
export const DEFAULT_PLACES: Layer = {
  schemaVersion: 1,
  records: { folder: "records" },
  declarations: USUAL_PLACES,
};

/**
 * The settings that `WAVEGATE_*` variables are, over those below. `clientId` is what a managed identity is known by when
 * no variable says so.
 */
export function environmentLayer(
  environment: Environment,
  { clientId, under }: { readonly clientId: string | undefined; readonly under: Layer },
): Layer {
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
    // A folder is opened by nobody's name.
    if (keepsInContainer(environment, under)) set.push(["records", "credential", credential]);
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
          ? { ...withoutOtherKind(section, before, values), ...values }
          : values;
    }
    return merged;
  }, {});
}

/** A layer with its paths taken from where it stands. */
export function placeLayer(layer: Layer, folder: string): Layer {
  const at = (path: unknown): unknown => (typeof path === "string" ? resolve(folder, path) : path);
  const places = new Map([
    ["hub", ["caFile"]],
    ["images", ["caFile"]],
    ["records", ["folder", "caFile"]],
    ["identities", ["caFile"]],
    ["declarations", ["fleet", "releases", "overrides"]],
  ]);
  const placed = Object.entries(layer).map(([section, values]): [string, unknown] => {
    if (section === "otherHubs" && Array.isArray(values)) {
      const hubs: readonly unknown[] = values;
      return [section, hubs.map((hub) => (isLayer(hub) ? placeLayer({ hub }, folder)["hub"] : hub))];
    }
    if (!isLayer(values)) return [section, values];
    if (section === "sources") return [section, placeSources(values, at)];
    if (section === "notify") return [section, placeChannels(values, at)];
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

/** Sources of metrics with the paths of their files taken from where they stand. */
function placeSources(sources: Layer, at: (path: unknown) => unknown): Layer {
  return Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, placeFiles(source, at)]));
}

/** The same of the channels of notifications. */
function placeChannels(notify: Layer, at: (path: unknown) => unknown): Layer {
  const { channels } = notify;
  return Array.isArray(channels)
    ? { ...notify, channels: channels.map((one) => placeFiles(one, at)) }
    : notify;
}

/** A source or a channel: its certificates, and what it names by `{ file }`. */
function placeFiles(value: unknown, at: (path: unknown) => unknown): unknown {
  if (!isLayer(value)) return value;
  const entries = Object.entries(value).map(([key, one]): [string, unknown] => {
    if (key === "caFile") return [key, at(one)];
    return [key, isLayer(one) && "file" in one ? { ...one, file: at(one["file"]) } : one];
  });
  return Object.fromEntries(entries);
}

/** Whether a value is an object with keys. */
export function isLayer(value: unknown): value is Layer {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keepsInContainer(environment: Environment, under: Layer): boolean {
  if (environment["WAVEGATE_RECORDS_CONTAINER"] !== undefined) return true;
  const { records } = under;
  const isFolder = environment["WAVEGATE_RECORDS_FOLDER"] !== undefined;
  return !isFolder && isLayer(records) && records["container"] !== undefined;
}

/**
 * What is given in one of two ways, by the key that shows which: a hub is reached by key or by name, records are in a
 * folder or in a container. Then what belongs to the other way.
 */
const KINDS: Readonly<Record<string, readonly (readonly [key: string, other: readonly string[]])[]>> = {
  hub: [
    ["connectionString", ["hostName", "credential"]],
    ["hostName", ["connectionString", "caFile"]],
  ],
  records: [
    ["folder", ["container", "credential", "caFile"]],
    ["container", ["folder", "caFile"]],
  ],
};

/** A layer that says one way takes away the other one of those below. */
function withoutOtherKind(section: string, under: Layer, over: Layer): Layer {
  const dropped = KINDS[section]?.find(([key]) => over[key] !== undefined)?.[1] ?? [];
  return Object.fromEntries(Object.entries(under).filter(([key]) => !dropped.includes(key)));
}
