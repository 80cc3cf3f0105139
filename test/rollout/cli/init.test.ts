import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { init } from "../../../rollout/cli/commands/init.ts";
import type { Context } from "../../../rollout/cli/command.ts";
import { loadDeclarations } from "../../../rollout/cli/declarations/declarations.ts";
import { loadSettings } from "../../../rollout/cli/settings/load-settings.ts";
import { shippedTemplates } from "../../../rollout/cli/scaffold/shipped-templates.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { PROJECT } from "../../support/command-line.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-init-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Run `wavegate init` in the folder; a refusal is returned. */
async function run(
  options: Readonly<Record<string, string>> = {},
  ...args: readonly string[]
): Promise<{ readonly human: string } | WavegateError> {
  const context = { folder } as Context; // all that it uses
  return init.run(context, { args, options }).catch((error: unknown) => {
    if (error instanceof WavegateError) return error;
    throw error;
  });
}

async function filesOf(place: string): Promise<readonly string[]> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(place.length + 1))
    .sort();
}

async function manifest(): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
}

describe("wavegate init", () => {
  it("writes a repository whose fleet is valid, with the pipelines, and says what to type next", async () => {
    const { human } = (await run({ product: "door-lock" }, "rollouts")) as { readonly human: string };
    const place = join(folder, "rollouts");
    const templates = [...(await shippedTemplates()).keys()];
    expect(await filesOf(place)).toEqual(
      [
        ...[".gitignore", "README.md", "package.json", "rollout/fleet.ts", "rollout/releases/.gitkeep"],
        ...["tsconfig.json", "wavegate.settings.example.json", ...templates],
      ].sort(),
    );
    // As npm would put it there.
    await mkdir(join(place, "node_modules"));
    await symlink(PROJECT, join(place, "node_modules", "wavegate"));
    const declared = await loadDeclarations({
      fleet: join(place, "rollout", "fleet.ts"),
      releases: join(place, "rollout", "releases"),
      folder: place,
    });
    expect(declared.problems).toEqual([]);
    expect(declared.products.map(({ product }) => product)).toEqual(["door-lock"]);
    expect(human).toMatch(
      /next: cd rollouts\n.*npm install.*\n(.*\n)*.*release add FILE --product door-lock/,
    );
  });

  it("writes an example of settings that a copy of is valid", async () => {
    await run();
    const settings = await loadSettings({
      flag: "wavegate.settings.example.json",
      stackOutputs: undefined,
      environment: {},
      folder,
    });
    expect(settings.declarations.fleet).toBe(join(folder, "rollout", "fleet.ts"));
  });

  it("writes nothing where a file is there already, and names every one that is", async () => {
    await writeFile(join(folder, "README.md"), "mine\n");
    await writeFile(join(folder, ".gitignore"), "mine too\n");
    const refusal = await run();
    expect(refusal).toMatchObject({ code: "BAD_OPTION" });
    expect((refusal as WavegateError).message).toContain(
      ".gitignore, README.md already; nothing was written",
    );
    expect(await filesOf(folder)).toEqual([".gitignore", "README.md"]);
    expect(await readFile(join(folder, "README.md"), "utf8")).toBe("mine\n");
  });

  it("adds to the package.json of npm what is missing, and changes nothing of it", async () => {
    const mine = {
      scripts: { check: "my own" },
      devDependencies: { wavegate: "1.0.0" },
      engines: { npm: "11" },
    };
    await writeFile(join(folder, "package.json"), JSON.stringify(mine));
    const { human } = (await run()) as { readonly human: string };
    expect(await manifest()).toEqual({
      scripts: { check: "my own" },
      devDependencies: { wavegate: "1.0.0", typescript: "~6.0" },
      engines: { npm: "11", node: ">=22.18" },
      private: true,
      type: "module",
    });
    expect(human).toContain(
      "added to package.json: private, type, engines.node, devDependencies.typescript\n",
    );
    expect(human).toContain("next: npm install\n");
  });

  it.each([
    ["of another kind of module", '{"type":"commonjs"}', "npm pkg set type=module"],
    ["that is no JSON", "{", "correct it"],
    ["that is no object", "[]", "correct it"],
  ])("refuses a package.json %s before it writes anything", async (_, text, hint) => {
    await writeFile(join(folder, "package.json"), text);
    const refusal = (await run()) as WavegateError;
    expect(refusal.code).toBe("BAD_OPTION");
    expect(refusal.hint).toContain(hint);
    expect(await filesOf(folder)).toEqual(["package.json"]);
  });

  it.each(["Door", "door_lock", "1st", "a--b", "../x", "x".repeat(41)])(
    "refuses %j as a product's name",
    async (product) => {
      expect(await run({ product })).toMatchObject({ code: "BAD_OPTION" });
      expect(await filesOf(folder)).toEqual([]);
    },
  );
});

describe("wavegate init --local", () => {
  async function localSettings(hostName: string): Promise<string> {
    const place = join(folder, "demo");
    await mkdir(join(place, "releases"), { recursive: true });
    const fleet =
      'import { defineFleet } from "wavegate";\nexport default defineFleet({ products: { pump: {} } });\n';
    await writeFile(join(place, "fleet.ts"), fleet);
    await writeFile(join(place, "releases", "pump-1.1.0.ts"), "export default {};\n");
    const settings = {
      schemaVersion: 1,
      hub: {
        name: "demo",
        connectionString: `HostName=${hostName};SharedAccessKeyName=service;SharedAccessKey=AAAA`,
        caFile: "ca.pem",
      },
      images: { base: "https://localhost:1/firmware", credential: { kind: "token-file", file: "token" } },
      records: { folder: "records" },
      declarations: { fleet: "fleet.ts", releases: "releases" },
      queryLag: "5 minutes",
    };
    await writeFile(join(place, "settings.json"), JSON.stringify(settings), { mode: 0o600 });
    return "demo/settings.json";
  }

  it("goes on with the hub, the records and the declarations of this machine's, its key for the owner alone", async () => {
    const local = await localSettings("localhost:1");
    const { human } = (await run({ local }, "lab")) as { readonly human: string };
    const lab = join(folder, "lab");
    const settings = await loadSettings({
      flag: undefined,
      stackOutputs: undefined,
      environment: {},
      folder: lab,
    });
    expect(settings).toMatchObject({
      file: join(lab, "wavegate.settings.json"),
      hub: { caFile: join(folder, "demo", "ca.pem") },
      images: { credential: { file: join(folder, "demo", "token") } },
      records: { folder: join(folder, "demo", "records") },
      declarations: { fleet: join(lab, "rollout", "fleet.ts"), releases: join(lab, "rollout", "releases") },
    });
    expect((await stat(settings.file)).mode & 0o777).toBe(0o600);
    expect(await readFile(join(lab, ".gitignore"), "utf8")).toContain("wavegate.settings.json");
    expect(await readFile(settings.declarations.fleet, "utf8")).toContain("pump");
    expect(await readdir(settings.declarations.releases)).toContain("pump-1.1.0.ts");
    expect(human).not.toContain("wavegate.settings.example.json,");
    expect(human).not.toContain("AAAA");
  });

  it("copies no key of a hub that is elsewhere", async () => {
    const refusal = await run({ local: await localSettings("plant.azure-devices.net") }, "lab");
    expect(refusal).toMatchObject({ code: "BAD_OPTION" });
    expect(await readdir(folder)).toEqual(["demo"]);
  });

  it("says when there are no such settings", async () => {
    expect(await run({ local: join(tmpdir(), "nowhere", "settings.json") })).toMatchObject({
      code: "SETTINGS_MISSING",
    });
  });
});
