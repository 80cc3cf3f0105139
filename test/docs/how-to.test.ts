import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDeclarations } from "../../rollout/cli/declarations/declarations.ts";
import { settingsSchema } from "../../rollout/cli/settings/settings.ts";
import { PROJECT } from "../support/command-line.ts";
import { anArtifact } from "../support/declarations.ts";
import { codeBlocks, docPages } from "./doc-files.ts";

const PAGES = docPages().filter(({ path }) => path.startsWith("docs/how-to/"));
const BLOCKS = PAGES.flatMap(({ path, text }) =>
  codeBlocks(text).map(({ language, lines }) => ({ path, language, text: lines.join("\n") })),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-how-to-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file of a page as its reader would have it: the image named, the package found. */
function asFile(text: string): string {
  const wavegate = pathToFileURL(join(PROJECT, "rollout/wavegate.ts")).href;
  const version = /version: "([^"]+)"/.exec(text)?.[1] ?? "1.0.0";
  return text
    .replaceAll('"wavegate"', JSON.stringify(wavegate))
    .replaceAll(/\bARTIFACT\b/g, JSON.stringify(anArtifact(version)));
}

describe("declarations in the how-to pages", () => {
  const files = BLOCKS.filter(({ text }) => text.trimStart().startsWith("// rollout/"));

  it("are some of each kind", () => {
    expect(files.filter(({ text }) => text.includes("defineRelease(")).length).toBeGreaterThan(2);
    expect(files.filter(({ text }) => text.includes("defineFleet(")).length).toBeGreaterThan(2);
  });

  it.each(files.map(({ path, text }, index) => [`${path}, file ${index + 1}`, text, index] as const))(
    "%s is one that wavegate takes",
    async (_, text, index) => {
      const isFleet = text.includes("defineFleet(");
      const at = join(folder, String(index));
      const [fleet, releases] = [join(at, "fleet.ts"), join(at, "releases")];
      await mkdir(releases, { recursive: true });
      await writeFile(fleet, isFleet ? asFile(text) : "export default { products: { thermostat: {} } };\n");
      if (!isFleet) await writeFile(join(releases, "one.ts"), asFile(text));
      const { products, problems } = await loadDeclarations({ fleet, releases, folder });
      expect(problems).toEqual([]);
      expect(products.flatMap((product) => product.releases)).toHaveLength(isFleet ? 0 : 1);
    },
  );
});

describe("settings in the how-to pages", () => {
  it.each(
    BLOCKS.filter(({ language }) => language === "json").map(({ path, text }) => [path, text] as const),
  )("those of %s are taken", (_, text) => {
    const credential = { kind: "azure-cli" };
    const whole = {
      schemaVersion: 1,
      hub: { name: "one", hostName: "h.azure-devices.net", credential },
      images: { base: "https://account.blob.core.windows.net/firmware", credential },
      records: { folder: "records" },
      declarations: { fleet: "fleet.ts", releases: "releases" },
      ...(JSON.parse(text) as object),
    };
    expect(settingsSchema.safeParse(whole).error?.issues).toBeUndefined();
  });
});
