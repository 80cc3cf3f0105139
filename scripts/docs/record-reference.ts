import { join } from "node:path";
import { z } from "zod";
import { lookSchema, recordSchema } from "../../rollout/adapters/record-schema.ts";
import { InvariantError } from "../../rollout/model/problem.ts";
import { generatedHeading, markdownTable } from "./markdown-table.ts";
import { readSourceDocs, type SourceDocs } from "./source-docs.ts";

/** A part of a JSON schema, with the parts below it. */
type Schema = Record<string, unknown>;

/** Types of the model that hold the meaning of the fields at a path; an entry of a list or a map has its parent's path. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  record: ["RolloutRecord"],
  "record.intents": ["AdoptedIntent", "RolloutIntent", "RetiredIntent"],
  "record.intents.artifact": ["Artifact"],
  "record.intents.release": ["Release"],
  "record.intents.release.artifact": ["Artifact"],
  "record.intents.release.waves": ["Wave"],
  "record.intents.release.waves.cohort": ["Cohort"],
  "record.intents.release.waves.pace": ["Pace"],
  "record.intents.release.gate": ["Gate"],
  "record.intents.release.gate.metrics": ["Metric"],
  "record.intents.release.gate.metrics.judge": ["JudgeDeclaration"],
  "record.intents.release.windows": ["MaintenanceWindow"],
  "record.intents.approvals": ["Approval"],
  "record.intents.overrides": ["Override"],
  "record.intents.retry": ["Retry"],
  "record.stops": ["Stop"],
  "record.verdict": ["Verdict"],
  "record.verdict.reasons": ["Reason"],
  "record.verdict.reasons.rate": ["Rate"],
  "record.verdict.reasons.rate.ofAll": ["WholeStratum"],
  "record.verdict.metrics": ["MetricVerdict"],
  "record.judged": ["RecordedEvidence"],
  "record.judged.counts.cumulative": ["StratumCounts"],
  "record.judged.counts.wave": ["StratumCounts"],
  "record.judged.coverage": ["Coverage"],
  "record.judged.thresholds": ["Thresholds"],
  "record.judged.rates": ["RateBasis"],
  "record.judged.contact": ["ContactBasis"],
  "record.judged.looks": ["LooksMark"],
  "record.judged.metrics": ["MetricEvidence"],
  "record.judged.metrics.numbers.byStratum": ["LimitNumbers", "BinomialNumbers", "RatioNumbers"],
  "record.approval": ["Approval"],
  look: ["Look"],
  "look.views": ["LookViews"],
  "look.views.all": ["Tally"],
  "look.views.wave": ["Tally"],
  "look.metrics": ["MetricReading"],
};

/** docs/reference/record.schema.json: what a record may hold, as JSON Schema, with the meaning of each field. */
export function recordJsonSchema(project: string): string {
  const schema = describedSchema(project);
  return `${JSON.stringify({ title: "A record of wavegate", ...schema }, undefined, 2)}\n`;
}

/** docs/reference/records.md: the fields of a record and of a look. */
export function recordReference(project: string): string {
  const look = described(toSchema(lookSchema), "look", modelDocs(project));
  return `${[
    generatedHeading("Records, field by field"),
    "As JSON Schema: [record.schema.json](record.schema.json). What records are for, and how they are verified:\n" +
      "[records.md](../records.md). `[]` is an entry of a list, `*` a key that is a name (a stratum, a hub, a wave).",
    "## A record",
    fieldTable(describedSchema(project)),
    "## A look",
    "One line of `looks/PRODUCT/ATTEMPT.jsonl`.",
    fieldTable(look),
  ].join("\n\n")}\n`;
}

function describedSchema(project: string): Schema {
  return described(toSchema(recordSchema), "record", modelDocs(project));
}

function modelDocs(project: string): SourceDocs {
  return readSourceDocs(join(project, "rollout/model"));
}

function toSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}

/** A schema with the model's doc comments as descriptions. */
function described(schema: Schema, path: string, docs: SourceDocs): Schema {
  const fields = (TYPES[path] ?? []).flatMap((type) => {
    const found = docs.get(type);
    if (found === undefined) throw new InvariantError(`there is no type ${type}`);
    return found;
  });
  return Object.fromEntries(
    Object.entries(schema).map(([part, value]): [string, unknown] => {
      if (part === "properties" && isSchema(value)) {
        const entries = Object.entries(value).map(([name, child]): [string, unknown] => {
          const meaning = fields.find((field) => field.name === name && field.meaning !== "")?.meaning;
          const whole = isSchema(child) ? described(child, `${path}.${name}`, docs) : child;
          return [
            name,
            isSchema(whole) && meaning !== undefined ? { description: meaning, ...whole } : whole,
          ];
        });
        return [part, Object.fromEntries(entries)];
      }
      if (Array.isArray(value))
        return [part, value.map((one: unknown) => (isSchema(one) ? described(one, path, docs) : one))];
      return [part, isSchema(value) ? described(value, path, docs) : value];
    }),
  );
}

/** One row a field, those below it after it; of a union every branch's fields once. */
function fieldTable(schema: Schema): string {
  const rows = new Map<string, readonly [string, string, string]>();
  const walk = (part: Schema, path: string): void => {
    for (const branch of branchesOf(part)) walk(branch, path);
    if (isSchema(part["items"])) walk(part["items"], `${path}[]`);
    if (isSchema(part["additionalProperties"])) walk(part["additionalProperties"], `${path}.*`);
    const properties = part["properties"];
    if (!isSchema(properties)) return;
    for (const [name, child] of Object.entries(properties)) {
      if (!isSchema(child)) continue;
      const at = path === "" ? name : `${path}.${name}`;
      const before = rows.get(at);
      const meaning = typeof child["description"] === "string" ? child["description"] : "";
      rows.set(at, [
        `\`${at}\``,
        mergedType(before?.[1], typeOf(child)),
        before?.[2] === undefined || before[2] === "" ? meaning : before[2],
      ]);
      walk(child, at);
    }
  };
  walk(schema, "");
  return markdownTable(["field", "type", "meaning"], [...rows.values()]);
}

function mergedType(before: string | undefined, type: string): string {
  if (before === undefined || before === type) return type;
  return before.split(", ").includes(type) ? before : `${before}, ${type}`;
}

function typeOf(schema: Schema): string {
  const { const: only, enum: values, type } = schema;
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (Array.isArray(values)) return values.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  const branches = branchesOf(schema);
  if (branches.length > 0) return [...new Set(branches.map(typeOf))].join(" or ");
  return String(type);
}

function branchesOf(schema: Schema): readonly Schema[] {
  return ["anyOf", "oneOf"].flatMap((key) => {
    const value = schema[key];
    return Array.isArray(value) ? value.filter(isSchema) : [];
  });
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
