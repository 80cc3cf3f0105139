import { targetConditionInvalid } from "../service-error.ts";
import type { TwinPart } from "../twin-part.ts";
import { checkTargetExpression } from "./target-restrictions.ts";
import { TWINS } from "./device-property.ts";
import { MAX_QUERY_LENGTH, parseCondition, QuerySyntaxError } from "./parser.ts";
import { compilePredicate, recordingScope, type Predicate } from "./predicate.ts";
import { withQueryDefaults, type QueryOptions } from "./query-options.ts";

/** A target condition made ready: who is targeted, and the query that counts them in the portal. */
export interface TargetCondition {
  readonly collection: "devices" | "devices.modules";
  readonly isTarget: Predicate;
  /** The parts of a device that decide; none where everybody or nobody is targeted. */
  readonly reads: ReadonlySet<TwinPart>;
  /** `systemMetrics.queries.targetedCount`, "" when nobody is targeted [facts 1.1]. */
  readonly query: string;
}

const MODULES = /^from\s+devices\.modules\b(?:\s+where\b)?/iu;
const NOBODY = { isTarget: () => false, reads: new Set<TwinPart>(), query: "" };

/** Compile the target condition of a device configuration: "" is nobody, "*" everybody, else a WHERE part [facts 1.5]. */
export function compileTargetCondition(text: string, options: QueryOptions = {}): TargetCondition {
  const collection = "devices";
  const condition = text.trim();
  if (condition === "") return { collection, ...NOBODY };
  if (condition === "*")
    return { collection, isTarget: () => true, reads: new Set(), query: "select deviceId from devices" };
  if (MODULES.test(condition)) {
    throw targetConditionInvalid(
      "Invalid targetCondition. A condition from devices.modules is for a configuration with moduleContent",
    );
  }
  return { collection, ...compileCondition(condition, collection, options) };
}

/**
 * Compile the target condition of a module configuration: it starts "from devices.modules where", "" is nobody, and
 * there is no "*" [facts 1.5].
 */
export function compileModuleTargetCondition(text: string, options: QueryOptions = {}): TargetCondition {
  const collection = "devices.modules";
  const condition = text.trim();
  if (condition === "") return { collection, ...NOBODY };
  const start = MODULES.exec(condition);
  if (start === null) {
    throw targetConditionInvalid(
      "Invalid targetCondition at line 1, column 1: expected from devices.modules where …",
    );
  }
  // Blanked, so that places are those of the whole text.
  const blank = start[0].replaceAll(/\S/gu, " ");
  return { collection, ...compileCondition(blank + condition.slice(blank.length), collection, options) };
}

/** Whether a condition is one of module configurations, by how it starts. */
export function isModuleCondition(text: string): boolean {
  return MODULES.test(text.trim());
}

function compileCondition(
  condition: string,
  collection: TargetCondition["collection"],
  options: QueryOptions,
): Omit<TargetCondition, "collection"> {
  if (condition.includes('"')) throw targetConditionInvalid("BadRequest");
  const query = `select deviceId from ${collection} where ${condition.trim()}`;
  // No limit is documented; the service keeps this query, and queries have one.
  if (query.length > MAX_QUERY_LENGTH) {
    throw targetConditionInvalid(
      `The condition makes a query of ${query.length} characters, the limit is ${MAX_QUERY_LENGTH}`,
    );
  }
  try {
    const expression = parseCondition(condition);
    const complete = withQueryDefaults(options);
    checkTargetExpression(expression, { collection, options: complete });
    const { scope, reads } = recordingScope(TWINS, complete);
    return { isTarget: compilePredicate(expression, scope), reads, query };
  } catch (error) {
    throw error instanceof QuerySyntaxError
      ? targetConditionInvalid(`Invalid targetCondition. ${error.message}`)
      : error;
  }
}
