import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { copyProject, endOf, type ProjectCopy } from "./project-copy.ts";

/** Says how it was called, and ends as its first argument asks. */
const CLI = `
  export async function main(argv: readonly string[]): Promise<number> {
    console.log(JSON.stringify({ argv, pid: process.pid, parent: process.ppid, ipc: process.channel !== undefined }));
    await Promise.resolve();
    return Number(argv[0]);
  }
`;
/** Makes a process take itself for an old Node; as a flag it does not reach the Node it starts. */
const OLD_NODE = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.11.1"})`;

async function aProject(): Promise<ProjectCopy> {
  const project = await copyProject();
  await project.write("package.json", JSON.stringify({ name: "copy", type: "module" }));
  await project.write("rollout/cli/main.ts", CLI);
  return project;
}

describe("the wavegate command", () => {
  it("runs the CLI in its own process on a Node that can, and ends with its exit code", async () => {
    await using project = await aProject();
    const child = project.start(process.execPath, ["scripts/wavegate.mjs", "4", "--json"]);
    const { code, stdout } = await endOf(child);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ argv: ["4", "--json"], pid: child.pid });
  });

  it("hands over to the project's own Node where the running one is too old", async () => {
    await using project = await aProject();
    await project.linkNode();
    const child = project.start(process.execPath, [
      "--import",
      OLD_NODE,
      "scripts/wavegate.mjs",
      "3",
      "plan",
    ]);
    const { code, stdout, stderr } = await endOf(child);
    expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ argv: ["3", "plan"], parent: child.pid, ipc: false });
  });

  it("says how to get a Node where there is none", async () => {
    await using project = await aProject();
    const { code, stdout, stderr } = await project.run(process.execPath, [
      "--import",
      OLD_NODE,
      "scripts/wavegate.mjs",
      "0",
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/needs Node 22\.18 or newer, this is 20\.11\.1.*\n.*`npm ci`/);
  });

  it("says how to get one to somebody who uses the package", async () => {
    await using project = await copyProject();
    const inPackage = "node_modules/wavegate/scripts";
    for (const file of ["wavegate.mjs", "pinned-node.mjs"])
      await project.write(
        `${inPackage}/${file}`,
        await readFile(`${project.folder}/scripts/${file}`, "utf8"),
      );
    const args = ["--import", OLD_NODE, `${inPackage}/wavegate.mjs`, "0"];
    const { code, stderr } = await project.run(process.execPath, args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/this is 20\.11\.1.*\n.*`npm install --save-dev node@24`/);
  });

  it.each(["wavegate.mjs", "pinned-node.mjs"])("%s has nothing that Node 14 cannot read", async (file) => {
    const source = await readFile(new URL(`../../scripts/${file}`, import.meta.url), "utf8");
    const printed = (target: ts.ScriptTarget): string =>
      ts.transpileModule(source, { compilerOptions: { target, module: ts.ModuleKind.ESNext } }).outputText;
    // What had to be written in other words would be newer.
    expect(printed(ts.ScriptTarget.ES2020)).toBe(printed(ts.ScriptTarget.ESNext));
    // Neither is printed in other words: `await` outside of functions is of 14.8, `node:` of 14.13.
    expect(source).not.toMatch(/^(?:\S.*= )?await |["']node:/m);
  });

  it("ends quietly when whoever reads has seen enough", async () => {
    await using project = await copyProject();
    await project.write("package.json", JSON.stringify({ name: "copy", type: "module" }));
    await project.write(
      "rollout/cli/main.ts",
      `
      export async function main(): Promise<number> {
        for (;;) await new Promise<unknown>((resolve) => process.stdout.write("line after line\\n".repeat(1000), resolve));
      }`,
    );
    const child = project.start(process.execPath, ["scripts/wavegate.mjs", "history"]);
    const said = text(child.stderr!);
    child.stdout!.once("data", () => child.stdout!.destroy());
    const [code] = (await once(child, "close")) as [number | null]; // what the event carries
    expect({ code, said: await said }).toEqual({ code: 141, said: "" });
  });

  it("is executable by itself", async () => {
    await using project = await aProject();
    const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
    expect(await project.run("scripts/wavegate.mjs", ["0"], { PATH: path })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
});
