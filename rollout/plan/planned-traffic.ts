import { canonicalJson } from "../model/digest.ts";
import { TWINS } from "../model/metric.ts";
import { countedOn, type Answers } from "../model/question.ts";
import type { Release } from "../model/release.ts";
import { releaseDocument } from "./documents.ts";
import { ownCalls } from "./own-calls.ts";
import type { PlanHub, PlanInput } from "./plan-input.ts";
import type { PlannedCalls, PlannedTraffic } from "./product-plan.ts";
import { countByStratum } from "./queries.ts";
import { fleetTraffic } from "./traffic.ts";

const DAY_MS = 86_400_000;
/** A digest and the query of a user delegation SAS. */
const KEY_BYTES = 520;

/** What the devices that a wave adds ask of each hub; nothing of hubs whose size is not known. */
export function waveTraffic(input: {
  readonly conditions: readonly string[];
  readonly wave: number;
  readonly hubs: readonly PlanHub[];
  readonly answers: Answers;
  readonly desiredBytes: number;
  readonly accessBytes: number | undefined;
}): readonly PlannedTraffic[] {
  const { conditions, wave, hubs, answers, desiredBytes, accessBytes } = input;
  const on = (hub: string, index: number): number =>
    index < 0 ? 0 : countedOn(answers, countByStratum(conditions[index] ?? ""), hub);
  return hubs.flatMap(({ name, size }) => {
    if (size === undefined) return [];
    const devices = Math.max(0, on(name, wave) - on(name, wave - 1));
    return [
      { hub: name, ...size, devices, ...fleetTraffic({ devices, ...size, desiredBytes, accessBytes }) },
    ];
  });
}

/** Bytes of what a device is sent: the content of the release's configuration, as JSON. */
export function desiredBytesOf(
  of: Pick<Parameters<typeof releaseDocument>[0], "attempt" | "digest" | "priority" | "imageBase"> & {
    readonly release: Release;
  },
): number {
  const { content } = releaseDocument({ ...of.release, ...of, adopted: false });
  return new TextEncoder().encode(canonicalJson(Object.values(content)[0] ?? {})).length;
}

/** Bytes of the keys that a device is sent: to every image that stands on the hub, its own and those it may go back to. */
export function accessBytesOf({
  access,
  intents,
}: Pick<PlanInput, "access" | "intents">): number | undefined {
  if (access === undefined) return undefined;
  return KEY_BYTES * (1 + intents.filter(({ state }) => state !== "retired").length);
}

/** What the rollout's own calls come to, if every wave takes no longer than its bake. */
export function plannedCalls(
  release: Release,
  { hubs, lookEveryMs, access }: PlanInput,
  products: number,
): PlannedCalls | undefined {
  // The hub with the least budget: each is asked the same.
  const sizes = hubs.flatMap(({ size }) => (size === undefined ? [] : [size]));
  if (lookEveryMs === undefined || sizes.length === 0 || sizes.length < hubs.length) return undefined;
  const paced = release.waves.reduce((sum, { pace }) => sum + (pace?.parts ?? 1) - 1, 0);
  const ms = release.waves.reduce(
    (sum, { bakeMs, pace }) => sum + bakeMs + (pace === undefined ? 0 : (pace.parts - 1) * pace.everyMs),
    release.watchMs,
  );
  const days = ms / DAY_MS;
  const priced = sizes.map((size) =>
    ownCalls({
      ...size,
      hubs: hubs.length,
      // One, whatever a hub might take [docs/decisions/0002].
      groupByKeys: 1,
      lookEveryMs,
      days,
      waves: release.waves.length,
      products,
      extraParts: paced,
      // The first when it starts, then at half of their life.
      renewals: access === undefined ? 0 : 1 + Math.floor(ms / (access.lifeMs / 2)),
      countedMetrics: (release.gate.metrics ?? []).filter(({ source }) => source === TWINS).length,
    }),
  );
  const [first] = priced;
  if (first === undefined) return undefined;
  // Several products share the budgets; the calls are those of this one.
  return {
    days,
    callsPerLook: first.callsPerLook,
    looks: first.looks,
    calls: Math.round(first.calls / products),
    queryShare: Math.max(...priced.map(({ queryShare }) => queryShare)),
    configurationShare: Math.max(...priced.map(({ configurationShare }) => configurationShare)),
    products,
  };
}
