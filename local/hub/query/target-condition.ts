import type { TwinPart } from "../twin-part.ts";
import { ServiceError } from "../service-error.ts";
import { pathText, placeText, type Expression, type PathExpression } from "./expression.ts";
import { parseCondition, QuerySyntaxError } from "./parser.ts";
import { compilePredicate, type Predicate } from "./predicate.ts";
import { MAX_QUERY_LENGTH } from "./query.ts";

/** A target condition made ready: who is targeted, and the query that counts them in the portal. */
export interface TargetCondition {
  readonly collection: "devices" | "devices.modules";
  readonly isTarget: Predicate;
  /** The parts of a twin that decide. */
  readonly reads: ReadonlySet<TwinPart>;
  /** `systemMetrics.queries.targetedCount`, "" when nobody is targeted [facts 1.1]. */
  readonly query: string;
}

const MODULES = /^from\s+devices\.modules\b(?:\s+where\b)?/iu;
const NOBODY = { isTarget: () => false, reads: new Set<TwinPart>(), query: "" };

/** Compile the target condition of a device configuration: "" is nobody, "*" everybody, else a WHERE part [facts 1.5]. */
export function compileTargetCondition(text: string): TargetCondition {
  const collection = "devices";
  const condition = text.trim();
  if (condition === "") return { collection, ...NOBODY };
  if (condition === "*")
    return { collection, isTarget: () => true, reads: new Set(), query: "select deviceId from devices" };
  if (MODULES.test(condition)) {
    throw invalid(
      "Invalid targetCondition. A condition from devices.modules is for a configuration with moduleContent",
    );
  }
  return { collection, ...compileCondition(condition, collection) };
}

/**
 * Compile the target condition of a module configuration: it starts "from devices.modules where", "" is nobody, and
 * there is no "*" [facts 1.5].
 */
export function compileModuleTargetCondition(text: string): TargetCondition {
  const collection = "devices.modules";
  const condition = text.trim();
  if (condition === "") return { collection, ...NOBODY };
  const start = MODULES.exec(condition);
  if (start === null) {
    throw invalid("Invalid targetCondition at line 1, column 1: expected from devices.modules where …");
  }
  // Blanked, so that places are those of the whole text.
  const blank = start[0].replaceAll(/\S/gu, " ");
  return { collection, ...compileCondition(blank + condition.slice(blank.length), collection) };
}

/** Whether a condition is one of module configurations, by how it starts. */
export function isModuleCondition(text: string): boolean {
  return MODULES.test(text.trim());
}

function compileCondition(
  condition: string,
  collection: TargetCondition["collection"],
): Omit<TargetCondition, "collection"> {
  if (condition.includes('"')) throw invalid("BadRequest");
  const query = `select deviceId from ${collection} where ${condition.trim()}`;
  // No limit is documented; the service keeps this query, and queries have one.
  if (query.length > MAX_QUERY_LENGTH) {
    throw invalid(
      `The condition makes a query of ${query.length} characters, the limit is ${MAX_QUERY_LENGTH}`,
    );
  }
  try {
    const expression = parseCondition(condition);
    checkExpression(expression, collection);
    return { isTarget: compilePredicate(expression), reads: new Set(["system", "tags", "reported"]), query };
  } catch (error) {
    throw error instanceof QuerySyntaxError ? invalid(`Invalid targetCondition. ${error.message}`) : error;
  }
}

function checkExpression(expression: Expression, collection: TargetCondition["collection"]): void {
  const check = (term: Expression): void => {
    checkExpression(term, collection);
  };
  switch (expression.kind) {
    case "or":
    case "and":
      expression.terms.forEach(check);
      break;
    case "not":
      check(expression.term);
      break;
    case "comparison":
      for (const operand of [expression.left, expression.right])
        if (operand.kind === "path") checkPath(operand, collection);
      break;
    case "in":
      // Legal in a query, refused in a target condition [facts 1.5: cli#347, cli#490]; the service says no more than this.
      throw invalid(
        `BadRequest: IN ${placeText(expression.place)} is not taken in a targetCondition, use OR`,
      );
    case "defined":
      checkPath(expression.path, collection);
      break;
    case "truth":
      if (expression.operand.kind === "path") checkPath(expression.operand, collection);
      break;
  }
}

function checkPath(path: PathExpression, collection: TargetCondition["collection"]): void {
  const [root = "", section] = path.names;
  const id = root.toLowerCase();
  const isLegal =
    (path.names.length === 1 &&
      (id === "deviceid" || (id === "moduleid" && collection === "devices.modules"))) ||
    root === "tags" ||
    (root === "properties" && section === "reported");
  if (!isLegal) {
    const ids = collection === "devices" ? "'deviceId'" : "'deviceId', 'moduleId'";
    throw invalid(
      `Invalid targetCondition. It must be a filter condition based on ${ids}, 'tags', or 'properties.reported'. It contains: ${pathText(path)} ${placeText(path.place)}`,
    );
  }
}

function invalid(message: string): ServiceError {
  return new ServiceError(400, "InvalidConfigurationTargetCondition", { message });
}
