import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHub, type HubOptions, type LocalHub } from "../../../local/hub/hub.ts";
import { seededChance } from "../../../local/hub/seeded-chance.ts";
import { folderRecords } from "../../../rollout/adapters/folder-records.ts";
import { iotHub } from "../../../rollout/adapters/iot-hub.ts";
import { connectRegistry, type Registry } from "../../../rollout/adapters/registry.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { ClockPort, HubPort } from "../../../rollout/reconcile/ports.ts";
import { reconcile, type ReconcileResult } from "../../../rollout/reconcile/reconcile.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { lightFleet } from "../../support/light-fleet.ts";
import type { Behaviour } from "../../support/world.ts";
import { waitedClock, type WaitedClock } from "../adapters/hub-at-a-standstill.ts";
import { auditOf, ATTEMPT, type Audit } from "./audit.ts";

/** One or two hubs in data folders, their devices, a record store, and controllers that come and go. */
export interface Stage extends AsyncDisposable {
  readonly hubs: readonly LocalHub[];
  /** From 0 up to 1, from the seed. */
  readonly chance: () => number;
  /** Devices that were asked to take the release. */
  readonly asked: ReadonlySet<string>;
  /** What broke a rule, in words; and how each look went. */
  readonly broken: readonly string[];
  readonly trace: string[];
  /** Called before each call of the controller that looks; not for what it calls itself. */
  interrupt: () => Promise<void>;
  /** How far the controllers' clock is from the hubs'. */
  clockOffMs: number;
  readonly clock: WaitedClock;
  /** One run of a new controller process; undefined when the weather ended it. */
  look(): Promise<ReconcileResult | undefined>;
  /** Stop a hub and start it again from its folder, at the same address. */
  restart(index: number): Promise<void>;
  /** Devices that run a version. */
  running(version: string): number;
  /** States of the head record's intents, by attempt. */
  state(): Promise<string | undefined>;
}

/** What a stage is made of. */
export interface StageInput {
  readonly seed: number;
  readonly behave: Behaviour;
  readonly hubs?: 1 | 2;
  readonly queryLagMs?: number;
  readonly options?: Pick<HubOptions, "groupByKeys" | "notOverMissing" | "assign">;
}

export const DEVICES = 48;
/** Longer than anything that a fault lets wait: the hub's own clockwork, which the stage turns by hand. */
const NEVER_MS = 1e9;
const PRODUCT = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "half", cohort: percent(50), kind: "smoke" },
      { name: "everyone", cohort: percent(100) },
    ],
    gate: {
      ...({ tolerate: "2%", reject: "55%", falseStop: "5%", missedBad: "5%" } as const),
      ...({ deadline: "1 hours", bake: "1 hours", harmCap: 3, coverage: "80%" } as const),
    },
  }),
);

