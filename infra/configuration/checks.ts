import type { HubTier } from "../hub-tier.ts";
import { deviceContradictions, type Contradiction } from "./device-checks.ts";
import { groupContradictions } from "./group-checks.ts";
import type { ConfigurationValues } from "./schema.ts";

/** Units a tier takes [IoT Hub quotas: maximum units]. */
const MAX_UNITS = { F1: 1, S1: 200, S2: 200, S3: 10 } as const satisfies Record<HubTier, number>;
/** Partitions a tier takes at most [IoT Hub quotas: partitions]. */
const MAX_PARTITIONS = { F1: 2, S1: 32, S2: 32, S3: 32 } as const satisfies Record<HubTier, number>;

/** Everything that the keys contradict each other in. */
export function contradictionsIn(values: Partial<ConfigurationValues>): readonly Contradiction[] {
  return [...hubContradictions(values), ...productionContradictions(values)].concat(
    subjectContradictions(values),
    deviceContradictions(values),
    groupContradictions(values),
  );
}

function hubContradictions({
  hubTier,
  hubUnits = 0,
  hubPartitions = 0,
}: Partial<ConfigurationValues>): Contradiction[] {
  if (hubTier === undefined) return [];
  const most = { hubUnits: MAX_UNITS[hubTier], hubPartitions: MAX_PARTITIONS[hubTier] };
  return Object.entries({ hubUnits, hubPartitions }).flatMap(([key, value]) => {
    // Both objects have the same keys.
    const limit = most[key as keyof typeof most];
    return value > limit
      ? [{ path: [key], summary: `${value} is too many: ${hubTier} takes at most ${limit}` }]
      : [];
  });
}

function productionContradictions(values: Partial<ConfigurationValues>): Contradiction[] {
  if (values.environment !== "production") return [];
  const { protect, allowServiceKeys, diagnostics, hubTier } = values;
  const refused: [boolean, keyof ConfigurationValues, string][] = [
    [protect === false, "protect", "a production stack is protected, or one command deletes hub and records"],
    [allowServiceKeys === true, "allowServiceKeys", "a production stack takes no keys that can be copied"],
    [diagnostics === false, "diagnostics", "a production stack needs logs: nobody would hear of its end"],
    [hubTier === "F1", "hubTier", "F1 stops at 8,000 messages a day, and cannot become a paid tier"],
  ];
  return refused.flatMap(([applies, key, summary]) =>
    applies ? [{ path: [key], summary: `${summary} (or: pulumi config set environment development)` }] : [],
  );
}

/** Identities are apart only as long as nobody can be two of them. */
function subjectContradictions(values: Partial<ConfigurationValues>): Contradiction[] {
  const keys = ["rolloutSubject", "identitiesSubject", "previewSubject"] as const;
  return keys.flatMap((key, index): Contradiction[] => {
    const before = keys.slice(0, index).find((other) => values[other] === values[key]);
    if (values[key] === undefined || before === undefined) return [];
    return [
      { path: [key], summary: `is the environment of ${before}: whoever gets one would get the other` },
    ];
  });
}
