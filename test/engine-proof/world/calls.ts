import type { HubPort, RecordPort } from "../../../rollout/reconcile/ports.ts";

/** What a port's method is to the crash matrix. */
type Kind = "effect" | "read" | "not a call";

/**
 * Every method of the ports that the engine acts through. A new one fails to compile here until it is classified, and an
 * effect without a crash test fails the crash matrix.
 */
export const HUB_CALLS = {
  name: "not a call",
  size: "not a call",
  list: "read",
  count: "read",
  device: "read",
  deviceIds: "read",
  tally: "read",
  create: "effect",
  replace: "effect",
  remove: "effect",
} as const satisfies Record<keyof HubPort, Kind>;

/** The same of the record store. */
export const RECORD_CALLS = {
  putRecord: "effect",
  getRecord: "read",
  markTaken: "effect",
  takenMark: "read",
  putTombstone: "effect",
  tombstones: "read",
  appendLook: "effect",
  looks: "read",
  contents: "read",
} as const satisfies Record<keyof RecordPort, Kind>;

/** True for a method whose answer may be lost after it took effect. */
export function isEffect(method: string): boolean {
  return (
    { ...HUB_CALLS, ...RECORD_CALLS }[method as keyof typeof HUB_CALLS | keyof typeof RECORD_CALLS] ===
    "effect"
  );
}

/** What a call is about, for tables: `replace ref`, `replace release`, `putRecord`. */
export function callName(method: string, argument: unknown): string {
  // A hub's writes name a document or an id; a record has neither, and a product is no id.
  const id = typeof argument === "object" && argument !== null && "id" in argument ? argument.id : argument;
  if (typeof id !== "string" || !/^(wg|fw)--/.test(id)) return method;
  if (id.startsWith("wg--")) return `${method} ref`;
  return id.includes("--1-0-0--") ? `${method} baseline` : `${method} release`;
}

/** Round a port: every method goes through `around`, one that was never classified is refused. */
export function wrapped<Port extends object>(
  port: Port,
  kinds: Readonly<Record<string, Kind>>,
  around: (method: string, argument: unknown, run: () => unknown) => Promise<unknown>,
): Port {
  return new Proxy(port, {
    get: (target, property) => {
      const method = String(property);
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      const kind = kinds[method];
      if (kind === undefined) throw new Error(`${method} is a new port method: say in calls.ts what it is`);
      return (...given: unknown[]) =>
        around(method, given[0], () => Reflect.apply(value, target, given) as unknown);
    },
  });
}
