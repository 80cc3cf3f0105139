import { availableParallelism } from "node:os";
import { createCertificateAuthority } from "../hub/certificates.ts";
import { startHub, type LocalHub } from "../hub/hub.ts";
import type { Signing } from "./attempt.ts";
import { createDevice, type Device, type Supply } from "./device.ts";
import type { Finding } from "./finding.ts";
import { startImageStore, type ImageStore } from "./image-store.ts";
import type { Images } from "./images.ts";
import type { RuleName } from "./rules.ts";
import type { Need, Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { standingFindings } from "./standing-rules.ts";
import { isKind, timelineLines } from "./timeline.ts";
import { beginTrial, TrialEnded, type Times, type Trial } from "./trial.ts";

/** What is to be tried, and on what. */
export interface ConformanceOptions {
  readonly images: Images;
  readonly times: Times;
  readonly signing?: Signing | undefined;
  /** How devices are started; absent: one device connects by itself, and all scenarios are put to it. */
  readonly supply?: ((places: { readonly caPem: string }) => Promise<Supply>) | undefined;
  /** Names of scenarios or of rules; empty: everything. */
  readonly only?: readonly string[];
  /** Scenarios under way at a time. Default: two a processor. */
  readonly atOnce?: number | undefined;
  /** Address to listen on. Default: localhost. */
  readonly host?: string | undefined;
  /** Port of MQTT. Default: any. */
  readonly mqttPort?: number | undefined;
  /** Where a device that connects by itself is to connect. */
  readonly onAddress?: (places: {
    readonly connectionString: string;
    readonly caPem: string;
  }) => Promise<void>;
  readonly onScenario?: (result: ScenarioResult) => void;
}

/** What came of one scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly findings: readonly Finding[];
  readonly untested: readonly { readonly rule: RuleName; readonly why: string }[];
  /** What happened, a line each. */
  readonly evidence: readonly string[];
  readonly seconds: number;
}

/** Real milliseconds a device that connects by itself may be waited for. */
const CONNECT_MS = 15 * 60_000;

/** The scenarios of a choice of names: a rule chooses all that look at it. */
function chosenScenarios(only: readonly string[]): readonly Scenario[] {
  return SCENARIOS.filter(
    ({ name, rules }) => only.length === 0 || [name, ...rules].some((one) => only.includes(one)),
  );
}

/** Put a device through the scenarios against a local hub of its own. */
export async function runConformance(options: ConformanceOptions): Promise<readonly ScenarioResult[]> {
  const { host = "localhost", supply: makeSupply } = options;
  const authority = await createCertificateAuthority();
  const devices = new Map<string, Device>();
  await using hub = await startHub({
    certificate: authority,
    throttle: "off",
    dailyQuota: "off",
    ...(options.host === undefined ? {} : { host }),
    ...(options.mqttPort === undefined ? {} : { mqttPort: options.mqttPort }),
    log: (entry) => devices.get(entry.deviceId ?? "")?.hear(entry),
  });
  await using store = await startImageStore(authority, host);
  const supply = await makeSupply?.({ caPem: authority.certPem });
  const bench: Bench = { hub, store, devices, supply, options };
  const scenarios = chosenScenarios(options.only ?? []);
  if (supply === undefined) return await runOnOne(bench, scenarios);
  // The slow ones wait for the clock, and had best do so first.
  const waiting = [...scenarios]
    .sort((a, b) => Number(b.isSlow === true) - Number(a.isSlow === true))
    .values();
  const results = new Map<Scenario, ScenarioResult>();
  const next = async (): Promise<void> => {
    for (const scenario of waiting) results.set(scenario, await runFresh(bench, scenario));
  };
  await Promise.all(Array.from({ length: options.atOnce ?? 2 * availableParallelism() }, next));
  return scenarios.flatMap((scenario) => results.get(scenario) ?? []);
}

interface Bench {
  readonly hub: LocalHub;
  readonly store: ImageStore;
  readonly devices: Map<string, Device>;
  readonly supply: Supply | undefined;
  readonly options: ConformanceOptions;
}

