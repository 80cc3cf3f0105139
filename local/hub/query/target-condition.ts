import type { TwinPart } from "../twin-part.ts";
import { notImplemented, ServiceError } from "../service-error.ts";
import { pathText, placeText, type Expression, type PathExpression } from "./expression.ts";
import { parseCondition, QuerySyntaxError } from "./parser.ts";
import { compilePredicate, type Predicate } from "./predicate.ts";
import { MAX_QUERY_LENGTH } from "./query.ts";

/** A target condition made ready: who is targeted, and the query that counts them in the portal. */
export interface TargetCondition {
  readonly isTarget: Predicate;
  /** The parts of a twin that decide. */
  readonly reads: ReadonlySet<TwinPart>;
  /** `systemMetrics.queries.targetedCount`, "" when nobody is targeted [facts 1.1]. */
  readonly query: string;
}

/** Compile the target condition of a device configuration: "" is nobody, "*" everybody, else a WHERE part [facts 1.5]. */
export function compileTargetCondition(text: string): TargetCondition {
  const condition = text.trim();
  if (condition === "") return { isTarget: () => false, reads: new Set(), query: "" };
  if (condition === "*")
    return { isTarget: () => true, reads: new Set(), query: "select deviceId from devices" };
  if (/^from\s+devices\.modules\b/iu.test(condition)) throw notImplemented("module configurations");
  if (condition.includes('"')) throw invalid("BadRequest");
  const query = `select deviceId from devices where ${condition}`;
  // No limit is documented; the service keeps this query, and queries have one.
  if (query.length > MAX_QUERY_LENGTH) {
    throw invalid(
      `The condition makes a query of ${query.length} characters, the limit is ${MAX_QUERY_LENGTH}`,
    );
  }
  try {
    const expression = parseCondition(condition);
    checkExpression(expression);
    return { isTarget: compilePredicate(expression), reads: new Set(["system", "tags", "reported"]), query };
  } catch (error) {
    throw error instanceof QuerySyntaxError ? invalid(`Invalid targetCondition. ${error.message}`) : error;
  }
}

function checkExpression(expression: Expression): void {
  switch (expression.kind) {
    case "or":
    case "and":
      expression.terms.forEach(checkExpression);
      break;
    case "not":
      checkExpression(expression.term);
      break;
    case "comparison":
      for (const operand of [expression.left, expression.right])
        if (operand.kind === "path") checkPath(operand);
      break;
    case "in":
      // Legal in a query, refused in a target condition [facts 1.5: cli#347, cli#490]; the service says no more than this.
      throw invalid(
        `BadRequest: IN ${placeText(expression.place)} is not taken in a targetCondition, use OR`,
      );
    case "defined":
      checkPath(expression.path);
      break;
    case "truth":
      if (expression.operand.kind === "path") checkPath(expression.operand);
      break;
  }
}

function checkPath(path: PathExpression): void {
  const [root = "", section] = path.names;
  const isLegal =
    (root.toLowerCase() === "deviceid" && path.names.length === 1) ||
    root === "tags" ||
    (root === "properties" && section === "reported");
  if (!isLegal) {
    throw invalid(
      `Invalid targetCondition. It must be a filter condition based on 'deviceId', 'tags', or 'properties.reported'. It contains: ${pathText(path)} ${placeText(path.place)}`,
    );
  }
}

function invalid(message: string): ServiceError {
  return new ServiceError(400, "InvalidConfigurationTargetCondition", { message });
}
