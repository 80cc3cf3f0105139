import type { CallClass, DeviceOperation } from "./call-counts.ts";
import { seededChance } from "./seeded-chance.ts";
import { ServiceError } from "./service-error.ts";

/** What a fault can befall: one request to the service API, or one operation of a device. */
export type FaultSubject =
  | { readonly api: "rest"; readonly call: CallClass; readonly route?: string; readonly deviceId?: string }
  | { readonly api: "mqtt"; readonly call: DeviceOperation; readonly deviceId: string };

/** Which subjects a rule is about: those that agree in every field that is given. */
export interface FaultMatch {
  /** "mqtt" operations go by the same class names as calls where both have them. */
  readonly api?: "rest" | "mqtt";
  readonly call?: CallClass | DeviceOperation;
  /** Method and path of the service API as the hub writes its routes, such as `PATCH /twins/:id`, or a pattern for that. */
  readonly route?: string | RegExp;
  readonly deviceId?: string;
}

/** What happens. */
export type Fault =
  /** It is taken up so many milliseconds of the hub's clock later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** It is refused; over MQTT in the body of the answer, for a connection as CONNACK 3, for a message by disconnecting. */
  | { readonly kind: "status"; readonly status: 429 | 500 | 503 }
  /** It takes effect, then the connection is cut without an answer. */
  | { readonly kind: "lost answer" }
  /** It takes effect, and no answer ever comes on a connection that stays open. */
  | { readonly kind: "no answer" }
  /** The connection is cut before it takes effect. */
  | { readonly kind: "drop before" }
  /** The device's MQTT connection is cut; a request to the service API that named the device goes on. */
  | { readonly kind: "mqtt drop" };

/** A fault, whom it befalls and how often. */
export type FaultRule = Fault & {
  readonly match: FaultMatch;
  /** Ends after so many faults; default never. */
  readonly times?: number;
  /** Chance for each subject that matches, over 0 up to 1; default 1. Drawn from the hub's seed. */
  readonly probability?: number;
};

/** A rule that was set; disposing of it ends it. */
export interface FaultHandle extends Disposable {
  /** How often it struck. */
  readonly hits: () => number;
  readonly remove: () => void;
}

/** The faults of a running hub. */
export interface Faults {
  readonly add: (rule: FaultRule) => FaultHandle;
  /** Remove all rules. */
  readonly clear: () => void;
}

/** The connection is to be cut, or left without an answer. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  readonly isCut: boolean;

  constructor(isCut: boolean) {
    super(isCut ? "A fault cuts the connection" : "A fault keeps the answer back");
    this.isCut = isCut;
  }
}

/** The faults as the hub lives with them. */
export interface FaultInjection extends Faults {
  /** Do the work under the faults that are due; rejects with their ServiceError or Unanswered. */
  readonly around: <Result>(subject: FaultSubject, work: () => Promise<Result>) => Promise<Result>;
}

interface LiveRule {
  readonly rule: FaultRule;
  readonly chance: () => number;
  hits: number;
}

/** No faults yet; the same seed, rules and order of requests give the same faults. */
export function createFaults(options: {
  readonly seed: number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Cut a device's MQTT connection. */
  readonly drop: (deviceId: string) => void;
}): FaultInjection {
  const rules = new Set<LiveRule>();
  let added = 0;

  const strikes = (live: LiveRule, subject: FaultSubject): boolean => {
    const { match, times = Infinity, probability = 1 } = live.rule;
    if (live.hits >= times || !isMatch(match, subject)) return false;
    // Drawn for every match, whatever other rules do, so that a rule's faults depend on nothing but its subjects.
    if (live.chance() >= probability) return false;
    live.hits += 1;
    return true;
  };

  return {
    add: (rule) => {
      checkRule(rule);
      added += 1;
      const live: LiveRule = { rule, chance: seededChance(options.seed + added * 0x9e3779b1), hits: 0 };
      rules.add(live);
      const remove = (): void => {
        rules.delete(live);
      };
      return { hits: () => live.hits, remove, [Symbol.dispose]: remove };
    },
    clear: () => {
      rules.clear();
    },
    around: async (subject, work) => {
      if (rules.size === 0) return work();
      // All that are due, in the order they were added, before the first wait: later requests must not mix in.
      const due = [...rules].filter((live) => strikes(live, subject)).map(({ rule }) => rule);
      let lost: Unanswered | undefined;
      for (const fault of due) {
        switch (fault.kind) {
          case "delay":
            await options.sleep(fault.ms);
            break;
          case "status":
            throw refusal(fault.status);
          case "drop before":
            throw new Unanswered(true);
          case "mqtt drop":
            if (subject.api === "mqtt") throw new Unanswered(true);
            if (subject.deviceId !== undefined) options.drop(subject.deviceId);
            break;
          case "lost answer":
          case "no answer":
            lost ??= new Unanswered(fault.kind === "lost answer");
            break;
        }
      }
      if (lost === undefined) return work();
      // A refusal is lost like any other answer.
      await work().catch(() => undefined);
      throw lost;
    },
  };
}

function isMatch({ api, call, route, deviceId }: FaultMatch, subject: FaultSubject): boolean {
  const asked = subject.api === "rest" ? (subject.route ?? "") : undefined;
  return (
    (api === undefined || api === subject.api) &&
    (call === undefined || call === subject.call) &&
    (deviceId === undefined || deviceId === subject.deviceId) &&
    // search() and not test(): a pattern with the flag g would remember where it was.
    (route === undefined ||
      (asked !== undefined && (typeof route === "string" ? route === asked : asked.search(route) >= 0)))
  );
}

function checkRule(rule: FaultRule): void {
  const { times = 1, probability = 1 } = rule;
  if (!Number.isInteger(times) || times < 1) {
    throw new RangeError(`faults.add: times is ${times}, a whole number from 1 is needed`);
  }
  if (!(probability > 0 && probability <= 1)) {
    throw new RangeError(`faults.add: probability is ${probability}, a number over 0 and up to 1 is needed`);
  }
  if (rule.kind === "delay" && !(Number.isFinite(rule.ms) && rule.ms >= 0)) {
    throw new RangeError(`faults.add: ms is ${rule.ms}, a number of milliseconds from 0 is needed`);
  }
}

function refusal(status: 429 | 500 | 503): ServiceError {
  const code = { 429: "ThrottlingException", 500: "ServerError", 503: "ServiceUnavailable" } as const;
  return new ServiceError(status, code[status], { message: "A fault that was set on the local hub" });
}
