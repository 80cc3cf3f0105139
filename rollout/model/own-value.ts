/**
 * The entry that a record itself has under a name; undefined where it has none. Strata and waves are named by people and
 * tags: one called "constructor" must not find what every object inherits.
 */
export function ownValue<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
