import { isJsonObject, type JsonValue } from "../json-value.ts";
import type { Operand, RowPredicate, Truth } from "./collection.ts";
import type { CallExpression } from "./expression.ts";
import { QuerySyntaxError } from "./query-syntax-error.ts";

/** The aggregates, which stand in a SELECT list only. */
export const AGGREGATES: readonly string[] = ["COUNT", "AVG", "SUM", "MIN", "MAX"];

type Value = JsonValue | undefined;

interface QueryFunction {
  readonly operands: 1 | 2;
  readonly truth: (one: Value, other: Value) => Truth;
}

/** The one function that is documented for twins and jobs [facts 3.2]. */
const DOCUMENTED: Readonly<Record<string, QueryFunction>> = {
  IS_DEFINED: { operands: 1, truth: (value) => value !== undefined },
};

/** Documented for the conditions of routes only, said to work for twins too [facts 3.2, G]. */
const TOLERATED: Readonly<Record<string, QueryFunction>> = {
  STARTS_WITH: onTexts((text, part) => text.startsWith(part)),
  ENDS_WITH: onTexts((text, part) => text.endsWith(part)),
  CONTAINS: onTexts((text, part) => text.includes(part)),
  IS_STRING: onValue((value) => typeof value === "string"),
  IS_NUMBER: onValue((value) => typeof value === "number"),
  IS_BOOL: onValue((value) => typeof value === "boolean"),
  IS_NULL: onValue((value) => value === null),
  IS_OBJECT: onValue(isJsonObject),
  IS_ARRAY: onValue(Array.isArray),
  IS_PRIMITIVE: onValue((value) => value !== undefined && (typeof value !== "object" || value === null)),
};

function onTexts(test: (text: string, part: string) => boolean): QueryFunction {
  return {
    operands: 2,
    truth: (text, part) =>
      typeof text === "string" && typeof part === "string" ? test(text, part) : undefined,
  };
}

function onValue(test: (value: Value) => boolean): QueryFunction {
  return { operands: 1, truth: test };
}

/** Compile the call of a function whose operands are compiled; throws QuerySyntaxError where it cannot be called so. */
export function compileCall<Row>(
  call: CallExpression,
  operands: readonly Operand<Row>[],
  { strictQuery }: { readonly strictQuery: boolean },
): RowPredicate<Row> {
  const name = call.name.toUpperCase();
  if (AGGREGATES.includes(name)) {
    throw new QuerySyntaxError(
      `Misplaced aggregate ${call.name}`,
      call.place,
      "it stands in the SELECT list only",
    );
  }
  const known = strictQuery ? DOCUMENTED : { ...DOCUMENTED, ...TOLERATED };
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found === undefined) {
    throw new QuerySyntaxError(
      `Unknown function ${call.name}`,
      call.place,
      `the hub has ${Object.keys(known).join(", ")}${strictQuery ? " (more with strictQuery: false)" : ""}`,
    );
  }
  const [first, second] = operands;
  if (operands.length !== found.operands || first === undefined) {
    throw new QuerySyntaxError(
      `${operands.length} operands of ${call.name}`,
      call.place,
      `expected ${found.operands}`,
    );
  }
  if (name === "IS_DEFINED" && call.operands[0]?.kind !== "path") {
    throw new QuerySyntaxError(`Misused ${call.name}`, call.place, "expected a property in it");
  }
  const { truth } = found;
  const one = first.read;
  if (second === undefined) return (row) => truth(one(row), undefined);
  const other = second.read;
  return (row) => truth(one(row), other(row));
}
