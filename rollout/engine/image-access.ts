import type { Problem } from "../model/problem.ts";
import {
  accessDocument,
  grantsOf,
  neededAccess,
  opens,
  type Grant,
  type NeededAccess,
} from "../plan/image-access.ts";
import { attemptOf, reachedHubs } from "./found.ts";
import type { ReachedHub, StepInput } from "./observation.ts";
import type { AccessGrant, Removal, Step } from "./step.ts";

/** Time that one outlives its successor: until then some device may still be under it alone. */
const GRACE_MS = 60 * 60_000;

/** What is known before anybody has tried. */
const NO_KEYS = {
  reason: "devices have no key to them yet, or none that is still good",
  hint: "run: wavegate reconcile",
};

/** How one hub's devices stand to the images that open with a key only. */
interface HubAccess extends NeededAccess {
  readonly hub: ReachedHub;
  readonly grants: readonly Grant[];
  /** The one that opens everything and lasts longest. */
  readonly standing: Grant | undefined;
}

/**
 * Give the devices of a product that want them keys to its images, and give them new ones at half of the keys' life.
 * Nobody exposed, nobody needs any: `starting` says that somebody is about to be. It is no part of the protocol: no
 * record knows of it, and no stop waits for it.
 */
export function renewAccess(input: StepInput, starting = false): Step | undefined {
  const { declared, observation, deciding } = input;
  const { product } = declared;
  const { at } = observation;
  const { accessLifeMs: lifeMs } = deciding;
  if (lifeMs === undefined || deciding.accessFailed !== undefined) return undefined;
  const due = accessOf(input).filter(
    ({ images, standing, hub }) =>
      images.length > 0 &&
      (starting || isExposing(hub, product)) &&
      (standing === undefined || at >= halfOf(standing)),
  );
  if (due.length === 0) return undefined;
  const grants = due.map(({ hub, images }): AccessGrant => {
    const keys = Object.fromEntries(images.map(({ sha256 }) => [sha256, ""]));
    const document = accessDocument({ product, keys, issuedAt: at, expiresAt: at + lifeMs });
    return { hub: hub.name, document, images };
  });
  const count = Math.max(...due.map(({ images }) => images.length));
  const where = due.map(({ hub }) => hub.name).join(", ");
  return { kind: "grant", grants, why: `give ${product}'s devices keys to ${count} images on ${where}` };
}

/** Delete what gives access no longer, or to nothing that is needed. */
export function dropAccess(input: StepInput): Step | undefined {
  const { at } = input.observation;
  const removals = accessOf(input).flatMap(({ hub, images, grants, standing }): Removal[] => {
    const isSpent = ({ expiresAt }: Grant): boolean => images.length === 0 || at >= expiresAt;
    const isReplaced = (grant: Grant): boolean =>
      standing !== undefined && grant !== standing && at >= standing.issuedAt + GRACE_MS;
    return grants
      .filter((grant) => isSpent(grant) || isReplaced(grant))
      .map(({ configuration: { id, etag } }) => ({ hub: hub.name, id, etag }));
  });
  if (removals.length === 0) return undefined;
  const names = [...new Set(removals.map(({ id }) => id))].join(", ");
  return { kind: "remove", removals, why: `delete ${names}, whose keys nobody needs any more` };
}

/** What keeps devices from their images: while there is any of it, nothing of the product grows. */
export function accessProblems(input: StepInput): readonly Problem[] {
  const { deciding } = input;
  return accessOf(input).flatMap(({ hub, images, unreachable, standing }): Problem[] => {
    const path = `access to images on ${hub.name}`;
    const problem = (summary: string, hint: string): Problem => ({
      severity: "error",
      code: "ACCESS_MISSING",
      path,
      summary,
      hint,
    });
    const lacking = unreachable.map((why) =>
      problem(
        `${why}: no key can be given to it`,
        "correct images.base in the settings, or retire that release",
      ),
    );
    if (images.length === 0 || standing !== undefined) return lacking;
    const { reason, hint } = deciding.accessFailed ?? NO_KEYS;
    return [...lacking, problem(reason, hint)];
  });
}

function accessOf({ declared, observation, deciding }: StepInput): readonly HubAccess[] {
  const { product } = declared;
  const { at } = observation;
  return reachedHubs(observation).map((hub) => {
    const needed = neededAccess(hub.listing, { product, imageBase: deciding.imageBase });
    const grants = grantsOf(hub.listing, product);
    const standing = grants.find((grant) => opens(grant, { ...needed, product, at }));
    return { hub, ...needed, grants, standing };
  });
}

function isExposing({ listing }: ReachedHub, product: string): boolean {
  return listing.configurations.some((one) => one.condition !== "" && attemptOf(one, product) !== undefined);
}

function halfOf({ issuedAt, expiresAt }: Grant): number {
  return (issuedAt + expiresAt) / 2;
}
