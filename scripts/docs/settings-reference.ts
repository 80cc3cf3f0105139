import { z } from "zod";
import { credentialSchema } from "../../rollout/cli/settings/credential-settings.ts";
import { OTHER_VARIABLES, VARIABLES } from "../../rollout/cli/settings/settings-layers.ts";
import { settingsSchema } from "../../rollout/cli/settings/settings.ts";
import { channelSchema } from "../../rollout/cli/settings/notify-settings.ts";
import { sourcesSchema } from "../../rollout/cli/settings/source-settings.ts";
import { formatDuration } from "../../rollout/model/duration.ts";
import { InvariantError } from "../../rollout/model/problem.ts";
import { generatedHeading, markdownTable } from "./markdown-table.ts";

/** The parts of a JSON schema that this page tells. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly byDefault?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

/** docs/reference/settings.md: every setting with meaning, default and variable. */
export function settingsReference(): string {
  const variables = new Map(Object.entries(VARIABLES).map(([name, path]) => [path.join("."), name]));
  const rows = rowsOf(schemaOf(settingsSchema), "").map(({ path, required, ...row }) => [
    `\`${path}\``,
    row.meaning,
    required ? "required" : row.byDefault,
    variables.has(path) ? `\`${variables.get(path) ?? ""}\`` : "",
  ]);
  const { additionalProperties: source } = schemaOf(sourcesSchema);
  if (typeof source !== "object") throw new InvariantError("sources have no schema");
  return `${[
    generatedHeading("Settings"),
    "One JSON file, `wavegate.settings.json`; `wavegate init` writes an example. It says where the hub, the stores and\n" +
      "the declarations are. Each value is taken from the first of these that has it: a variable, the file, the outputs of\n" +
      "a Pulumi stack. The file is the one that `--settings` names, else `WAVEGATE_SETTINGS`, `./wavegate.settings.json`, a\n" +
      "demo of `npm start`. The outputs are in the file that `--stack-outputs` names, else `WAVEGATE_STACK_OUTPUTS`.",
    markdownTable(["setting", "meaning", "default", "variable"], rows),
    "Durations are written `15 minutes`, `3.5 hours`, `2 days`.",
    "## Credentials",
    "What stands in `hub.credential`, `images.credential`, `records.credential`, `identities.credential` and in sources.",
    kindTable(schemaOf(credentialSchema)),
    "## Sources",
    "What stands in `sources.NAME`; what each is asked is in [metrics.md](../metrics.md).",
    kindTable(source),
    "## Channels",
    "What stands in `notify.channels`; what each is sent is in [notifications.md](../notifications.md).",
    kindTable(schemaOf(channelSchema)),
    "## Variables that are none of one value",
    markdownTable(
      ["variable", "value"],
      Object.entries(OTHER_VARIABLES).map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
  ].join("\n\n")}\n`;
}

interface Row {
  readonly path: string;
  readonly meaning: string;
  readonly required: boolean;
  readonly byDefault: string;
}

function schemaOf(schema: z.ZodType): Schema {
  // What toJSONSchema makes has these parts, among others.
  return z.toJSONSchema(schema, {
    ...{ io: "input", unrepresentable: "any" },
    // Of text that comes out as a number (a duration), zod leaves the default out: it is none of what goes in.
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      if (def.type === "default") jsonSchema["byDefault"] = def.defaultValue;
    },
  }) as Schema;
}

/** One row a setting, those of a section after it. Credentials, sources and further hubs are told elsewhere. */
function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): readonly Row[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const path = `${prefix}${key}`;
    const isSection = schema.properties !== undefined;
    if (schema.description === undefined && !isSection)
      throw new InvariantError(`${path} has no description`);
    const row = {
      path,
      meaning: schema.description ?? "",
      required: required.includes(key),
      byDefault: defaultOf(schema),
    };
    return [
      ...(schema.description === undefined ? [] : [row]),
      ...(isSection ? rowsOf(schema, `${path}.`) : []),
    ];
  });
}

function defaultOf(schema: Schema): string {
  const { byDefault: value, type } = schema;
  if (value === undefined) return "";
  // A duration is text that comes out in ms; its default is what comes out.
  if (Array.isArray(value) && value.length > 0) return value.join(", ");
  if (type === "string" && typeof value === "number") return formatDuration(value);
  return typeof value === "string" || typeof value === "number" ? String(value) : "none";
}

/** The ways of a value that `kind` tells apart, each with its fields. */
function kindTable({ oneOf = [] }: Schema): string {
  return markdownTable(
    ["kind", "what it is", "fields"],
    oneOf.map((way) => {
      const { kind, ...fields } = way.properties ?? {};
      const told = Object.entries(fields).map(([name, field]) => {
        const isOptional = way.required?.includes(name) !== true;
        const byDefault = field.byDefault === undefined ? "" : `; default ${defaultOf(field)}`;
        return `\`${name}\`${isOptional ? " (optional)" : ""}: ${(field.description ?? "").replace(/\.$/, "")}${byDefault}.`;
      });
      return [`\`${String(kind?.const)}\``, kind?.description ?? "", told.join("<br>")];
    }),
  );
}
