import { refId } from "../model/attempt.ts";
import { findConfiguration, type Configuration } from "../model/configuration.ts";
import { digestOf, type Digest } from "../model/digest.ts";
import { headOf, LABEL } from "../model/labels.ts";
import { digestOfOverride } from "../model/override-declaration.ts";
import { ownValue } from "../model/own-value.ts";
import type { Intent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import type { Declared } from "./declared.ts";
import { meetsOurPath } from "./foreign-configurations.ts";
import { openOverrides } from "./open-overrides.ts";
import type { PlanHub } from "./plan-input.ts";

/**
 * What a plan stands on; its digest is the plan's. Counts, forecasts and etags are no part of it: devices come and go,
 * and a plan that was reviewed yesterday still means the same.
 */
export interface PlanBasis {
  readonly product: string;
  /** Digest of what fleet.ts says about the product. */
  readonly fleet: Digest;
  /** Releases as they are declared, by version. */
  readonly releases: Readonly<Record<string, Digest>>;
  /** The head record that each hub's ref names; null: it has no ref. */
  readonly heads: Readonly<Record<string, Digest | null>>;
  /** Configurations on our path, ours and others', by hub and id. */
  readonly configurations: Readonly<Record<string, Readonly<Record<string, BasisConfiguration>>>>;
  /** The release that would start; null: none. */
  readonly starts: BasisStart | null;
  /** Override files that could still be recorded, by version and wave; absent: there are none. */
  readonly overrides?: Readonly<Record<string, BasisOverride>>;
}

/** An override file as far as a plan depends on it. */
export interface BasisOverride {
  readonly digest: Digest;
  /** Epoch ms. */
  readonly until: number;
}

/** A configuration as far as a plan depends on it. */
export interface BasisConfiguration {
  /** Digest of what it writes. */
  readonly content: Digest;
  readonly condition: string;
  readonly priority: number;
}

/** A release as it would be started. */
export interface BasisStart {
  readonly digest: Digest;
  readonly attempt: string;
  readonly priority: number;
  /** Digest of its waves' conditions, less the windows that are made from counts. */
  readonly conditions: Digest;
}

/** What the plan of one product stands on, at an instant (epoch ms). */
export function basisOf(
  declared: Declared,
  {
    hubs,
    intents,
    at,
  }: { readonly hubs: readonly PlanHub[]; readonly intents: readonly Intent[]; readonly at: number },
  starts: BasisStart | undefined,
): PlanBasis {
  const { product, fleet, releases } = declared;
  const { activeWithinMs, freezes } = fleet;
  const overrides = openOverrides(declared, { intents, at }).map(({ override }): [string, BasisOverride] => [
    `${override.version} "${override.wave}"`,
    { digest: digestOfOverride(override), until: override.until },
  ]);
  return {
    product,
    fleet: digestOf({ product: fleet.products[product] ?? null, activeWithinMs, freezes }),
    releases: Object.fromEntries(releases.map(({ release }) => [release.version, digestOfRelease(release)])),
    heads: Object.fromEntries(
      hubs.map(({ name, listing }) => [
        name,
        headOf(findConfiguration(listing, refId(product))?.labels ?? {}) ?? null,
      ]),
    ),
    configurations: Object.fromEntries(
      hubs.map(({ name, listing }) => [
        name,
        Object.fromEntries(
          listing.configurations
            .filter((one) => concerns(one, product))
            .map(({ id, content, condition, priority }) => [
              id,
              { content: digestOf(content), condition, priority },
            ]),
        ),
      ]),
    ),
    starts: starts ?? null,
    ...(overrides.length === 0 ? {} : { overrides: Object.fromEntries(overrides) }),
  };
}

/**
 * What changed between two of them, each as a phrase; nothing: the plan still stands. An override that expired meanwhile
 * is no change: without it less is exposed than was planned.
 */
export function basisChanges(before: PlanBasis, now: PlanBasis, at: number): readonly string[] {
  const changes: string[] = [];
  if (before.fleet !== now.fleet) changes.push(`what fleet.ts says about ${now.product}`);
  changes.push(
    ...keyChanges(before.releases, now.releases, (version) => `the file of ${now.product} ${version}`),
    ...keyChanges(before.heads, now.heads, (hub) => `the head record on ${hub}`),
  );
  changes.push(
    ...keyChanges(
      overrideDigests(before, at),
      overrideDigests(now, at),
      (wave) => `the override file for ${now.product} ${wave}`,
    ),
  );
  for (const hub of keysOf(before.configurations, now.configurations)) {
    const [was, is] = [before.configurations[hub] ?? {}, now.configurations[hub] ?? {}];
    for (const id of keysOf(was, is)) {
      const what = configurationChange(ownValue(was, id), ownValue(is, id));
      if (what !== undefined) changes.push(`configuration ${id} on ${hub}: ${what}`);
    }
  }
  // Told apart only where nothing above explains it: another version of wavegate makes other conditions.
  if (changes.length === 0 && digestOf(before.starts) !== digestOf(now.starts))
    changes.push(`how ${now.product} would be started`);
  return changes;
}

function concerns({ labels, content, condition }: Configuration, product: string): boolean {
  // Keys are renewed all the time, and a plan stands on none.
  if (labels[LABEL.kind] === "ref" || labels[LABEL.kind] === "access") return false;
  if (labels[LABEL.kind] !== undefined) return labels[LABEL.product] === product;
  return condition !== "" && Object.keys(content).some(meetsOurPath);
}

function overrideDigests({ overrides = {} }: PlanBasis, at: number): Readonly<Record<string, Digest>> {
  return Object.fromEntries(
    Object.entries(overrides).flatMap(([wave, { digest, until }]) => (at < until ? [[wave, digest]] : [])),
  );
}

function keyChanges<Value>(
  before: Readonly<Record<string, Value>>,
  now: Readonly<Record<string, Value>>,
  name: (key: string) => string,
): string[] {
  return keysOf(before, now).flatMap((key) => {
    const [was, is] = [ownValue(before, key), ownValue(now, key)];
    if (was === is) return [];
    return [`${name(key)}${was === undefined ? " (new)" : is === undefined ? " (gone)" : ""}`];
  });
}

function configurationChange(
  before: BasisConfiguration | undefined,
  now: BasisConfiguration | undefined,
): string | undefined {
  if (before === undefined || now === undefined)
    return before === now ? undefined : before === undefined ? "new" : "gone";
  const parts = (["content", "condition", "priority"] as const).filter((key) => before[key] !== now[key]);
  return parts.length === 0 ? undefined : parts.join(" and ");
}

function keysOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
