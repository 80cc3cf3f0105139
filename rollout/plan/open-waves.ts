import type { Configuration, Listing } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import type { RolloutRecord } from "../model/record.ts";
import { TAG } from "../model/twin-contract.ts";
import { reachesEveryone } from "./cover.ts";
import { productCondition, taggedCondition } from "./target-condition.ts";

/**
 * What of a product a new bucket could put devices into, each as a phrase: releases under way that are not at their last
 * wave, and configurations with a part of the fleet. A part that lies under a release which has everyone decides
 * nothing. `head` is undefined where the records cannot be read: the configurations tell nearly as much.
 */
export function openWaves(input: {
  readonly product: string;
  readonly listing: Listing;
  readonly head: RolloutRecord | undefined;
}): readonly string[] {
  const { product, listing, head } = input;
  const underWay = (head?.intents ?? []).flatMap((intent): string[] => {
    if (intent.state !== "running" && intent.state !== "held") return [];
    const { waves } = intent.release;
    if (intent.wave >= waves.length - 1) return [];
    const name = waves[intent.wave]?.name ?? "";
    return [`${intent.version} is ${intent.state} at wave "${name}" (${intent.wave + 1} of ${waves.length})`];
  });
  const concerned = listing.configurations.filter((one) => isConcerned(one, product));
  const settled = Math.max(
    ...concerned.filter(({ condition }) => isEveryone(condition, product)).map(({ priority }) => priority),
    Number.NEGATIVE_INFINITY,
  );
  const partial = concerned
    .filter(({ condition, priority }) => !isEveryone(condition, product) && priority >= settled)
    .map(({ id }) => `configuration ${id} is for a part of the fleet`);
  return [...underWay, ...partial];
}

/** The product's own, and others' that read buckets and name the product. */
function isConcerned({ condition, labels }: Configuration, product: string): boolean {
  if (condition === "") return false;
  if (labels[LABEL.product] !== undefined) return labels[LABEL.product] === product;
  return condition.includes(TAG.bucket) && condition.includes(`'${product}'`);
}

function isEveryone(condition: string, product: string): boolean {
  return (
    condition === "*" ||
    condition === productCondition(product) ||
    condition === taggedCondition(product) ||
    reachesEveryone(condition, product)
  );
}
