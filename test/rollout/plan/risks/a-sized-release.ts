import { strataThatCanProve } from "../../../../rollout/gate/proving-strata.ts";
import { sizeToProve } from "../../../../rollout/gate/size-to-prove.ts";
import { thresholds } from "../../../../rollout/gate/thresholds.ts";
import { attemptId } from "../../../../rollout/model/attempt.ts";
import { digestOfRelease } from "../../../../rollout/model/release.ts";
import type { SizedRelease } from "../../../../rollout/plan/product-plan.ts";
import { fleetTraffic } from "../../../../rollout/plan/traffic.ts";
import { waveBounds } from "../../../../rollout/plan/wave-bounds.ts";
import type { ReleaseDeclaration } from "../../../../rollout/wavegate.ts";
import { aRelease, declared } from "../../../support/declarations.ts";

/** Devices under each wave of a release, by stratum. */
export type Sizes = readonly Readonly<Record<string, number>>[];

/** A release over a fleet of any size: what planning it would have counted, on one S1 unit. */
export function aSizedRelease(
  sizes: Sizes,
  more: Partial<Omit<ReleaseDeclaration, "gate">> & {
    readonly gate?: Partial<ReleaseDeclaration["gate"]>;
  } = {},
): SizedRelease {
  const plain = aRelease("1.1.0");
  const product = declared({ ...plain, ...more, gate: { ...plain.gate, ...more.gate } });
  const [of] = product.releases;
  if (of === undefined) throw new Error(JSON.stringify(product.problems));
  const { release, file } = of;
  const { gate } = release;
  const devices = sizes.at(-1) ?? {};
  const proving = strataThatCanProve(devices, gate);
  const levels = thresholds({
    ...gate,
    strata: Object.keys(devices).length,
    evidenceWaves: release.waves.filter(({ kind }) => kind === "evidence").length,
  });
  const waves = release.waves.map(({ name, kind, bakeMs }, index) => {
    const wave = sizes[index] ?? {};
    const added = Object.fromEntries(
      Object.entries(wave).map(([stratum, count]) => [stratum, count - (sizes[index - 1]?.[stratum] ?? 0)]),
    );
    const all = Object.values(added).reduce((sum, count) => sum + count, 0);
    const traffic = fleetTraffic({ devices: all, tier: "S1", units: 1, desiredBytes: 1_000 });
    return {
      ...{ name, kind, bakeMs, added, cohort: "", condition: `wave ${index}`, devices: wave },
      traffic: [{ ...traffic, hub: "hub", tier: "S1" as const, units: 1, devices: all }],
      ...waveBounds({
        ...{ gate, wave, added, cumulative: levels.cumulative },
        proving: kind === "evidence" ? proving : [],
      }),
    };
  });
  return {
    ...{
      release,
      file,
      waves,
      devices,
      proving,
      windows: {},
      priority: 1010,
      baseline: "1.0.0",
      unstamped: 0,
    },
    ...{ digest: digestOfRelease(release), desiredBytes: 1_000 },
    attempt: attemptId("thermostat", "1.1.0", 1),
    thresholds: { ...levels, sizeToProve: sizeToProve(gate) },
  };
}
