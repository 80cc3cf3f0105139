import { join } from "node:path";
import { InvariantError } from "../../rollout/model/problem.ts";
import { generatedHeading, markdownTable } from "./markdown-table.ts";
import { functionDocs, readSourceDocs, type DocumentedField, type SourceDocs } from "./source-docs.ts";

/** Types that stand on this page, each with its heading. */
const SECTIONS = [
  ["ReleaseDeclaration", "A release", "`rollout/releases/*.ts`, the default export: `defineRelease({ … })`."],
  [
    "Artifact",
    "The image",
    "`artifact` of a release and of an adopted baseline; `wavegate release add` writes it.",
  ],
  [
    "WaveDeclaration",
    "A wave",
    "An entry of `waves`. Each is wider than the one before; the last is `percent(100)`.",
  ],
  ["PaceDeclaration", "A pace", "`pace` of a wave: it opens in parts."],
  ["GateDeclaration", "The gate", "`gate` of a release. How to choose the numbers: [gates.md](../gates.md)."],
  [
    "MetricDeclaration",
    "A metric",
    "An entry of `gate.metrics`. What it asks and how it judges: [metrics.md](../metrics.md).",
  ],
  ["JudgeDeclaration", "A judge", "`judge` of a metric."],
  ["WindowDeclaration", "A window", "An entry of `windows` of a release."],
  ["FleetDeclaration", "The fleet", "`rollout/fleet.ts`, the default export: `defineFleet({ … })`."],
  [
    "ProductDeclaration",
    "A product",
    "An entry of `products`, by the product's name: lower-case, without `--`.",
  ],
  ["AdoptDeclaration", "An adopted baseline", "`adopt` of a product."],
  ["FreezeDeclaration", "A freeze", "An entry of `freezes`, of the fleet or of a product."],
] as const;

const COHORTS: ReadonlySet<string> = new Set(["ring", "percent", "devices", "named", "atLeast", "where"]);

/** docs/reference/declarations.md: every field of release and fleet files, from the types they are checked by. */
export function declarationReference(project: string): string {
  const docs = readSourceDocs(join(project, "rollout/model"));
  return `${[
    generatedHeading("Release and fleet files"),
    "Data only: no clock, environment or I/O. `wavegate lint` checks them without a hub, all problems at once.\n" +
      "`Duration` is written `15 minutes`, `3.5 hours`, `2 days`; `Percentage` is written `2%`, `0.5%`.",
    ...SECTIONS.map(([type, title, where]) => [`## ${title}`, where, fieldTable(type, docs)].join("\n\n")),
    "## Cohorts",
    "`cohort` of a wave, imported from `wavegate`. Wave k holds everyone of the waves before it too.",
    markdownTable(
      ["call", "whom"],
      functionDocs(join(project, "rollout/model/cohort.ts"))
        .filter(({ name }) => COHORTS.has(name))
        .map(({ call, meaning }) => [`\`${call}\``, meaning]),
    ),
  ].join("\n\n")}\n`;
}

function fieldTable(type: string, docs: SourceDocs): string {
  const fields = docs.get(type);
  if (fields === undefined || fields.length === 0) throw new InvariantError(`there is no type ${type}`);
  return markdownTable(
    ["field", "type", "meaning"],
    fields.map((field) => [
      `\`${field.name}\`${field.optional ? "" : " (required)"}`,
      typeOf(field),
      meaningOf(field, type),
    ]),
  );
}

/** The type as written, with a link where it stands on this page. */
function typeOf({ type }: DocumentedField): string {
  const section = SECTIONS.find(([name]) => new RegExp(`\\b${name}\\b`).test(type));
  const text = `\`${type.replaceAll("readonly ", "")}\``;
  if (type === "Cohort") return `[${text}](#cohorts)`;
  return section === undefined ? text : `[${text}](#${section[1].toLowerCase().replaceAll(" ", "-")})`;
}

function meaningOf({ name, meaning }: DocumentedField, type: string): string {
  if (meaning === "") throw new InvariantError(`${type}.${name} has no doc comment`);
  return meaning;
}
