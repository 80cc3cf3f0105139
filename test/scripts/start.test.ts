import { once } from "node:events";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { copyProject, endOf, type ProjectCopy } from "./project-copy.ts";

/**
 * A project whose only package lies beside it, so that the real npm installs it without a network: it stands for the
 * package `node`, and its program is the Node that runs this test.
 */
async function aProject(demo: string): Promise<ProjectCopy> {
  const project = await copyProject();
  await project.write(
    "package.json",
    JSON.stringify({ name: "copy", type: "module", devDependencies: { node: "file:node-here" } }),
  );
  await project.write("node-here/package.json", JSON.stringify({ name: "node", version: "1.0.0" }));
  await project.write("node-here/bin/.keep", "");
  await symlink(process.execPath, join(project.folder, "node-here", "bin", "node"));
  await project.write("local/demo.ts", demo);
  const locked = await project.run("npm", ["install", "--package-lock-only", "--no-audit", "--no-fund"]);
  expect(locked.code, locked.stderr).toBe(0);
  return project;
}

const TELLING_DEMO = `
  import { execFileSync } from "node:child_process";
  const { WAVEGATE_INSTALL_SECONDS, WAVEGATE_STARTED_AT, PATH } = process.env as Record<string, string>;
  const args: readonly string[] = process.argv.slice(2);
  console.log(JSON.stringify({ WAVEGATE_INSTALL_SECONDS, WAVEGATE_STARTED_AT, args, first: PATH.split(":")[0] }));
  process.exit(7);
`;

describe("npm start in a fresh clone", () => {
  it("installs the packages once and hands arguments, times and exit code on", async () => {
    await using project = await aProject(TELLING_DEMO);
    const before = Date.now();
    const first = await project.run(process.execPath, ["scripts/start.mjs", "--scale", "30"]);
    expect(first.stderr).toMatch(/^installed packages in \d+ s\n$/);
    expect(first.code).toBe(7);
    const told = JSON.parse(first.stdout) as Record<string, unknown>; // printed by the demo above
    expect(told["args"]).toEqual(["--scale", "30"]);
    expect(told["first"]).toBe(join(project.folder, "node_modules", "node", "bin"));
    expect(Number(told["WAVEGATE_INSTALL_SECONDS"])).toBeGreaterThan(0);
    expect(Number(told["WAVEGATE_STARTED_AT"])).toBeGreaterThanOrEqual(before);

    const second = await project.run(process.execPath, ["scripts/start.mjs"]);
    expect(second).toMatchObject({ code: 7, stderr: "" });
    expect(JSON.parse(second.stdout)).toMatchObject({ WAVEGATE_INSTALL_SECONDS: "0.0", args: [] });
  });

  it("installs again when the lock file asks for another version", async () => {
    await using project = await aProject("");
    await project.run(process.execPath, ["scripts/start.mjs"]);
    await project.write("node-here/package.json", JSON.stringify({ name: "node", version: "1.0.1" }));
    await project.write("other/package.json", JSON.stringify({ name: "other", version: "2.0.0" }));
    const dependencies = { node: "file:node-here", other: "file:other" };
    await project.write(
      "package.json",
      JSON.stringify({ name: "copy", type: "module", devDependencies: dependencies }),
    );
    await project.run("npm", ["install", "--package-lock-only", "--no-audit", "--no-fund"]);
    const again = await project.run(process.execPath, ["scripts/start.mjs"], { NODE_ENV: "production" });
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/installed packages/) as string });
    expect(await readFile(join(project.folder, "node_modules", "other", "package.json"), "utf8")).toContain(
      "2.0.0",
    );
  });

  it("shows npm's last words and what to do when the packages cannot be installed", async () => {
    await using project = await aProject("");
    await project.write(
      "package.json",
      JSON.stringify({ name: "copy", devDependencies: { missing: "file:nowhere" } }),
    );
    const { code, stdout, stderr } = await project.run(process.execPath, ["scripts/start.mjs"]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /npm error.*missing.*Installing the packages failed: npm ended with code 1.*npm registry/s,
    );
    expect(stderr).not.toMatch(/at .*install\.mjs/);
  });

  it("passes a signal to the demo and ends as the demo does", async () => {
    await using project = await aProject(`
      process.on("SIGTERM", () => { console.log("tidied up"); process.exit(5); });
      setInterval(() => undefined, 1000);
      console.log("playing");
    `);
    const child = project.start(process.execPath, ["scripts/start.mjs"]);
    const ended = endOf(child);
    await once(child.stdout!, "data");
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 5, stdout: "playing\ntidied up\n" });
  });

  it("ends with 128 and the signal's number when a signal ends the demo", async () => {
    await using project = await aProject(`process.kill(process.pid, "SIGKILL");`);
    expect(await project.run(process.execPath, ["scripts/start.mjs"])).toMatchObject({ code: 137 });
  });

  it("tells the demo, which may go on for ever, that it was killed", { timeout: 15_000 }, async () => {
    await using project = await aProject(`
      process.once("disconnect", () => { console.log("left alone"); process.exit(); });
      setInterval(() => undefined, 1000);
      console.log(process.pid);
    `);
    const child = project.start(process.execPath, ["scripts/start.mjs"]);
    const ended = endOf(child);
    const [demo] = (await once(child.stdout!, "data")) as [Buffer]; // the pid, as the demo prints it
    killAtTheEnd(Number(demo.toString()));
    child.kill("SIGKILL");
    // The demo holds the same output: it ends with the demo.
    expect(await ended).toMatchObject({
      code: null,
      stdout: expect.stringMatching(/left alone\n$/) as string,
    });
  });

  it("runs a program that knows nothing of that as if it had been started by itself", async () => {
    await using project = await aProject(`setTimeout(() => console.log("done"), 50);`);
    const ended = await project.run(process.execPath, ["scripts/start.mjs"]);
    expect(ended).toMatchObject({ code: 0, stdout: "done\n" });
  });
});

/** An npm that tells its process id and then takes its time, until it is told to end. */
const SLOW_NPM = `
  import { writeFileSync } from "node:fs";
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => { writeFileSync("npm-ended", signal); process.exit(1); });
  }
  setInterval(() => undefined, 1000);
  writeFileSync("npm-started", String(process.pid));
`;

describe("an installation that is stopped", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("by %s stops npm and ends with %i", { timeout: 15_000 }, async (signal, code) => {
    await using project = await copyProject();
    await project.write("package.json", JSON.stringify({ name: "copy", type: "module" }));
    await project.write("npm.js", SLOW_NPM);
    const said = (name: string): Promise<string> => readFile(join(project.folder, name), "utf8");
    const child = project.start(process.execPath, ["scripts/start.mjs"], {
      npm_execpath: join(project.folder, "npm.js"),
    });
    const ended = endOf(child);
    const npm = await vi.waitUntil(async () => Number(await said("npm-started").catch(() => "")), 10_000);
    killAtTheEnd(npm);
    child.kill(signal);
    expect(await ended).toEqual({
      code,
      stdout: "",
      stderr: `stopped by ${signal} while npm was at work: run the command again to go on\n`,
    });
    expect(await said("npm-ended")).toBe(signal);
  });
});

/** A process that the test means to see end must not outlive the test when it does not. */
function killAtTheEnd(pid: number): void {
  onTestFinished(() => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  });
}
