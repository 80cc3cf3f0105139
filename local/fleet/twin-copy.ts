import { accessSection, firmwareSection, twinVersionOf } from "../../device/firmware-section.ts";

/** What a device knows of its twin: the whole of it as it was read, and the changes since. */
export interface TwinCopy {
  /** The twin as the hub holds it now, desired and reported. */
  replace(twin: unknown): void;
  /** A change of the desired properties. */
  change(patch: unknown): void;
  /** Hand out what is desired, now and after each change. */
  readonly listen: () => void;
  /** What the hub held as reported when the twin was read. */
  readonly reported: () => unknown;
}

type Properties = Readonly<Record<string, unknown>>;

/** Nothing yet; `onDesired` gets the whole firmware section and the whole access section each time. */
export function createTwinCopy(onDesired: (firmware: unknown, access: unknown) => void): TwinCopy {
  let desired: unknown;
  let reported: unknown;
  let isListening = false;
  const handOut = (): void => {
    if (isListening) onDesired(firmwareSection(desired), accessSection(desired));
  };
  return {
    replace(twin) {
      ({ desired, reported } = asProperties(twin));
      handOut();
    },
    change(patch) {
      // One that was sent before the twin was read is in it already.
      if (twinVersionOf(patch) <= twinVersionOf(desired)) return;
      desired = mergePatch(desired, patch);
      handOut();
    },
    listen() {
      isListening = true;
      handOut();
    },
    reported: () => firmwareSection(reported),
  };
}

/** [RFC 7396]: null deletes. Nothing that was handed out is changed. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(asProperties(target)));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function asProperties(value: unknown): Properties {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
