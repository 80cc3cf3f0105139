import { commandReference } from "./command-reference.ts";
import { declarationReference } from "./declaration-reference.ts";
import { errorReference } from "./error-reference.ts";
import { lintReference } from "./lint-reference.ts";
import { recordJsonSchema, recordReference } from "./record-reference.ts";
import { scalePage } from "./scale-page.ts";
import { settingsReference } from "./settings-reference.ts";

/** Every page that is written from the code, by its path in the project. */
export async function generatedPages(project: string): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/reference/commands.md", await commandReference(project)],
    ["docs/reference/settings.md", settingsReference()],
    ["docs/reference/declarations.md", declarationReference(project)],
    ["docs/reference/errors.md", errorReference()],
    ["docs/reference/lint.md", lintReference()],
    ["docs/reference/records.md", recordReference(project)],
    ["docs/reference/record.schema.json", recordJsonSchema(project)],
    ["docs/scale.md", scalePage()],
  ]);
}
