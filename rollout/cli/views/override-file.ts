import type { OverrideDeclaration } from "../../model/override-declaration.ts";

/** Name of the file for one wave: two names of waves that give one name of a file are told apart by people. */
export function overrideFileName({ product, version, wave }: OverrideDeclaration): string {
  const word = wave.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return `${[product, version, ...(word === "" ? [] : [word])].join("-")}.ts`;
}

/** The source of an override file. */
export function renderOverride(declaration: OverrideDeclaration): string {
  const { product, version, wave, evidence, reason, until } = declaration;
  const fields = { product, version, wave, evidence, reason, until };
  return [
    'import { defineOverride } from "wavegate";',
    "",
    "export default defineOverride({",
    ...Object.entries(fields).map(([key, value]) => `  ${key}: ${JSON.stringify(value)},`),
    "});",
    "",
  ].join("\n");
}
