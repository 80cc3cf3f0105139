import { MAX_CONDITION } from "../plan/target-condition.ts";

/**
 * Devices that both conditions name; nobody, when that cannot be said in the space there is. Conditions have no order,
 * so this alone can never expose a device that one of them left out [protocol §2, H16].
 */
export function both(found: string, intended: string): string {
  if (found === "" || intended === "") return "";
  if (found === "*" || found === intended) return intended;
  const text = `(${found}) AND (${intended})`;
  return text.length <= MAX_CONDITION ? text : "";
}
