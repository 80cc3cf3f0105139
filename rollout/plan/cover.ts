import { BUCKET_COUNT } from "../model/bucket.ts";
import { TAG } from "../model/twin-contract.ts";
import { windowCondition } from "./bucket-window.ts";
import { termsOf } from "./condition-terms.ts";
import { MAX_CONDITION, productCondition } from "./target-condition.ts";

/** A baseline that was adopted: whom it may be given, and whom it is given now. */
export interface Cover {
  readonly product: string;
  /** The baseline's own condition; absent: every device of the product. */
  readonly where?: string;
}

const EVERYONE = windowCondition({ start: 0, width: BUCKET_COUNT });
const QUARANTINE = new RegExp(
  `^\\(NOT IS_DEFINED\\(${TAG.quarantine}\\) OR ${TAG.quarantine} >= \\d+\\)$`.replaceAll(".", "\\."),
);

/**
 * True for the condition of a last wave, as wavegate writes it: everyone of the product who has a bucket, less those
 * whom no later release may reach either. A release with a condition of its own reaches its own devices only.
 */
export function reachesEveryone(condition: string, product: string): boolean {
  const start = `${productCondition(product)} AND `;
  if (!condition.startsWith(start)) return false;
  // One that was narrowed, or joined with others, is of another form.
  const factors = termsOf(condition.slice(start.length), "AND");
  const cohorts = factors.at(-1) ?? "";
  const before = factors.slice(0, -1);
  return (
    before.every((factor) => QUARANTINE.test(factor)) &&
    cohorts.startsWith("(") &&
    termsOf(cohorts.slice(1, -1), "OR").includes(EVERYONE)
  );
}

/** Whom of a release's devices an adopted baseline has to catch. */
export function ownCohort(exposed: string, { product, where }: Cover): string {
  // `*` cannot stand inside another condition, and it names devices of every product.
  const cohort = exposed === "*" ? productCondition(product) : exposed;
  return where === undefined ? cohort : `(${cohort}) AND (${where})`;
}

/** True when a baseline's condition holds all of them; by the text, so it may say no once too often. */
export function holdsAllOf(condition: string, exposed: string, cover: Cover): boolean {
  const cohort = ownCohort(exposed, cover);
  // A person opened it to every device there is: nothing can be added to that, nor said beside it.
  if (condition === "*" || condition === wholeOf(cover)) return true;
  return reachesEveryone(condition, cover.product) || isAmong(cohort, condition);
}

/** A cohort that was added before others stands in brackets within brackets. */
function isAmong(cohort: string, condition: string): boolean {
  if (condition === cohort) return true;
  const terms = termsOf(condition, "OR");
  return (
    terms.length > 1 &&
    terms.some((term) => term.startsWith("(") && term.endsWith(")") && isAmong(cohort, term.slice(1, -1)))
  );
}

/** A baseline's condition with a release's devices added; all of its own, where that would be too long to say. */
export function widened(condition: string, exposed: string, cover: Cover): string {
  const cohort = ownCohort(exposed, cover);
  const text = condition === "" ? cohort : `(${condition}) OR (${cohort})`;
  return text.length <= MAX_CONDITION ? text : wholeOf(cover);
}

function wholeOf({ product, where }: Cover): string {
  return where === undefined ? productCondition(product) : `${productCondition(product)} AND (${where})`;
}