/** Set it up in fair weather. */
export async function setStage(input: StageInput): Promise<Stage> {
  const { queryLagMs = 0 } = input;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "wavegate-weather-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const clock = waitedClock();
  const hubClock = {
    now: () => clock.now(),
    // A fault's delay passes; the hub's own clockwork stands.
    sleep: async (ms: number, signal?: AbortSignal) => {
      if (ms >= NEVER_MS) await untilAborted(signal);
      clock.advance(ms);
    },
  };
  const start = (
    index: number,
    address: Pick<HubOptions, "httpsPort" | "mqttPort"> = {},
  ): Promise<LocalHub> =>
    startHub({
      ...input.options,
      ...address,
      ...{ clock: hubClock, queryLagMs, data: join(folder, `hub-${index}`), faultSeed: input.seed + index },
      ...{ evaluationIntervalMs: NEVER_MS, firstRunDelayMs: NEVER_MS },
    });
  const hubs: LocalHub[] = [];
  stack.defer(async () => {
    for (const hub of hubs) await hub.close();
  });
  const devices = aFleet(DEVICES);
  const fleet = lightFleet();
  for (let index = 0; index < (input.hubs ?? 1); index++) {
    const hub = await start(index);
    hubs.push(hub);
    const half = devices.filter((_, place) => Math.floor(place / 6) % (input.hubs ?? 1) === index);
    fleet.add(hub, half, "1.0.0");
  }
  // Queries are to know the devices that were there all along.
  clock.advance(queryLagMs);
  const records = folderRecords(join(folder, "records"));
  const asked = new Set<string>();
  const audits: readonly Audit[] = hubs.map((_, index) => auditOf(() => registryOf(hubs[index]), records));
  const images = imagesOf("1.0.0", "1.1.0");
  const controllers: ClockPort = {
    now: () => clock.now() + stage.clockOffMs,
    monotonic: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
  let isNested = false;
  const portTo = (index: number): HubPort =>
    watched(
      iotHub({
        ...{ name: `hub-${index}`, registry: registryOf(hubs[index]), clock: controllers },
        ...{ tier: "S1", units: 1, callTimeoutMs: 250 },
      }),
      {
        before: async () => {
          if (isNested) return;
          isNested = true;
          await stage.interrupt().finally(() => (isNested = false));
        },
        after: async () => {
          for (const audit of audits) await audit.check();
        },
      },
    );
  const answer = (): void => {
    for (const hub of hubs)
      fleet.answer(hub, clock.now(), (request) => {
        if (request.version === "1.1.0") asked.add(request.deviceId);
        return input.behave(request);
      });
  };
  const stage: Stage = {
    ...{ hubs, asked, clock, trace: [], clockOffMs: 0, chance: seededChance(input.seed) },
    get broken() {
      return audits.flatMap((audit) => audit.broken);
    },
    interrupt: () => Promise.resolve(),
    look: async () => {
      const ports = {
        ...{ hubs: hubs.map((_, index) => portTo(index)), records, clock: controllers },
        images: {
          base: "https://images.test",
          describe: (path: string) => Promise.resolve(images.get(path)),
        },
      };
      try {
        const result = await reconcile(PRODUCT, ports, { actor: "test", queryLagMs });
        const steps = result.steps.map((step) => (step.kind === "record" ? step.record.kind : step.kind));
        const left = result.problems?.map(({ code, summary }) => `${code}: ${summary}`).join("; ");
        stage.trace.push(
          `${clock.now()}: ${steps.join(", ")}; ${left ?? result.status?.text ?? "more to do"}`,
        );
        return result;
      } catch (error) {
        if (!(error instanceof WavegateError)) throw error;
        stage.trace.push(`${clock.now()}: ${error.code}: ${error.message}`);
        return undefined;
      } finally {
        answer();
      }
    },
    restart: async (index) => {
      const hub = hubs[index];
      if (hub === undefined) throw new RangeError(`there is no hub ${index}`);
      await hub.close();
      const again = await start(index, { httpsPort: hub.httpsPort, mqttPort: hub.mqttPort });
      hubs[index] = again;
      // Devices connect again, and queries come to know of it.
      for (const { deviceId } of again.twins.all()) again.twins.touch(deviceId);
      clock.advance(queryLagMs);
    },
    running: (version) =>
      hubs
        .flatMap(({ twins }) => [...twins.all()])
        .filter(({ reported: { value } }) => {
          const firmware = value["firmware"] as { currentFwVersion?: string } | undefined;
          return firmware?.currentFwVersion === version;
        }).length,
    state: async () => {
      const head = await audits[0]?.head();
      return head?.intents.find(({ attempt }) => attempt === ATTEMPT)?.state;
    },
    [Symbol.asyncDispose]: () => lasting.disposeAsync(),
  };
  const lasting = stack.move();
  return stage;
}

function registryOf(hub: LocalHub | undefined): Registry {
  if (hub === undefined) throw new RangeError("there is no such hub");
  const connectionString = hub.serviceConnectionString;
  return connectRegistry({ kind: "connection string", connectionString, ca: hub.caPem });
}

/** A port that tells of each call, and of each write once it was answered or not. */
function watched(
  port: HubPort,
  { before, after }: { readonly before: () => Promise<void>; readonly after: () => Promise<void> },
): HubPort {
  const told =
    <Args extends unknown[], T>(call: (...args: Args) => Promise<T>, isWrite: boolean) =>
    async (...args: Args): Promise<T> => {
      await before();
      try {
        return await call(...args);
      } finally {
        if (isWrite) await after();
      }
    };
  return {
    ...port,
    list: told(port.list.bind(port), false),
    count: told(port.count.bind(port), false),
    tally: told(port.tally.bind(port), false),
    create: told(port.create.bind(port), true),
    replace: told(port.replace.bind(port), true),
    remove: told(port.remove.bind(port), true),
  };
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => {
      reject(new Error("aborted"));
    });
  });
}
