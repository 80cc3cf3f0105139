import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Repository } from "../../support/repository.ts";

/** What is there before a page: the fleet runs 1.0.0, by what it was adopted as. */
export async function adoptedFleet(repository: Repository): Promise<string> {
  const adopt = { version: "1.0.0", artifact: await repository.store("1.0.0") };
  return `export default { products: { thermostat: { adopt: ${JSON.stringify(adopt)} } } };\n`;
}

/**
 * A file of a page as its reader would have it: each image is the one that `release add` has written there, or stored; a
 * fleet that says nothing of its baseline has the one it was adopted with.
 */
export async function pageFile(
  { path, text }: { readonly path: string; readonly text: string },
  repository: Repository,
): Promise<string> {
  const parts = text.split(/\bARTIFACT\b/);
  let written = parts[0] ?? "";
  for (const [index, part] of parts.slice(1).entries()) {
    const version = /.*version: "([^"]+)"/s.exec(parts.slice(0, index + 1).join(""))?.[1] ?? "";
    const artifact =
      (await addedArtifact(join(repository.folder, path))) ?? (await repository.store(version));
    written += `${JSON.stringify(artifact)}${part}`;
  }
  if (!text.includes("defineFleet(") || text.includes("adopt:")) return written;
  await repository.write("rollout/page.ts", written);
  const adopted = await adoptedFleet(repository);
  return `import page from "./page.ts";
${adopted.replace("export default", "const adopted =")}
const { products, ...more } = page;
export default { ...more, products: { thermostat: { ...adopted.products.thermostat, ...products.thermostat } } };
`;
}

async function addedArtifact(file: string): Promise<object | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  if (!text.includes("artifact:")) return undefined;
  // A release file is a program that holds data.
  const { default: release } = (await import(`${file}?${Date.now()}`)) as {
    readonly default: { readonly artifact: object };
  };
  return release.artifact;
}
