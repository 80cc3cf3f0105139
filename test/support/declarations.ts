import type { Digest } from "../../rollout/model/digest.ts";
import { sha256Hex } from "../../rollout/model/digest.ts";
import {
  defineFleet,
  defineRelease,
  percent,
  ring,
  type Artifact,
  type FleetDeclaration,
  type ReleaseDeclaration,
} from "../../rollout/wavegate.ts";
import { renderManifest, type Manifest } from "../../rollout/model/manifest.ts";
import { checkDeclarations } from "../../rollout/plan/check-declarations.ts";
import type { Declared } from "../../rollout/plan/declared.ts";
import type { WorldDevice } from "./world/devices.ts";

/** An image whose bytes are only their name. */
export function anArtifact(name: string): Artifact {
  const sha256: Digest = sha256Hex(name);
  return { path: `sha256/${sha256}.bin`, sha256, size: name.length, manifest: "", signature: "" };
}

/** The same with a manifest, as `release add --key` writes it, and a signature that nobody checks. */
export function aSignedArtifact(version: string, more: Partial<Manifest> = {}): Artifact {
  const artifact = anArtifact(version);
  const { sha256, size } = artifact;
  const about = { product: "thermostat", version, sha256, size, keyId: "0123456789abcdef" };
  return { ...artifact, manifest: renderManifest({ ...about, ...more }), signature: "AA==" };
}

/** A release with everything a test does not care about filled in. */
export function aRelease(version: string, more: Partial<ReleaseDeclaration> = {}): ReleaseDeclaration {
  return defineRelease({
    product: "thermostat",
    version,
    artifact: anArtifact(version),
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "half", cohort: percent(50) },
      { name: "everyone", cohort: percent(100) },
    ],
    gate: {
      tolerate: "2%",
      reject: "10%",
      falseStop: "5%",
      missedBad: "5%",
      deadline: "3 hours",
      bake: "3.5 hours",
      harmCap: 20,
    },
    watch: "1 day",
    ...more,
  });
}

/** 1.1.0 in smoke waves: what devices too few to prove anything can be given. */
export function aSmokeRelease({
  waves,
  gate = {},
}: {
  readonly waves: readonly Pick<ReleaseDeclaration["waves"][number], "name" | "cohort">[];
  /** What differs from the gate of `aRelease`. */
  readonly gate?: Partial<ReleaseDeclaration["gate"]>;
}): ReleaseDeclaration {
  const { gate: usual } = aRelease("1.1.0");
  return aRelease("1.1.0", {
    waves: waves.map((wave) => ({ ...wave, kind: "smoke" })),
    gate: { ...usual, ...gate },
  });
}

/** The thermostat, declared with these releases, adopted at 1.0.0. */
export function declared(...releases: readonly ReleaseDeclaration[]): Declared {
  return declaredFrom(
    { products: { thermostat: { adopt: { version: "1.0.0", artifact: anArtifact("1.0.0") } } } },
    ...releases,
  );
}

/** The one product of a fleet, with these releases. */
export function declaredFrom(
  fleetDeclaration: FleetDeclaration,
  ...releases: readonly ReleaseDeclaration[]
): Declared {
  const fleet = defineFleet(fleetDeclaration);
  const checked = checkDeclarations({
    fleet: { value: fleet, file: "fleet.ts" },
    releases: releases.map((value) => ({ value, file: `releases/thermostat-${value.version}.ts` })),
  });
  const [product] = checked.products;
  if (product === undefined) throw new Error(JSON.stringify(checked.problems));
  return product;
}

/** Images of some versions, as a store would hold them. */
export function imagesOf(
  ...versions: readonly string[]
): ReadonlyMap<string, { sha256: string; size: number }> {
  return new Map(
    versions.map((version) => [
      anArtifact(version).path,
      { sha256: anArtifact(version).sha256, size: anArtifact(version).size },
    ]),
  );
}

/** Devices in two strata, the first six of A in the canary ring. */
export function aFleet(count = 300): readonly WorldDevice[] {
  return Array.from({ length: count }, (_, index) => {
    const stratum = index % 2 === 0 ? "A" : "B";
    return {
      deviceId: `device-${index}`,
      stratum,
      ...(stratum === "A" && index < 12 ? { ring: "canary" } : {}),
    };
  });
}
