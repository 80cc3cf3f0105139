const SLOWEST = 5;
/** Skips without a reason that are named; there are many when tests are chosen by name. */
const NAMED = 5;
/** Of the column of areas. */
const LEAST_WIDTH = 12;

/** What a run of tests came to, as lines for a person: areas, skips by reason, failures, the slowest. */
export function summarizeTests(tests) {
  const slowest = [...tests].sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  return [
    ...areaLines(tests),
    ...skipLines(tests.filter((test) => test.state === "skipped")),
    ...section("failed", tests.filter((test) => test.state === "failed").map(nameOf)),
    ...section(
      "slowest",
      slowest.map((test) => `${test.seconds.toFixed(1).padStart(5)} s  ${nameOf(test)}`),
    ),
  ];
}

/** How many of these tests ended in a state. */
export function countTests(tests, state) {
  return tests.filter((test) => test.state === state).length;
}

function areaLines(tests) {
  const areas = groupBy(tests, (test) => test.area);
  const width = Math.max(LEAST_WIDTH, ...[...areas.keys()].map((area) => area.length));
  const lines = [...areas].sort().map(([area, own]) => {
    const [passed, failed, skipped] = ["passed", "failed", "skipped"].map((state) => countTests(own, state));
    const others = `${failed ? `, ${failed} failed` : ""}${skipped ? `, ${skipped} skipped` : ""}`;
    return `${area.padEnd(width)} ${String(passed).padStart(5)} passed${others}`;
  });
  return section("tests by area", lines);
}

function skipLines(skipped) {
  const reasons = groupBy(skipped, (test) => test.reason);
  // Files end in any order; the summary is the same all the same.
  const sorted = [...reasons].sort(([a = ""], [b = ""]) => a.localeCompare(b));
  const lines = sorted.map(([reason, own]) => {
    if (reason !== undefined) return `${own.length} ${reason}`;
    // A skip owes its reason; one without is named.
    const names = own.slice(0, NAMED).map(nameOf).join("; ");
    return `${own.length} no reason given: ${names}${own.length > NAMED ? "; and others" : ""}`;
  });
  return section("skipped", lines);
}

function section(title, lines) {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function nameOf(test) {
  return test.file === undefined ? test.name : `${test.file} > ${test.name}`;
}

/** `Map.groupBy`, which Node 20 lacks. */
function groupBy(values, keyOf) {
  const groups = new Map();
  for (const value of values) {
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}
