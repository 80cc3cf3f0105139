/** Minutes, hours and days at which a cron expression fires. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  /** With both days restricted either of them fires, as in every cron since Version 7. */
  readonly eitherDay: boolean;
}

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly [Field, Field, Field, Field, Field] = [
  { name: "minute", from: 0, to: 59 },
  { name: "hour", from: 0, to: 23 },
  { name: "day of the month", from: 1, to: 31 },
  {
    name: "month",
    from: 1,
    to: 12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  // 7 is Sunday too.
  { name: "day of the week", from: 0, to: 7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/** Read five fields of cron: numbers, names, `*`, lists, ranges and steps. A text says what is wrong. */
export function parseCron(text: string): Cron | string {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length)
    return `"${text}" has ${parts.length} fields; cron has five: minute hour day month weekday`;
  const values = FIELDS.map((field, index) => valuesOf(parts[index] ?? "", field));
  const wrong = values.find((found) => typeof found === "string");
  if (wrong !== undefined) return wrong;
  // None of them is a text: that was checked above.
  const [minutes = [], hours = [], daysOfMonth = [], months = [], weekdays = []] = values as number[][];
  const cron: Cron = {
    minutes,
    hours,
    daysOfMonth: new Set(daysOfMonth),
    months: new Set(months),
    daysOfWeek: new Set(weekdays.map((day) => day % 7)),
    eitherDay: !(parts[2] ?? "").startsWith("*") && !(parts[4] ?? "").startsWith("*"),
  };
  return everFires(cron) ? cron : `"${text}" never fires: no month has that day`;
}

/** True when a cron fires on this day. */
export function firesOn(
  { daysOfMonth, months, daysOfWeek, eitherDay }: Cron,
  day: { readonly month: number; readonly dayOfMonth: number; readonly dayOfWeek: number },
): boolean {
  if (!months.has(day.month)) return false;
  const [ofMonth, ofWeek] = [daysOfMonth.has(day.dayOfMonth), daysOfWeek.has(day.dayOfWeek)];
  return eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
}

function valuesOf(text: string, field: Field): number[] | string {
  const values = new Set<number>();
  for (const part of text.toLowerCase().split(",")) {
    const match = /^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d+))?$/.exec(part);
    const refusal = `"${part}" is no ${field.name}: write ${field.from} to ${field.to}, *, a list, a range or a step`;
    if (match === null) return refusal;
    const [, star, first = "", last, step = "1"] = match;
    const from = star === undefined ? numberOf(first, field) : field.from;
    // "5/15" means from 5 on, as in every cron that takes it.
    const to =
      star !== undefined || (last === undefined && match[4] !== undefined)
        ? field.to
        : numberOf(last ?? first, field);
    if (from === undefined || to === undefined || from > to || Number(step) < 1) return refusal;
    for (let value = from; value <= to; value += Number(step)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function numberOf(text: string, { from, to, names }: Field): number | undefined {
  const named = names?.indexOf(text) ?? -1;
  const value = named >= 0 ? named + from : /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= from && value <= to ? value : undefined;
}

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function everFires({ daysOfMonth, months, eitherDay }: Cron): boolean {
  const first = Math.min(...daysOfMonth);
  return eitherDay || [...months].some((month) => first <= (LONGEST_MONTHS[month - 1] ?? 0));
}
