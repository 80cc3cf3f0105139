import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileFirmware, listFirmware } from "../../local/firmware.ts";
import { PROJECT } from "../support/command-line.ts";
import { startDeployment, type Deployment } from "../support/deployment.ts";
import { endOf, type Ended } from "./project-copy.ts";

// A new user's path: an empty folder, the package, `init`, a release, its plan, its rollout, on a hub of this machine.

let deployment: Deployment;
let folder: string;
/** Seconds of each step, in the order of the path. */
const path: [step: string, seconds: number][] = [];

beforeAll(async () => {
  deployment = await startDeployment({ name: "test-package", devices: 8, scale: 3_600 });
  folder = await mkdtemp(join(tmpdir(), "wavegate-package-"));
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What somebody types in the folder; it has to succeed. */
async function type(command: string, ...args: readonly string[]): Promise<Ended> {
  // npm's own variables, where npm runs these tests, would have it act on this project.
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)),
  );
  const ended = await endOf(
    spawn(command, args, {
      cwd: folder,
      env: { ...environment, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}` },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  expect(ended.code, `${command} ${args.join(" ")}\n${ended.stdout}\n${ended.stderr}`).toBe(0);
  return ended;
}

async function timed(step: string, command: string, ...args: readonly string[]): Promise<Ended> {
  const started = performance.now();
  const ended = await type(command, ...args);
  path.push([step, (performance.now() - started) / 1000]);
  return ended;
}

const install = (...args: readonly string[]): readonly string[] => [
  ...["install", "--prefer-offline", "--no-audit", "--no-fund", ...args],
];
const wavegate = (...args: readonly string[]): readonly string[] => ["--no-install", "wavegate", ...args];

/** Waves and gate for eight devices, which can prove nothing. */
const CAUTIOUS = `import { defineRelease, percent } from "wavegate";

export default defineRelease({
  product: "thermostat",
  version: "0.0.1",
  artifact: { path: "sha256/${"0".repeat(64)}.bin", sha256: "${"0".repeat(64)}", size: 1, manifest: "", signature: "" },
  waves: [
    { name: "half", cohort: percent(50), kind: "smoke" },
    { name: "everyone", cohort: percent(100), kind: "smoke" },
  ],
  gate: {
    tolerate: "2%",
    reject: "10%",
    falseStop: "5%",
    missedBad: "5%",
    deadline: "3 hours",
    bake: "3.5 hours",
    harmCap: 20,
  },
  watch: "6 hours",
});
`;

describe("the package, in a folder that was empty", { timeout: 300_000 }, () => {
  it("is packed, and installed without Pulumi and without what only this project needs", async () => {
    const { stdout } = await type(process.execPath, join(PROJECT, "scripts", "pack.mjs"));
    const tarball = join(PROJECT, /packed (\S+\.tgz)/.exec(stdout)?.[1] ?? "");
    await timed("install", "npm", ...install("--save-dev", tarball));
    const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, unknown>>;
    };
    const installed = Object.keys(lock.packages).map((name) => name.split("node_modules/").at(-1));
    for (const absent of ["@pulumi/pulumi", "vitest", "azurite", "typescript"])
      expect(installed).not.toContain(absent);
  });

  it("begins a repository beside what npm wrote, whose types and declarations are right", async () => {
    const { stdout } = await timed("init", "npx", ...wavegate("init", "--local", deployment.settings));
    expect(stdout).toContain("added to package.json: private, type");
    await timed("types", "npm", ...install());
    await writeFile(join(folder, "rollout", "cautious.ts"), CAUTIOUS);
    const { stdout: checked } = await type("npm", "run", "check");
    expect(checked).toContain("wavegate lint");
  });

  it("refuses by its types what is no release", async () => {
    const file = join(folder, "rollout", "wrong.ts");
    await writeFile(file, CAUTIOUS.replace("percent(100)", 'percent("100")'));
    await expect(type("npx", "--no-install", "tsc")).rejects.toThrow(/rollout\/wrong\.ts.*not assignable/);
    await rm(file);
  });

  it("adds a release, plans it and carries it out", async () => {
    const source = (await listFirmware()).find(({ version }) => version === "1.1.0")?.sourceFile ?? "";
    await writeFile(join(folder, "thermostat.wasm"), await compileFirmware(source));
    await timed(
      "release add",
      "npx",
      ...wavegate("release", "add", "thermostat.wasm", "--product", "thermostat"),
      ...["--release", "1.1.0", "--like", "rollout/cautious.ts"],
    );
    await type("npx", "--no-install", "tsc");
    const { stdout: planned } = await timed("plan", "npx", ...wavegate("plan"));
    expect(planned).toContain('opens wave "everyone"');
    const { stdout: report } = await type("npx", ...wavegate("plan", "--markdown"));
    expect(report).toMatch(/^#+ .*thermostat/m);
    const { stdout: played } = await type(
      "npx",
      ...wavegate("forecast", "--strata", "A=500,B=500", "--runs", "500", "--workers", "2"),
    );
    expect(played).toContain("1.1.0");
    await timed("apply", "npx", ...wavegate("apply"));
    const { stdout: status } = await type("npx", ...wavegate("status"));
    expect(status).toContain("1.1.0 on 8");
    const total = path.reduce((sum, [, seconds]) => sum + seconds, 0);
    const steps = path.map(([step, seconds]) => `${step} ${seconds.toFixed(1)}`).join(", ");
    process.stdout.write(`A new user's path: ${total.toFixed(1)} s (${steps})\n`);
  });

  it("boots an image on the device agent's wasm board, and loads its providers without Pulumi", async () => {
    await writeFile(
      join(folder, "device.ts"),
      `import { readFileSync } from "node:fs";
import { installFactoryImage, wasmDriver } from "wavegate/device";
await installFactoryImage({ stateDirectory: "device", image: readFileSync("thermostat.wasm") });
const driver = wasmDriver({ directory: "device", hardware: { revision: 1, sensorLot: 1 } });
console.log(JSON.stringify((await driver.boot()).image.version));
for (const name of ["device-provider", "device-set-provider", "enrollment-group-provider"])
  console.log(Object.keys(await import(\`wavegate/\${name}\`)).join(" "));
`,
    );
    const { stdout } = await type("node", "device.ts");
    expect(stdout).toContain('"1.1.0"');
    expect(stdout).toContain("azureDeviceProvider");
    expect(stdout).toContain("azureDeviceSetProvider");
    expect(stdout).toContain("azureEnrollmentGroupProvider");
  });
});