/** A scenario on a device of its own, new from the factory. */
async function runFresh(bench: Bench, scenario: Scenario): Promise<ScenarioResult> {
  const missing = missingFor(bench, scenario);
  if (missing !== undefined) return skipped(bench, scenario, missing);
  await using device = await createDevice(bench.hub, bench.supply);
  bench.devices.set(device.deviceId, device);
  device.had.add(bench.options.images.factory.sha256);
  device.power?.on();
  const up = await device.timeline().until(isKind("report"), { ms: bench.options.times.patienceMs });
  return await runScenario(bench, { scenario, device, isUp: up !== undefined });
}

/** All scenarios on the one device that came by itself, which is brought back to its first image before each. */
async function runOnOne(bench: Bench, scenarios: readonly Scenario[]): Promise<readonly ScenarioResult[]> {
  const { options } = bench;
  const { factory } = options.images;
  await using device = await createDevice(bench.hub, undefined);
  bench.devices.set(device.deviceId, device);
  device.had.add(factory.sha256);
  const caPem = bench.hub.caPem;
  await options.onAddress?.({ connectionString: device.connectionString, caPem });
  const came = await device.timeline().until(isKind("report"), { ms: CONNECT_MS });
  if (came === undefined)
    throw new Error(
      `no device has connected and reported in ${CONNECT_MS / 60_000} minutes; start it, then this`,
    );
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const missing = missingFor(bench, scenario);
    const result =
      missing === undefined
        ? await runScenario(bench, { scenario, device, isUp: await isOnFactoryImage(bench, device) })
        : skipped(bench, scenario, missing);
    results.push(result);
  }
  return results;
}

async function isOnFactoryImage(bench: Bench, device: Device): Promise<boolean> {
  const { factory } = bench.options.images;
  device.startTimeline();
  if (device.block().currentFwVersion !== factory.version) {
    const trial = trialOf(bench, device);
    const end = await trial.end(trial.ask({ image: factory }));
    if (end?.currentFwVersion !== factory.version) return false;
    device.startTimeline();
  }
  return true;
}

function trialOf(bench: Bench, device: Device): Trial {
  return beginTrial({ ...bench, ...bench.options, signing: bench.options.signing, device });
}

async function runScenario(
  bench: Bench,
  {
    scenario,
    device,
    isUp,
  }: { readonly scenario: Scenario; readonly device: Device; readonly isUp: boolean },
): Promise<ScenarioResult> {
  const startedAt = performance.now();
  const trial = trialOf(bench, device);
  try {
    trial.must("start-report", isUp, "the device is up, has reported, and runs its first image");
    await scenario.run(trial);
  } catch (error) {
    if (!(error instanceof TrialEnded)) throw error;
  }
  const words = device.power?.lastWords() ?? [];
  const result: ScenarioResult = {
    scenario,
    findings: [...trial.findings, ...standingFindings(trial)],
    untested: trial.untested,
    evidence: [...timelineLines(trial.timeline.all), ...words.map((line) => `  its words: ${line}`)],
    seconds: (performance.now() - startedAt) / 1000,
  };
  bench.options.onScenario?.(result);
  return result;
}

function skipped(bench: Bench, scenario: Scenario, why: string): ScenarioResult {
  const untested = scenario.rules.map((rule) => ({ rule, why }));
  const result: ScenarioResult = { scenario, findings: [], untested, evidence: [], seconds: 0 };
  bench.options.onScenario?.(result);
  return result;
}

/** Why a scenario cannot be played; absent when it can. */
function missingFor({ supply, options }: Bench, { needs = [] }: Scenario): string | undefined {
  const reasons: Readonly<Record<Need, string | undefined>> = {
    power: supply === undefined ? "the kit does not start this device (--wait)" : undefined,
    signing: options.signing === undefined ? "the device checks no signatures (--unsigned)" : undefined,
  };
  for (const need of needs) {
    if (need === "power" || need === "signing") {
      if (reasons[need] !== undefined) return reasons[need];
    } else if (options.images[need] === undefined)
      return `no image was given for it (--image ${need}=FILE@VERSION)`;
  }
  return undefined;
}
