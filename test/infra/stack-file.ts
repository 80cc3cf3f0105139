import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { z } from "zod";

// The YAML reader that Pulumi itself brings along; it has no types.
const { load } = createRequire(import.meta.resolve("@pulumi/pulumi"))("js-yaml") as {
  load: (text: string) => unknown;
};
const root = new URL("../../", import.meta.url);

const projectSchema = z.object({
  name: z.string(),
  main: z.string(),
  runtime: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  // [pulumi: sdk/go/common/workspace/project.json, configTypeDeclaration]
  config: z.record(
    z.string(),
    z.strictObject({
      type: z.enum(["string", "integer", "boolean", "array"]),
      items: z.strictObject({ type: z.literal("string") }).exactOptional(),
      description: z.string(),
      default: z.unknown(),
    }),
  ),
});

/** Pulumi.yaml, as far as its schema is known here. */
export async function readProject(): Promise<z.output<typeof projectSchema>> {
  return projectSchema.parse(load(await readFile(new URL("Pulumi.yaml", root), "utf8")));
}

/** What the command line hands the program: the stack's values over the project's defaults, each as text. */
export async function readStack(name: string, file = `Pulumi.${name}.yaml`): Promise<Record<string, string>> {
  const project = await readProject();
  const stack = z
    .object({ config: z.record(z.string(), z.unknown()) })
    .parse(load(await readFile(new URL(file, root), "utf8")));
  const defaults = Object.entries(project.config).map(([key, { default: value }]) => [
    `${project.name}:${key}`,
    value,
  ]);
  const entries = { ...Object.fromEntries(defaults), ...stack.config } as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
