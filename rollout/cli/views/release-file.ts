import type { Cohort } from "../../model/cohort.ts";
import type { ReleaseDeclaration } from "../../model/release.ts";

/** Waves and gate of a product's first release: cautious, to be edited. */
export const STARTER: Omit<ReleaseDeclaration, "product" | "version" | "artifact"> = {
  waves: [
    { name: "canary", cohort: { kind: "ring", ring: "canary" }, kind: "smoke" },
    { name: "1%", cohort: { kind: "percent", percent: 1 }, kind: "smoke" },
    { name: "10%", cohort: { kind: "percent", percent: 10 } },
    { name: "everyone", cohort: { kind: "percent", percent: 100 } },
  ],
  gate: {
    tolerate: "1%",
    reject: "5%",
    falseStop: "5%",
    missedBad: "5%",
    deadline: "48 hours",
    bake: "72 hours",
    harmCap: 50,
  },
};

/** The source of a release file. */
export function renderRelease(declaration: ReleaseDeclaration): string {
  const { product, version, artifact, waves, gate, watch, where, windows, holdOut } = declaration;
  const words = [...new Set(waves.map(({ cohort }) => wordOf(cohort)))].sort();
  const fields = (record: object): string =>
    Object.entries(record as Readonly<Record<string, unknown>>)
      .map(([key, value]) => `${key}: ${typeof value === "number" ? groups(value) : JSON.stringify(value)}`)
      .join(", ");
  return [
    `import { defineRelease, ${words.join(", ")} } from "wavegate";`,
    "",
    "export default defineRelease({",
    `  product: ${text(product)},`,
    `  version: ${text(version)},`,
    "  artifact: {",
    `    path: ${text(artifact.path)},`,
    `    sha256: ${text(artifact.sha256)},`,
    `    size: ${groups(artifact.size)},`,
    `    manifest: ${text(artifact.manifest)},`,
    `    signature: ${text(artifact.signature)},`,
    "  },",
    "  waves: [",
    ...waves.map(
      ({ name, cohort, ...rest }) =>
        `    { name: ${text(name)}, cohort: ${call(cohort)}${Object.keys(rest).length === 0 ? "" : `, ${fields(rest)}`} },`,
    ),
    "  ],",
    "  gate: {",
    ...Object.entries(gate).map(([key, value]) => `    ${fields({ [key]: value as unknown })},`),
    "  },",
    ...(watch === undefined ? [] : [`  watch: ${text(watch)},`]),
    ...(where === undefined ? [] : [`  where: ${text(where)},`]),
    ...(holdOut === undefined ? [] : [`  holdOut: ${text(holdOut)},`]),
    ...(windows === undefined
      ? []
      : ["  windows: [", ...windows.map((window) => `    { ${fields(window)} },`), "  ],"]),
    "});",
    "",
  ].join("\n");
}

function wordOf({ kind }: Cohort): string {
  return kind === "at least" ? "atLeast" : kind;
}

function text(value: string): string {
  return JSON.stringify(value);
}

function call(cohort: Cohort): string {
  switch (cohort.kind) {
    case "ring":
      return `ring(${text(cohort.ring)})`;
    case "percent":
      return `percent(${cohort.percent})`;
    case "devices":
      return `devices(${groups(cohort.devices)})`;
    case "named":
      return `named(${JSON.stringify(cohort.devices)})`;
    case "at least":
      return `atLeast(${groups(cohort.devices)}).per(${text(cohort.per)})`;
    case "where":
      return `where(${text(cohort.where)})`;
  }
}

/** 1310720 → 1_310_720, as people write it. */
function groups(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en-US").replaceAll(",", "_") : String(value);
}
