import { fc, test } from "@fast-check/vitest";
import { afterAll, describe, expect, it } from "vitest";
import { compileTargetCondition } from "../../../local/hub/query/target-condition.ts";
import { lintCondition } from "../../../rollout/plan/lint-condition.ts";

describe("a condition of one's own", () => {
  it.each([
    "tags.site = 'lab'",
    "tags.site='lab' or (tags.floor >= 3 and tags.floor < 7)",
    "deviceId = 'press-4' OR DeviceId <> 'press-5'",
    "NOT IS_DEFINED(tags.spare)",
    "IS_DEFINED(tags.site) AND tags.site != 'lab'",
    "IS_DEFINED(tags.site) AND NOT (tags.site = 'lab' OR tags.site = 'attic')",
    "tags.site = 'lab' NOT IS_DEFINED(tags.spare)",
    "tags['site'].floor = 3 AND properties.reported.hardware = 'B'",
    "properties.reported.firmware.bucket < 1000",
    "tags.name = 'operator''sDevice'",
    "tags.rollout.stratum = 'B' AND tags.hot = true AND tags.offset = -1.5",
    "tags.and = 1 AND tags.group.by = 2",
    Array.from({ length: 40 }, (_, index) => `NOT IS_DEFINED(tags.t${index})`).join(" AND "),
    Array.from({ length: 40 }, (_, index) => `(NOT (IS_DEFINED(tags.t${index})))`).join(" OR "),
  ])("is taken: %s", (condition) => {
    expect(lintCondition(condition)).toEqual([]);
    expect(() => compileTargetCondition(condition)).not.toThrow();
  });

  it.each([
    ["tags.site = 'lab", 12, /quote that begins here has no end/],
    ['tags.site = "lab"', 12, /double quotes/],
    [`tags.site = 'la"b'`, 15, /double quotes/],
    ["tags.site = ", 12, /ends too early/],
    ["(tags.site = 'lab'", 18, /ends too early/],
    ["tags.site = 'lab')", 17, /unexpected \)/],
    ["tags.site == 'lab'", 11, /unexpected =/],
    ["", 0, /ends too early/],
    ["*", 0, /unexpected \*/],
    ["tags.a = 1 /* all */", 11, /unexpected \//],
    ["tags.a + 1 = 2", 7, /unexpected \+/],
    [`${"(".repeat(40)}tags.a = 1${")".repeat(40)}`, 32, /nested deeper than 32/],
    [`${"NOT ".repeat(40)}IS_DEFINED(tags.a)`, 128, /nested deeper than 32/],
    [`${"NOT (".repeat(20)}tags.a = 1${")".repeat(20)}`, 80, /nested deeper than 32/],
    ["tags.site IN ['lab', 'attic']", 10, /IN is refused/],
    ["STARTS_WITH(tags.site, 'l')", 0, /STARTS_WITH is no function/],
    ["tags.hot", 0, /compared with nothing/],
    ["tags.site != 'lab'", 10, /!= says of a device without tags.site is undocumented/],
    ["NOT tags.site = 'lab'", 4, /NOT says of a device without tags.site/],
    ["NOT (IS_DEFINED(tags.site) AND tags.site = 'lab')", 31, /NOT says of a device without tags.site/],
    ["IS_DEFINED(tags.site) OR tags.site != 'lab'", 35, /undocumented/],
    ["tags.spare = null", 13, /nothing equals null/],
    ["properties.desired.firmware.fwVersion = '1'", 0, /target conditions know deviceId/],
    ["connectionState = 'Connected'", 0, /target conditions know deviceId/],
    ["Tags.site = 'lab'", 0, /target conditions know deviceId/],
    ["tags = 'lab'", 0, /target conditions know deviceId/],
    ["tags.a = 1 AND properties.reported.firmware.currentFwVersion = '1.0.0'", 15, /an update changes/],
    ["properties.reported['firmware'].outcome = 'ok'", 0, /an update changes/],
    ["IS_DEFINED(properties.reported.firmware)", 11, /an update changes/],
    ["tags.rollout.stratum = 7", 23, /is a text, and no text equals 7/],
    ["tags.rollout.ring = true", 20, /is a text, and no text equals true/],
    ["tags.rollout.bucket < '1000'", 22, /is a number/],
  ] as const)("is refused: %s", (condition, offset, summary) => {
    const faults = lintCondition(condition);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      severity: "error",
      offset,
      summary: expect.stringMatching(summary) as string,
    });
    expect(faults[0]?.hint).not.toBe("");
  });

  it.each([
    ["deviceId = 'a' AND deviceId = 'b'", 19, /no device has deviceId/],
    ["tags.site = 'New York'", 12, /has others/],
  ] as const)("is warned of: %s", (condition, offset, summary) => {
    expect(lintCondition(condition)).toMatchObject([
      { severity: "warning", offset, summary: expect.stringMatching(summary) as string },
    ]);
  });

  it("shows everything wrong at once, in the order of the text, and how to write it", () => {
    const faults = lintCondition(
      "tags.site IN ['a', 'b'] AND tags.x != 1 AND properties.reported.firmware.outcome = 'ok'",
    );
    expect(faults.map(({ hint }) => hint)).toEqual([
      "write (tags.site = 'a' OR tags.site = 'b')",
      "say which devices are meant: IS_DEFINED(tags.x) AND ...",
      expect.stringContaining("`requires`"),
    ]);
  });

  // What passes must be taken by the hub, and must not leave the brackets that wavegate puts around it.
  const atom = fc.constantFrom(
    ...["tags.a = 1", "tags.b != 'x'", "deviceId = 'it''s'", "IS_DEFINED(tags.b)", "tags['a'].b >= -2.5"],
    ...["properties.reported.c = true", "NOT IS_DEFINED(tags.a)", "IS_DEFINED(tags.b) AND tags.b <> 'y'"],
  );
  const { condition } = fc.letrec<{ condition: string }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc
        .tuple(tie("condition"), fc.constantFrom("AND", "OR", "and"), tie("condition"))
        .map((part) => part.join(" ")),
      tie("condition").map((inner) => `(${inner})`),
      tie("condition").map((inner) => `NOT ${inner}`),
    ),
  }));
  const noise = fc.constantFrom(
    "",
    "",
    "'",
    ")",
    "(",
    " AND",
    " OR tags.a",
    "--",
    "/*",
    "*/",
    ";",
    '"',
    "[",
    " null",
    "''",
  );
  let passed = 0;
  afterAll(() => {
    expect(passed).toBeGreaterThan(100);
  });
  test.prop([condition, noise, fc.nat(200)], { numRuns: 2_000 })(
    "that passes is taken by the hub, alone and in brackets",
    (whole, added, at) => {
      const text = whole.slice(0, at) + added + whole.slice(at);
      if (lintCondition(text).some(({ severity }) => severity === "error")) return;
      passed += 1;
      expect(() => compileTargetCondition(text)).not.toThrow();
      expect(() => compileTargetCondition(`tags.product = 'p' AND (${text})`)).not.toThrow();
    },
  );
});
