import type { Expression, PathExpression } from "./expression.ts";
import { pathText, placeText } from "./expression.ts";
import type { QueryOptions } from "./query-options.ts";
import { targetConditionInvalid } from "../service-error.ts";

interface Restrictions {
  readonly collection: "devices" | "devices.modules";
  readonly options: Required<QueryOptions>;
}

/** Refuse what is legal in a query and not in a target condition [facts 1.5]; throws ServiceError. */
export function checkTargetExpression(expression: Expression, restrictions: Restrictions): void {
  const check = (part: Expression): void => {
    checkTargetExpression(part, restrictions);
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
      check(expression.left);
      check(expression.right);
      break;
    case "in":
      // Legal in a query, refused here [cli#347, cli#490]; the service says no more than BadRequest.
      throw targetConditionInvalid(
        `BadRequest: IN ${placeText(expression.place)} is not taken in a targetCondition, use OR`,
      );
    case "arithmetic":
      // The documented operators are those that compare and AND, OR, NOT [facts 1.5, G].
      if (restrictions.options.strictQuery) {
        throw targetConditionInvalid(
          `BadRequest: arithmetic ${placeText(expression.place)} is not taken in a targetCondition (it is with strictQuery: false)`,
        );
      }
      check(expression.first);
      for (const { operand } of expression.rest) check(operand);
      break;
    case "call":
      expression.operands.forEach(check);
      break;
    case "path":
      checkPath(expression, restrictions);
      break;
    case "literal":
      break;
  }
}

function checkPath(path: PathExpression, { collection }: Restrictions): void {
  const [root = "", section] = path.names;
  const id = root.toLowerCase();
  const isLegal =
    (path.names.length === 1 &&
      (id === "deviceid" || (id === "moduleid" && collection === "devices.modules"))) ||
    root === "tags" ||
    (root === "properties" && section === "reported");
  if (!isLegal) {
    const ids = collection === "devices" ? "'deviceId'" : "'deviceId', 'moduleId'";
    throw targetConditionInvalid(
      `Invalid targetCondition. It must be a filter condition based on ${ids}, 'tags', or 'properties.reported'. It contains: ${pathText(path)} ${placeText(path.place)}`,
    );
  }
}
