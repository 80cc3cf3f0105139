/**
 * `npm run infra:cli`: the program under a real Pulumi CLI, with a stand-in for azure-native and a backend in a folder
 * that is thrown away. UNTESTED: it has not run against a real CLI yet (docs/azure.md).
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentWith, findPinnedNode, PROJECT } from "./pinned-node.mjs";

if (spawnSync("pulumi", ["version"]).status !== 0) {
  console.log("skipped: there is no Pulumi CLI on the path (https://www.pulumi.com/docs/install/)");
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), "wavegate-infra-"));
try {
  for (const part of ["infra", "rollout", "package.json"])
    cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  const standIn = join(PROJECT, "scripts", "stand-in");
  const project = readFileSync(join(PROJECT, "Pulumi.yaml"), "utf8");
  // [pulumi: project file, plugins.providers]
  const plugins = `plugins:\n  providers:\n    - name: azure-native\n      path: ${standIn}\n`;
  writeFileSync(join(folder, "Pulumi.yaml"), `${project}${plugins}`);

  pulumi("login", `file://${folder}`);
  pulumi("stack", "init", "cli");
  for (const [key, value] of [
    ["azure-native:location", "westeurope"],
    ["environment", "development"],
    ["protect", "false"],
    ["provisioning", "true"],
  ])
    pulumi("config", "set", key, value);
  pulumi("preview");
  pulumi("up", "--yes", "--skip-preview");
  // A second run must change nothing, and what was fixed when the hub was made must stay.
  pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
  pulumi("config", "set", "hubPartitions", "8");
  expectRefusal("another number of partitions", "preview");
  pulumi("config", "set", "hubPartitions", "4");
  pulumi("preview", "--policy-pack", join(PROJECT, "infra", "policy"), "--policy-pack-config", development());
  pulumi("destroy", "--yes", "--skip-preview");
  console.log("the program made, kept, refused and destroyed what it should");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function development() {
  return join(PROJECT, "infra", "policy", "development.json");
}

function pulumi(...args) {
  if (run(args) !== 0) throw new Error(`pulumi ${args.join(" ")} failed`);
}

function expectRefusal(what, ...args) {
  if (run(args) === 0) throw new Error(`${what} was not refused by pulumi ${args.join(" ")}`);
}

function run(args) {
  console.log(`$ pulumi ${args.join(" ")}`);
  const passphrase = { PULUMI_CONFIG_PASSPHRASE: "none", PULUMI_SKIP_UPDATE_CHECK: "true", CI: "true" };
  return spawnSync("pulumi", [...args, "--non-interactive"], {
    cwd: folder,
    // The program is TypeScript without a build: it needs the project's Node.
    env: environmentWith(findPinnedNode(), { ...passphrase, PULUMI_HOME: join(folder, ".pulumi-home") }),
    stdio: "inherit",
  }).status;
}
