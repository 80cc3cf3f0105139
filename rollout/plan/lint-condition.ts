import { FIRMWARE_SECTION, TAG } from "../model/twin-contract.ts";
import {
  pathText,
  type Comparison,
  type Expression,
  type Literal,
  type Path,
} from "./condition-expression.ts";
import { parseCondition } from "./condition-grammar.ts";
import { isQuotable, quoted } from "./quoted-text.ts";

/** Something wrong with a condition of one's own. */
export interface ConditionFault {
  readonly severity: "error" | "warning";
  /** Characters before it. */
  readonly offset: number;
  readonly summary: string;
  readonly hint: string;
}

/** Tags that hold texts, and the one that holds a number: values of another type are equal to none of them. */
const TEXT_TAGS: readonly string[] = [TAG.product, TAG.ring, TAG.stratum];

/**
 * Everything wrong with a condition that somebody wrote into a declaration: what IoT Hub refuses, what its documents
 * leave undefined, and what an update would itself change, so that devices fell out of it by being updated.
 */
export function lintCondition(text: string): readonly ConditionFault[] {
  const parsed = parseCondition(text);
  if ("fault" in parsed) {
    const hint = "write it as in: tags.site = 'lab' AND NOT IS_DEFINED(tags.spare)";
    return [{ severity: "error", ...parsed.fault, hint }];
  }
  return faultsOf(parsed.expression, { guarded: new Set(), isNegated: false }).toSorted(
    (a, b) => a.offset - b.offset,
  );
}

interface Surroundings {
  /** Paths that IS_DEFINED has vouched for. */
  readonly guarded: ReadonlySet<string>;
  /** Inside a NOT. */
  readonly isNegated: boolean;
}

function faultsOf(expression: Expression, around: Surroundings): ConditionFault[] {
  switch (expression.kind) {
    case "or":
      return expression.terms.flatMap((term) => faultsOf(term, around));
    case "and": {
      // What IS_DEFINED says inside a NOT vouches for nothing: the NOT turns it round.
      const vouched = around.isNegated
        ? []
        : expression.terms.flatMap((term) => (term.kind === "defined" ? [pathText(term.path)] : []));
      const inside = { ...around, guarded: around.guarded.union(new Set(vouched)) };
      return [
        ...contradictions(expression.terms),
        ...expression.terms.flatMap((term) => faultsOf(term, inside)),
      ];
    }
    case "not":
      return faultsOf(expression.term, { ...around, isNegated: true });
    case "defined":
      return pathFaults(expression.path);
    case "comparison":
      return comparisonFaults(expression, around);
    case "in": {
      const { operand, choices } = expression;
      const name = operand.kind === "path" ? pathText(operand) : operand.text;
      const chain = choices.map(({ text }) => `${name} = ${text}`).join(" OR ");
      return [error(expression.offset, "IN is refused in target conditions", `write (${chain})`)];
    }
    case "call":
      return [
        error(
          expression.offset,
          `${expression.name} is no function of target conditions; the documents name IS_DEFINED alone`,
          "tag the devices that are meant, and compare the tag",
        ),
      ];
    case "bare": {
      const { operand } = expression;
      const name = operand.kind === "path" ? pathText(operand) : operand.text;
      return [
        error(
          operand.offset,
          `${name} is compared with nothing`,
          `write ${name} = true, or what it has to be`,
        ),
      ];
    }
  }
}

function comparisonFaults(comparison: Comparison, { guarded, isNegated }: Surroundings): ConditionFault[] {
  const { left, right, operator, offset } = comparison;
  const operands = [left, right];
  const paths = operands.filter((operand) => operand.kind === "path");
  const literals = operands.filter((operand) => operand.kind === "literal");
  const faults = [...paths.flatMap(pathFaults), ...literals.flatMap(literalFaults)];
  if (operator === "!=" || isNegated) {
    const unsure = paths.filter((path) => !isDeviceId(path) && !guarded.has(pathText(path)));
    faults.push(
      ...unsure.map((path) =>
        error(
          operator === "!=" ? offset : path.offset,
          `what ${operator === "!=" ? "!=" : "NOT"} says of a device without ${pathText(path)} is undocumented`,
          `say which devices are meant: IS_DEFINED(${pathText(path)}) AND ...`,
        ),
      ),
    );
  }
  const [path] = paths;
  const [literal] = literals;
  if (path !== undefined && literal !== undefined) faults.push(...typeFaults(path, literal));
  return faults;
}

function pathFaults(path: Path): ConditionFault[] {
  const [root = "", section, part, field] = path.names;
  if (isDeviceId(path)) return [];
  if (root === "properties" && section === "reported" && part === FIRMWARE_SECTION && field !== "bucket") {
    const hint =
      "to ask for the version a device must run, declare `requires`; tag devices for anything else";
    return [
      error(
        path.offset,
        `an update changes ${pathText(path)}, and would put its devices out of the condition`,
        hint,
      ),
    ];
  }
  if (root === "tags" && path.names.length > 1) return [];
  if (root === "properties" && section === "reported" && path.names.length > 2) return [];
  return [
    error(
      path.offset,
      `target conditions know deviceId, tags.* and properties.reported.*, not ${pathText(path)}`,
      "tag the devices that are meant, and compare the tag",
    ),
  ];
}

function literalFaults({ value, text, offset }: Literal): ConditionFault[] {
  if (value === null)
    return [
      error(offset, "nothing equals null", "write NOT IS_DEFINED(...) for what a device does not have"),
    ];
  if (typeof value !== "string" || isQuotable(value)) return [];
  const summary = `the documents allow letters, digits and -:.+%_#*?!(),=@;$ in a text, and ${text} has others`;
  return [
    {
      severity: "warning",
      offset,
      summary,
      hint: "try the condition in the portal first, or use another tag",
    },
  ];
}

function typeFaults(path: Path, { value, offset }: Literal): ConditionFault[] {
  const name = pathText(path);
  if (TEXT_TAGS.includes(name) && typeof value !== "string" && value !== null)
    return [
      error(
        offset,
        `${name} is a text, and no text equals ${String(value)}`,
        `write ${quoted(String(value))}`,
      ),
    ];
  if (name === TAG.bucket && typeof value !== "number")
    return [
      error(
        offset,
        `${name} is a number, and only numbers compare with it`,
        "write a number from 0 to 999999",
      ),
    ];
  return [];
}

/** `deviceId = 'a' AND deviceId = 'b'` is legal and means nobody [MicrosoftDocs/azure-docs#11487]. */
function contradictions(terms: readonly Expression[]): ConditionFault[] {
  const seen = new Map<string, Literal>();
  return terms.flatMap((term): ConditionFault[] => {
    if (term.kind !== "comparison" || term.operator !== "=") return [];
    const { left, right } = term;
    if (left.kind !== "path" || right.kind !== "literal") return [];
    const name = pathText(left);
    const other = seen.get(name);
    seen.set(name, right);
    if (other === undefined || other.value === right.value) return [];
    const summary = `no device has ${name} equal to ${other.text} AND ${right.text}`;
    return [{ severity: "warning", offset: left.offset, summary, hint: "join the two by OR" }];
  });
}

function isDeviceId({ names }: Path): boolean {
  return names.length === 1 && names[0]?.toLowerCase() === "deviceid";
}

function error(offset: number, summary: string, hint: string): ConditionFault {
  return { severity: "error", offset, summary, hint };
}
