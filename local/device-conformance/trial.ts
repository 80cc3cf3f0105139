import { setTimeout as delay } from "node:timers/promises";
import type { FaultHandle, FaultRule, LocalHub } from "../hub/hub.ts";
import type { JsonValue } from "../hub/json-value.ts";
import { prepareAttempt, type Asking, type Attempt, type Signing } from "./attempt.ts";
import type { Device } from "./device.ts";
import type { Finding } from "./finding.ts";
import type { ImageStore } from "./image-store.ts";
import type { Images } from "./images.ts";
import type { RuleName } from "./rules.ts";
import { isKind, type HappeningOf, type Timeline } from "./timeline.ts";
import { ENDS, SECTION, type Block } from "./twin-block.ts";

/** How long things take, in real milliseconds. */
export interface Times {
  /** What must come has so long. */
  readonly patienceMs: number;
  /** What must not come is waited for so long. */
  readonly quietMs: number;
  /** How long the device keeps an image on trial. */
  readonly healthMs: number;
}

/** A scenario cannot go on: what failed has been noted. */
export class TrialEnded extends Error {}

/** One device in one scenario: what the kit does to it, and what it notes. */
export interface Trial {
  readonly device: Device;
  readonly images: Images;
  readonly times: Times;
  /** Absent where the device checks no signatures. */
  readonly signing: Signing | undefined;
  readonly timeline: Timeline;
  readonly attempts: readonly Attempt[];
  readonly findings: readonly Finding[];
  /** Rules that could not be looked at here, and why. */
  readonly untested: readonly { readonly rule: RuleName; readonly why: string }[];
  readonly expect: (rule: RuleName, isKept: boolean, expected: string) => void;
  /** As `expect`; the scenario ends when it is not so. */
  readonly must: (rule: RuleName, isKept: boolean, expected: string) => void;
  readonly skip: (rule: RuleName, why: string) => void;
  readonly ask: (asking: Asking) => Attempt;
  /** What `ask` would ask for, not asked. */
  readonly prepare: (asking: Asking) => Attempt;
  /** Give it an attempt again after something else: a run of its own. */
  readonly askAgain: (attempt: Attempt) => void;
  /** Send the section that stands in the twin once more, as SDKs and the hub do. */
  readonly repeat: (attempt: Attempt) => void;
  /** Put anything into the desired section. */
  readonly desire: (section: JsonValue, what: string) => void;
  /** The report that ends the attempt as it was asked for last; absent when none came. */
  readonly end: (attempt: Attempt) => Promise<Block | undefined>;
  /** The first report about the attempt that fits. */
  readonly report: (
    attempt: Attempt | undefined,
    fits?: (block: Block) => boolean,
  ) => Promise<Block | undefined>;
  /** The first report about the attempt that fits, of those that come from now on. */
  readonly nextReport: (attempt: Attempt, fits?: (block: Block) => boolean) => Promise<Block | undefined>;
  /** The device has begun to fetch. */
  readonly fetching: (attempt: Attempt) => Promise<boolean>;
  /** Wait the quiet time; what happened in it. */
  readonly quiet: () => Promise<Quiet>;
  readonly cutPower: () => Promise<void>;
  readonly powerOn: (variables?: Readonly<Record<string, string>>) => void;
  /** Cut the line, as a network would. */
  readonly dropLine: () => void;
  /** Cut the line and refuse new ones until released. */
  readonly holdLine: () => { readonly release: () => void };
  readonly fault: (rule: FaultRule, what: string) => FaultHandle;
}

/** What a device did while nothing was to be done. */
export interface Quiet {
  readonly reports: number;
  readonly fetches: number;
  readonly boots: number;
}

/** Everything a trial stands on. */
export interface TrialInput {
  readonly device: Device;
  readonly hub: LocalHub;
  readonly store: ImageStore;
  readonly images: Images;
  readonly times: Times;
  readonly signing: Signing | undefined;
}

