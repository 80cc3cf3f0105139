import { LONGEST_ACCESS_LIFE_MS } from "../model/access-life.ts";
import type { Configuration, ConfigurationDocument, Listing } from "../model/configuration.ts";
import { instantMs, isoInstant } from "../model/instant.ts";
import { LABEL } from "../model/labels.ts";
import { ACCESS_PATH, DESIRED_PATH, reportedField, type FirmwareDesired } from "../model/twin-contract.ts";
import { certified, isCertified } from "./documents.ts";
import { productCondition } from "./target-condition.ts";

/** Most keys in a twin: 40 of half a kilobyte leave room in the 32 KB of desired properties [IoT Hub: device twins, limits]. */
const MOST_IMAGES = 40;
/** The same for all that stand at a time: of two the one that was created last wins [IoT Hub: automatic device management]. */
const PRIORITY = 0;

/** An image that devices need a key to. */
export interface LockedImage {
  readonly sha256: string;
  /** Path below the image store's address. */
  readonly path: string;
}

/** What the releases that stand on a hub need of the image store. */
export interface NeededAccess {
  readonly images: readonly LockedImage[];
  /** Why some image can be given no key, in words; empty: all can. */
  readonly unreachable: readonly string[];
}

/**
 * The images of a product's releases and baselines on one hub that open with a key only: read from what devices are
 * told, so that a way back needs neither the records nor the declarations.
 */
export function neededAccess(
  { configurations }: Listing,
  { product, imageBase }: { readonly product: string; readonly imageBase: string },
): NeededAccess {
  const base = `${imageBase.replace(/\/$/, "")}/`;
  const locked = requestsOf({ configurations }, product).filter(({ fwAccess }) => fwAccess === "on-demand");
  const images = new Map<string, LockedImage>();
  const unreachable: string[] = [];
  for (const { id, fwPackageURI: uri, fwPackageCheckValue: sha256 } of locked) {
    if (!uri.startsWith(base) || !uri.includes(sha256))
      unreachable.push(`the image of ${id} is not below ${base}`);
    else if (images.size < MOST_IMAGES) images.set(sha256, { sha256, path: uri.slice(base.length) });
    else if (!images.has(sha256))
      unreachable.push(`a twin has room for ${MOST_IMAGES} keys; ${id} is one more`);
  }
  return { images: [...images.values()], unreachable };
}

/** What the releases of a product that stand on a hub tell devices of their images, the newest first. */
export function requestsOf(
  { configurations }: Listing,
  product: string,
): readonly (Addressed & { readonly id: string })[] {
  return configurations
    .filter(({ labels }) => labels[LABEL.kind] === "release" && labels[LABEL.product] === product)
    .toSorted((one, other) => other.priority - one.priority)
    .flatMap(({ id, content }) => {
      const firmware = content[DESIRED_PATH];
      return isFirmware(firmware) ? [{ ...firmware, id }] : [];
    });
}

/** A configuration that gives access, with its times. */
export interface Grant {
  readonly configuration: Configuration;
  /** Epoch ms. */
  readonly issuedAt: number;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** Everything that gives, or gave, access to a product's images on one hub, the one that lasts longest first. */
export function grantsOf({ configurations }: Listing, product: string): readonly Grant[] {
  return configurations
    .filter(({ labels }) => labels[LABEL.kind] === "access" && labels[LABEL.product] === product)
    .map((configuration) => ({
      configuration,
      issuedAt: timeOf(configuration.labels[LABEL.issued]),
      expiresAt: timeOf(configuration.labels[LABEL.expires]),
    }))
    .toSorted((one, other) => other.expiresAt - one.expiresAt);
}

/** True for one that opens all of these at that instant, to the devices it is for, and was not edited since. */
export function opens(
  { configuration, expiresAt }: Grant,
  {
    images,
    product,
    at,
  }: { readonly images: readonly LockedImage[]; readonly product: string; readonly at: number },
): boolean {
  const keys = configuration.content[ACCESS_PATH];
  return (
    at < expiresAt &&
    // Labels can be edited; no key lasts longer.
    expiresAt <= at + LONGEST_ACCESS_LIFE_MS &&
    isCertified(configuration) &&
    configuration.condition === accessCondition(product) &&
    typeof keys === "object" &&
    keys !== null &&
    images.every(({ sha256 }) => Object.hasOwn(keys, sha256))
  );
}

/**
 * The configuration that gives devices their keys while they want one. Content never changes, so each is a new one; its
 * name is made of its time and never used again.
 */
export function accessDocument(input: {
  readonly product: string;
  /** By digest. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** Epoch ms. */
  readonly issuedAt: number;
  /** Epoch ms. */
  readonly expiresAt: number;
}): ConfigurationDocument {
  const { product, keys, issuedAt, expiresAt } = input;
  return certified({
    id: `wg-access--${product}--${issuedAt}`,
    labels: {
      [LABEL.kind]: "access",
      [LABEL.product]: product,
      [LABEL.issued]: isoInstant(issuedAt),
      [LABEL.expires]: isoInstant(expiresAt),
    },
    content: { [ACCESS_PATH]: keys },
    condition: accessCondition(product),
    priority: PRIORITY,
    metrics: {},
  });
}

/** Devices of a product that want a key now; a device leaves it by saying that its image is verified. */
function accessCondition(product: string): string {
  return `${productCondition(product)} AND ${reportedField("fwSource")} = 'wanted'`;
}

type Addressed = Pick<FirmwareDesired, "fwAccess" | "fwPackageURI" | "fwPackageCheckValue">;

function isFirmware(value: unknown): value is Addressed {
  if (typeof value !== "object" || value === null) return false;
  const { fwPackageURI, fwPackageCheckValue } = value as Partial<Record<keyof Addressed, unknown>>;
  return typeof fwPackageURI === "string" && /^[0-9a-f]{64}$/.test(String(fwPackageCheckValue));
}

function timeOf(label: string | undefined): number {
  const ms = instantMs(label ?? "");
  // Without its times it opens nothing, and is the first to go.
  return Number.isNaN(ms) ? 0 : ms;
}
