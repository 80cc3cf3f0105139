import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { configurationSchema } from "../../infra/configuration/schema.ts";
import { accessRules } from "../../infra/policy/access-rules.ts";
import { hubRules } from "../../infra/policy/hub-rules.ts";
import { storageRules } from "../../infra/policy/storage-rules.ts";
import { POLICY_MUTANTS } from "./policy-mutants.ts";
import { PROPERTIES } from "./program-properties.ts";

const doc = await readFile(new URL("../../docs/azure.md", import.meta.url), "utf8");
const rules = [...hubRules, ...storageRules, ...accessRules];

describe("docs/azure.md", () => {
  it.each(Object.keys(configurationSchema.shape))("says what the key %s takes", (key) => {
    expect(doc).toMatch(new RegExp(`^\\|.*\`${key}\`.*\\|`, "m"));
  });

  it.each(rules.map(({ name }) => name))("says what the policy %s refuses", (name) => {
    expect(doc).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|`, "m"));
  });

  it("counts rules and mutants as they are", () => {
    const mutants = PROPERTIES.flatMap((property) => property.mutants);
    expect(doc).toContain(`a policy pack: ${rules.length} rules`);
    expect(doc).toContain(`with ${POLICY_MUTANTS.length} mutants that each of them must stop`);
    expect(doc).toContain(`with ${mutants.length} mutants of the program that they find`);
  });
});
