import type { Operand, Read } from "./collection.ts";
import type { ArithmeticOperator } from "./expression.ts";

/** An operator and what stands to its right. */
export interface ArithmeticStep<Row> {
  readonly operator: ArithmeticOperator;
  readonly operand: Operand<Row>;
}

/** Compile operators from left to right; what is no number, or gives none (such as 1 / 0), is undefined [G]. */
export function compileArithmetic<Row>(first: Operand<Row>, rest: readonly ArithmeticStep<Row>[]): Read<Row> {
  return (row) => {
    let result = first.read(row);
    for (const { operator, operand } of rest) {
      const value = operand.read(row);
      if (typeof result !== "number" || typeof value !== "number") return undefined;
      result = calculate(operator, result, value);
    }
    return typeof result === "number" && Number.isFinite(result) ? result : undefined;
  };
}

function calculate(operator: ArithmeticOperator, one: number, other: number): number {
  switch (operator) {
    case "+":
      return one + other;
    case "-":
      return one - other;
    case "*":
      return one * other;
    case "/":
      return one / other;
    case "%":
      return one % other;
  }
}
