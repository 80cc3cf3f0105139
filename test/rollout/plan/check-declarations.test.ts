import { describe, expect, it } from "vitest";
import { checkDeclarations } from "../../../rollout/plan/check-declarations.ts";
import { aRelease } from "../../support/declarations.ts";

const FLEET = { value: { products: { thermostat: {} } }, file: "fleet.ts" };

describe("a set of declarations", () => {
  it("is told everything that is malformed at once, the fleet too", () => {
    const { products, problems } = checkDeclarations({
      fleet: { value: { products: { thermostat: { adpot: [] } } }, file: "fleet.ts" },
      releases: [
        { value: { ...aRelease("1.1.0"), watch: "soon" }, file: "releases/a.ts" },
        { value: aRelease("1.2.0"), file: "releases/b.ts" },
      ],
      overrides: [{ value: {}, file: "overrides/a.ts" }],
    });
    expect(products).toEqual([]);
    expect([...new Set(problems.map(({ code, path }) => `${code} ${path.split(":")[0] ?? ""}`))]).toEqual([
      "FLEET_INVALID fleet.ts",
      "RELEASE_INVALID releases/a.ts",
      "OVERRIDE_INVALID overrides/a.ts",
    ]);
  });

  it("is told of a product that the fleet lacks, and of nothing to choose from where it has none", () => {
    const hints = (products: object): readonly string[] =>
      checkDeclarations({
        fleet: { value: { products }, file: "fleet.ts" },
        releases: [{ value: aRelease("1.1.0", { product: "termostat" }), file: "r.ts" }],
      }).problems.map(({ code, hint }) => `${code}: ${hint}`);
    expect(hints(FLEET.value.products)).toEqual(['UNKNOWN_PRODUCT: did you mean "thermostat"?']);
    expect(hints({ press: {} })).toEqual(["UNKNOWN_PRODUCT: declare it in fleet.ts, or use one of: press"]);
    expect(hints({})).toEqual(["UNKNOWN_PRODUCT: declare it in fleet.ts"]);
  });
});