/** Begin a scenario on a device that is up and at rest. */
export function beginTrial({ device, hub, store, images, times, signing }: TrialInput): Trial {
  const { deviceId } = device;
  const timeline = device.timeline();
  const attempts: Attempt[] = [];
  const findings: Finding[] = [];
  const untested: { rule: RuleName; why: string }[] = [];
  /** Where in the timeline each attempt was asked for last. */
  const askedAt = new Map<string, number>();

  const expect: Trial["expect"] = (rule, isKept, expected) => {
    findings.push({ rule, isKept, expected });
  };
  const write = (section: JsonValue, what: string, run: boolean): void => {
    timeline.add({ kind: "asked", what, run });
    hub.twins.mergeTwin(deviceId, { desired: { [SECTION]: section } });
  };
  const reportFrom = async (
    from: number,
    attempt: Attempt | undefined,
    fits: (block: Block) => boolean = () => true,
  ): Promise<Block | undefined> => {
    const isAbout = (block: Block): boolean => attempt === undefined || block.rolloutId === attempt.rolloutId;
    const found = await timeline.until(
      isKind("report", ({ block }) => isAbout(block) && fits(block)),
      { ms: times.patienceMs, from },
    );
    return found?.block;
  };
  const report: Trial["report"] = (attempt, fits) =>
    reportFrom(askedAt.get(attempt?.rolloutId ?? "") ?? 0, attempt, fits);
  const prepare: Trial["prepare"] = (asking) =>
    prepareAttempt(asking, { store, timeline, signing, had: device.had });
  const interfere = (what: string): void => {
    timeline.add({ kind: "interfered", what });
  };
  const send = (attempt: Attempt): void => {
    askedAt.set(attempt.rolloutId, timeline.all.length);
    write(attempt.section, `asks for ${attempt.version}, ${attempt.rolloutId}`, true);
  };

  return {
    ...{ device, images, times, signing, timeline, attempts, findings, untested, expect, report, prepare },
    nextReport: (attempt, fits) => reportFrom(timeline.all.length, attempt, fits),
    must: (rule, isKept, expected) => {
      expect(rule, isKept, expected);
      if (!isKept) throw new TrialEnded(expected);
    },
    skip: (rule, why) => {
      untested.push({ rule, why });
    },
    ask: (asking) => {
      const attempt = prepare(asking);
      attempts.push(attempt);
      send(attempt);
      return attempt;
    },
    askAgain: send,
    repeat: (attempt) => {
      write(attempt.section, `sends ${attempt.rolloutId} once more`, false);
    },
    desire: (section, what) => {
      write(section, what, true);
    },
    end: (attempt) => report(attempt, ({ outcome }) => ENDS.has(outcome)),
    fetching: async ({ served, rolloutId }) => {
      const fits = isKind("fetchBegan", ({ path }) => path === served.path);
      const from = askedAt.get(rolloutId) ?? 0;
      return (await timeline.until(fits, { ms: times.patienceMs, from })) !== undefined;
    },
    quiet: async () => {
      const from = timeline.all.length;
      const { bootId } = device.block();
      await delay(times.quietMs);
      const since = timeline.all.slice(from);
      return {
        reports: since.filter(isKind("report")).length,
        fetches: since.filter(isKind("fetchBegan")).length,
        boots: new Set(since.filter(isKind("report", ({ block }) => block.bootId !== bootId)).map(bootIdOf))
          .size,
      };
    },
    cutPower: async () => {
      const from = timeline.all.length;
      const isUp = isConnected(timeline);
      await device.power?.cut();
      if (isUp) await timeline.until(isKind("disconnected"), { ms: times.patienceMs, from });
    },
    powerOn: (variables) => device.power?.on(variables),
    dropLine: () => {
      interfere("cuts the line");
      hub.dropConnection(deviceId);
    },
    holdLine: () => {
      interfere("cuts the line, and refuses connections");
      const match = { api: "mqtt", call: "connections", deviceId } as const;
      const fault = hub.faults.add({ kind: "status", status: 503, match });
      hub.dropConnection(deviceId);
      return {
        release: () => {
          interfere("takes connections again");
          fault.remove();
        },
      };
    },
    fault: (rule, what) => {
      interfere(what);
      return hub.faults.add({ ...rule, match: { ...rule.match, deviceId } });
    },
  };
}

function bootIdOf({ block }: HappeningOf<"report">): unknown {
  return block.bootId;
}

function isConnected({ all }: Timeline): boolean {
  const last = all.findLast(({ kind }) => kind === "connected" || kind === "disconnected");
  return last?.kind === "connected";
}
