import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEBIAN_TESTS } from "../../scripts/long-tests.mjs";
import { copyProject, type ProjectCopy } from "./project-copy.ts";

const CONFIGURATION = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "eslint.config.js",
  ".prettierrc.json",
  ".prettierignore",
  "vitest.config.ts",
];
const REPOSITORY = join(import.meta.dirname, "..", "..");

const IMPORT_RULES = `module.exports = {
  forbidden: [{ name: "hub-stands-alone", severity: "error", from: { path: "^local/hub/" }, to: { path: "^local/[^/]*$" } }],
  options: { doNotFollow: { path: "node_modules" }, tsPreCompilationDeps: true },
};
`;

/** A small project with this repository's own settings and tools, and one clean file. */
async function aProject(): Promise<ProjectCopy> {
  const project = await copyProject(...CONFIGURATION);
  await project.write(".dependency-cruiser.cjs", IMPORT_RULES);
  await symlink(join(REPOSITORY, "node_modules"), join(project.folder, "node_modules"));
  await project.write(
    "local/sum.ts",
    "/** The sum. */\nexport function sum(a: number, b: number): number {\n  return a + b;\n}\n",
  );
  await project.run(process.execPath, ["node_modules/prettier/bin/prettier.cjs", "--write", "."]);
  return project;
}

const IMPORTS =
  'import { describe, expect, it } from "vitest";\nimport { sum } from "../../local/sum.ts";\n\n';
const GOOD = `${IMPORTS}describe("sum", () => {
  it("adds", () => {
    expect(sum(1, 2)).toBe(3);
  });

  it("adds on a machine with an abacus", (test) => {
    test.skip("there is no abacus");
    expect(sum(1, 2)).toBe(3);
  });
});
`;

describe("npm test", () => {
  it("runs every check and test, and counts them in its last line", { timeout: 120_000 }, async () => {
    await using project = await aProject();
    await project.write("test/local/sum.test.ts", GOOD);
    const { code, stdout } = await project.run(process.execPath, ["scripts/test.mjs"]);
    for (const name of ["types", "lint", "formatting", "imports"]) {
      expect(stdout).toMatch(new RegExp(`^${name} +clean in \\d+\\.\\d s$`, "m"));
    }
    expect(stdout).toMatch(/^tests +1 passed in/m);
    expect(stdout).toMatch(/tests by area:\n {2}local +1 passed, 1 skipped\n/);
    expect(stdout).toContain("skipped:\n  1 there is no abacus\n");
    expect(stdout).toContain("local/sum.test.ts > sum > adds");
    expect(stdout.endsWith("\n5 passed, 0 failed\n")).toBe(true);
    expect(code).toBe(0);
  });

  it("shows each phase that fails in full and still runs the later ones", { timeout: 120_000 }, async () => {
    await using project = await aProject();
    await project.write(
      "local/hub/wrong.ts",
      'import { sum } from "../sum.ts";\n\nexport const wrong: string = sum(1, 2)\nconsole.log(wrong);\n',
    );
    await project.write("test/local/sum.test.ts", GOOD.replace("toBe(3)", "toBe(4)"));
    const hooked = `${IMPORTS.replace("describe", "beforeAll, describe")}describe("a group", () => {
  beforeAll(() => {
    throw new Error("no ground to stand on");
  });
  it("never runs", () => {
    expect(sum(1, 2)).toBe(3);
  });
});
`;
    await project.write("test/device/hooked.test.ts", hooked);
    await project.write("test/device/unloadable.test.ts", 'import "./nowhere.ts";\n');
    const { code, stdout } = await project.run(process.execPath, ["scripts/test.mjs"]);
    for (const name of ["types", "lint", "formatting", "imports"]) {
      expect(stdout).toMatch(new RegExp(`^${name} +failed in`, "m"));
    }
    expect(stdout).toContain("Type 'number' is not assignable to type 'string'");
    expect(stdout).toContain("hub-stands-alone");
    expect(stdout).toContain("no ground to stand on");
    expect(stdout).toMatch(/device +0 passed, 2 failed, 1 skipped/);
    expect(stdout).toContain("device/unloadable.test.ts > the file could not run");
    expect(stdout).toContain("device/hooked.test.ts > a group could not run");
    expect(stdout).toContain("skipped:\n  1 its group could not run\n  1 there is no abacus\n");
    expect(stdout.endsWith("\n0 passed, 7 failed\n")).toBe(true);
    expect(code).toBe(1);
  });

  it("leaves the checks out when told which tests to run, and fails when there are none", async () => {
    await using project = await aProject();
    await project.write("test/local/sum.test.ts", GOOD);
    const one = await project.run(process.execPath, ["scripts/test.mjs", "local/sum"]);
    expect(one.stdout).not.toContain("types");
    expect(one.stdout.endsWith("\n1 passed, 0 failed\n")).toBe(true);
    const none = await project.run(process.execPath, ["scripts/test.mjs", "local/product"]);
    expect(none.stdout).toContain("No test files found");
    expect(none.stdout.endsWith("\n0 passed, 1 failed\n")).toBe(true);
    expect([one.code, none.code]).toEqual([0, 1]);
  });

  it("runs one phase alone, and knows its phases", async () => {
    await using project = await aProject();
    const formatting = await project.run(process.execPath, ["scripts/test.mjs", "--phase", "formatting"]);
    expect(formatting.stdout).toMatch(/^formatting +clean in \d+\.\d s\n\n1 passed, 0 failed\n$/);
    const unknown = await project.run(process.execPath, ["scripts/test.mjs", "--phase", "spelling"]);
    expect(unknown.stderr).toMatch(
      /--phase spelling: there is no such phase.*types, lint, formatting, imports, tests/,
    );
    expect(unknown.code).toBe(1);
  });
});

describe("npm run test:extras", () => {
  it("runs the long tests, which npm test leaves out, and counts them", { timeout: 120_000 }, async () => {
    await using project = await aProject();
    await project.write("test/local/sum.test.ts", GOOD);
    await project.write("test/local/hub/crash.test.ts", GOOD.replaceAll("../../local", "../../../local"));
    // Each with the packages that it needs, and a run of its own.
    for (const file of DEBIAN_TESTS.flatMap(({ tests }) => tests)) {
      const up = "../".repeat(file.split("/").length - 1);
      await project.write(file, GOOD.replaceAll("../../local", `${up}local`));
    }
    const all = await project.run(process.execPath, ["scripts/test.mjs", "--phase", "tests"]);
    expect(all.stdout).toMatch(/^tests +1 passed in/m);
    const { code, stdout } = await project.run(process.execPath, ["scripts/test-extras.mjs"]);
    expect(stdout).toMatch(/^long tests:\ntests +1 passed in/);
    expect(stdout.endsWith(`\n${1 + DEBIAN_TESTS.length} passed, 0 failed\n`)).toBe(true);
    expect(code).toBe(0);
  });

  it("is a failure when they cannot be run", { timeout: 120_000 }, async () => {
    await using project = await aProject();
    const { code, stdout } = await project.run(process.execPath, ["scripts/test-extras.mjs"]);
    expect(stdout.endsWith(`\n0 passed, ${1 + DEBIAN_TESTS.length} failed\n`)).toBe(true);
    expect(code).toBe(1);
  });
});
