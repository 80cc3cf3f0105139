import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { copyProject, endOf, type ProjectCopy } from "./project-copy.ts";

/** A project that needs no packages but a Node, and whose hub is a program of the test's. */
async function aProject(hub: string): Promise<ProjectCopy> {
  const project = await copyProject();
  await project.write(
    "package.json",
    '{"name":"copy","type":"module","scripts":{"hub":"node scripts/hub.mjs"}}',
  );
  await project.write("package-lock.json", '{"packages":{}}');
  await project.write("node_modules/.package-lock.json", '{"packages":{}}');
  await project.linkNode();
  await project.write("local/hub-command.ts", hub);
  return project;
}

describe("npm run hub", () => {
  it("hands arguments and the exit code on", async () => {
    await using project = await aProject(
      "console.log(JSON.stringify(process.argv.slice(2) satisfies string[])); process.exit(7);",
    );
    const { code, stdout, stderr } = await project.run(process.execPath, [
      "scripts/hub.mjs",
      "--name",
      "a b",
    ]);
    expect([code, stdout, stderr]).toEqual([7, '["--name","a b"]\n', ""]);
  });

  it(
    "ends the hub when npm is told to end, though npm's shell tells nobody",
    { timeout: 30_000 },
    async () => {
      await using project = await aProject(`
      process.on("SIGTERM", () => { console.log("tidied up"); process.exit(143); });
      setInterval(() => undefined, 1000);
      console.log("here");
    `);
      const npm = project.start("npm", ["run", "--silent", "hub"]);
      const ended = endOf(npm);
      await once(npm.stdout!, "data");
      npm.kill("SIGTERM");
      // The hub holds the same output: it ends with the hub.
      expect((await ended).stdout).toBe("here\ntidied up\n");
    },
  );
});
