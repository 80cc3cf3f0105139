import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scaledClock, type ClockScale } from "../../local/clock.ts";
import { REPORT_MARK } from "../../rollout/cli/views/plan-report.ts";
import { percent, ring, type ReleaseDeclaration } from "../../rollout/wavegate.ts";
import { aFleet, aRelease } from "../support/declarations.ts";
import { startDeployment, type Deployment } from "../support/deployment.ts";
import { startGitHub, type GitHubServer } from "../support/github/github-server.ts";
import { emptyRepository, type WorkTree } from "../support/github/work-tree.ts";
import { workflowRunner, type JobEnd, type WorkflowRunner } from "../support/github/workflow-runner.ts";
import { lightFleet } from "../support/light-fleet.ts";
import type { Behaviour } from "../support/world.ts";

// The whole loop: real git, the shipped workflows to the letter, real processes, the local hub, a GitHub of this machine.

const TOKEN = "bot-token";
const BOT = "github-actions[bot]";
const VARS = {
  ...{ TENANT_ID: "tenant", SUBSCRIPTION_ID: "subscription", PULUMI_STACK: "" },
  ...{ PREVIEW_CLIENT_ID: "preview", ROLLOUT_CLIENT_ID: "rollout", INFRASTRUCTURE_CLIENT_ID: "infra" },
};
/** An hour a second: long enough for a look, short enough to bake. */
const SCALE = 3_600;

let folder: string;
let deployment: Deployment;
let tree: WorkTree;
let gitHub: GitHubServer;
let runner: WorkflowRunner;
let now: () => number;
const fleet = lightFleet();
const healthy: Behaviour = () => "ok";
const badOnB: Behaviour = ({ stratum, version }) =>
  version === "1.2.0" && stratum === "B" ? "failed" : "ok";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-gitops-"));
  deployment = await startDeployment({ name: "test-gitops", devices: 0, scale: SCALE });
  const settings = JSON.parse(await readFile(deployment.settings, "utf8")) as { readonly clock: ClockScale };
  const clock = scaledClock(settings.clock);
  now = () => clock.now();
  fleet.add(deployment.hub, aFleet(60), "1.0.0");
  const bare = join(folder, "fleet.git");
  tree = await emptyRepository(bare, join(folder, "ada"));
  const declared = await readFile(join(dirname(deployment.settings), "fleet.ts"), "utf8");
  await write("rollout/fleet.ts", declared);
  await write("rollout/releases/.gitkeep", "");
  await write("package.json", JSON.stringify({ private: true, type: "module" }));
  await write(".gitignore", "node_modules\n");
  tree.push("feat: our fleet");
  gitHub = await startGitHub(bare);
  runner = await workflowRunner({
    ...{
      folder,
      origin: bare,
      apiUrl: gitHub.apiUrl,
      repository: gitHub.repository,
      token: TOKEN,
      vars: VARS,
    },
    environment: {
      WAVEGATE_SETTINGS: deployment.settings,
      WAVEGATE_FLEET: "rollout/fleet.ts",
      WAVEGATE_RELEASES: "rollout/releases",
    },
  });
}, 120_000);
afterAll(async () => {
  await gitHub[Symbol.asyncDispose]();
  await deployment[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(tree.folder, path)), { recursive: true });
  await writeFile(join(tree.folder, path), text);
}

function release(version: string, image: string): ReleaseDeclaration {
  const artifact = deployment.artifacts.get(image);
  if (artifact === undefined) throw new Error(`there is no image ${image}`);
  return {
    ...aRelease(version, {
      waves: [
        { name: "canary", cohort: ring("canary"), kind: "smoke" },
        { name: "half", cohort: percent(50), kind: "smoke" },
        { name: "everyone", cohort: percent(100), kind: "smoke" },
      ],
      watch: "4 hours",
    }),
    artifact: { ...artifact }, // a digest, as the deployment made it
  };
}

/** Run a workflow and have the devices answer what it asked of them. */
async function run(
  workflow: string,
  event: "push" | "pull_request" | "schedule",
  more: { commit?: string; pull?: number; from?: string; behave?: Behaviour } = {},
): Promise<Readonly<Record<string, JobEnd>>> {
  const { pull, behave = healthy, from = gitHub.repository } = more;
  const jobs = await runner.run({
    ...{ workflow, event, actor: event === "schedule" ? "grace" : "ada" },
    commit: more.commit ?? gitHub.git.refName("refs/heads/main") ?? "",
    ref: pull === undefined ? "refs/heads/main" : `refs/pull/${pull}/merge`,
    payload: { pull_request: { number: pull, head: { repo: { full_name: from } } } },
  });
  for (const { deviceId } of deployment.hub.twins.all()) deployment.hub.twins.touch(deviceId);
  fleet.answer(deployment.hub, now(), behave);
  for (const { log, summary } of Object.values(jobs)) expect(log + summary).not.toContain(TOKEN);
  return jobs;
}

function results(jobs: Readonly<Record<string, JobEnd>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(jobs).map(([name, { result }]) => [name, result]));
}

function log(jobs: Readonly<Record<string, JobEnd>>): string {
  return Object.values(jobs)
    .map((job) => job.log)
    .join("\n");
}

/** A branch with a release, as a pull request. */
async function propose(version: string): Promise<{ readonly number: number; readonly commit: string }> {
  const branch = `release-${version}`;
  tree.git("fetch", "--quiet", "origin");
  tree.git("checkout", "--quiet", "-b", branch, "origin/main");
  await write(
    `rollout/releases/thermostat-${version}.ts`,
    `export default ${JSON.stringify(release(version, "1.1.0"))};\n`,
  );
  const commit = tree.push(`feat: thermostat ${version}`);
  return { number: gitHub.openPull(branch).number, commit };
}

/** Scheduled runs until one has told Git something that matches. */
async function reconcileUntil(words: RegExp, behave: Behaviour): Promise<readonly JobEnd[]> {
  const ends: JobEnd[] = [];
  for (let runs = 0; runs < 40; runs++) {
    const { reconcile } = await run("wavegate-reconcile", "schedule", { behave });
    if (reconcile === undefined) throw new Error("there is no such job");
    ends.push(reconcile);
    if (words.test(reconcile.log) || words.test(reconcile.summary)) return ends;
  }
  throw new Error(`never told ${String(words)}:\n${ends.map((end) => end.log + end.summary).join("\n")}`);
}

async function history(): Promise<string> {
  return (await deployment.wavegate(["history"])).lines.join("\n");
}

describe("a release from its pull request to its tag", () => {
  let pull: { readonly number: number; readonly commit: string };

  it("shows its plan and risk in one comment, by an identity that only reads, and nothing to a fork", async () => {
    expect(results(await run("wavegate-reconcile", "schedule"))).toEqual({ reconcile: "success" });
    expect(await history()).toMatch(/adopt +1\.0\.0 .*\[grace\]/);
    pull = await propose("1.1.0");
    const forked = await run("wavegate-plan", "pull_request", {
      ...pull,
      pull: pull.number,
      from: "mallory/fleet",
    });
    expect(results(forked)).toEqual({ lint: "success", plan: "skipped" });
    expect(Object.values(forked).map(({ signedInAs }) => signedInAs)).toEqual(["", ""]);
    expect(gitHub.comments).toEqual([]);
    for (let pushes = 0; pushes < 2; pushes++) {
      const jobs = await run("wavegate-plan", "pull_request", { ...pull, pull: pull.number });
      expect(results(jobs), log(jobs)).toEqual({ lint: "success", plan: "success" });
      expect(jobs["plan"]).toMatchObject({ signedInAs: "preview", environment: "production-preview" });
    }
    expect(gitHub.comments.map(({ login }) => login)).toEqual([BOT]);
    expect(gitHub.comments[0]?.body.startsWith(REPORT_MARK)).toBe(true);
    expect(gitHub.comments[0]?.body).toContain("Would reach 60 devices in 3 waves. Forecast:");
  }, 240_000);

  it("starts by its merge, as reviewed, and never by the schedule", async () => {
    const commit = gitHub.merge(pull.number);
    expect((await run("wavegate-reconcile", "schedule"))["reconcile"]?.log).not.toContain("opens");
    expect(await history()).not.toMatch(/ start /);
    const jobs = await run("wavegate-apply", "push", { commit });
    expect(results(jobs), log(jobs)).toEqual({
      ...{ plan: "success", infrastructure: "skipped", approve: "success", apply: "success" },
    });
    expect(jobs["approve"]).toMatchObject({ environment: "production", signedInAs: "" });
    expect(jobs["apply"]).toMatchObject({ environment: "production-rollout", signedInAs: "rollout" });
    expect(jobs["plan"]?.log).toMatch(/plan [0-9a-f]{12} is the one that was reviewed/);
    expect(await history()).toMatch(/start +1\.1\.0 +opens "canary" \(plan [0-9a-f]{12}\) +\[ada\]/);
  }, 120_000);

  it("is carried on by the schedule until it has reached everyone, and its commit is tagged", async () => {
    const ends = await reconcileUntil(/thermostat 1\.1\.0: tag created/, healthy);
    expect(ends.every(({ result }) => result === "success")).toBe(true);
    expect(gitHub.git.git(["rev-parse", "thermostat/1.1.0^{commit}"])).toBe(pull.commit);
    expect(await history()).toMatch(/complete +1\.1\.0 .*\[grace\]/);
    expect(gitHub.issues.length).toBe(1);
  }, 300_000);
});

describe("a bad release", () => {
  it("is stopped and taken back, with one issue and one pull request that reverts it", async () => {
    await reconcileUntil(/nothing to do: the fleet is as declared/, healthy);
    const pull = await propose("1.2.0");
    const planned = await run("wavegate-plan", "pull_request", { ...pull, pull: pull.number });
    expect(results(planned), log(planned)).toEqual({ lint: "success", plan: "success" });
    const applied = await run("wavegate-apply", "push", {
      commit: gitHub.merge(pull.number),
      behave: badOnB,
    });
    expect(results(applied)["apply"], log(applied)).toBe("success");
    const ends = await reconcileUntil(/thermostat 1\.2\.0: issue created/, badOnB);
    expect(ends.at(-1)?.result).toBe("failure");
    await reconcileUntil(/thermostat 1\.2\.0: issue updated/, badOnB);
    await run("wavegate-reconcile", "schedule");
    const [issue, ...others] = gitHub.issues.filter(({ head }) => head === undefined);
    expect(others).toEqual([]);
    expect(issue).toMatchObject({
      login: BOT,
      title: "thermostat 1.2.0 was stopped and taken back",
      state: "open",
    });
    expect(issue?.body).toMatch(/failed in B[^]*Gate[^]*Evidence[^]*merge the revert: http/);
    expect(gitHub.git.refs("refs/tags/").map(([ref]) => ref)).toEqual(["refs/tags/thermostat/1.1.0"]);
  }, 300_000);

  it("is history once its revert is merged: nothing is left to do, and the repository is whole", async () => {
    const [revert, ...others] = gitHub.issues.filter(
      ({ head }) => head?.ref.startsWith("wavegate/") === true,
    );
    expect(others).toEqual([]);
    const commit = gitHub.merge(revert?.number ?? 0);
    const jobs = await run("wavegate-apply", "push", { commit });
    expect(results(jobs), log(jobs)).toEqual({
      ...{ plan: "success", infrastructure: "skipped", approve: "skipped", apply: "skipped" },
    });
    const drift = await run("wavegate-drift", "schedule");
    expect(results(drift), log(drift)).toEqual({ drift: "success" });
    const files = gitHub.git.git(["ls-tree", "-r", "--name-only", "main", "rollout/releases"]).split("\n");
    expect(files).toEqual(["rollout/releases/.gitkeep", "rollout/releases/thermostat-1.1.0.ts"]);
    gitHub.git.git(["fsck", "--strict"]);
    const after = await run("wavegate-reconcile", "schedule");
    expect(after["reconcile"]?.log).toContain("Git knows how every rollout ended");
  }, 120_000);
});

describe("what nobody reviewed", () => {
  it("does not start: the run says why and what to do, and the drift alarm is red", async () => {
    tree.git("checkout", "--quiet", "main");
    tree.git("pull", "--quiet", "origin", "main");
    await write(
      "rollout/releases/thermostat-1.3.0.ts",
      `export default ${JSON.stringify(release("1.3.0", "1.1.0"))};\n`,
    );
    const commit = tree.push("feat: thermostat 1.3.0, in a hurry");
    const jobs = await run("wavegate-apply", "push", { commit });
    expect(results(jobs)["plan"]).toBe("failure");
    expect(jobs["apply"]?.log).toBe("");
    expect(log(jobs)).toContain("PLAN_NOT_REVIEWED");
    expect(log(jobs)).toContain("came by no pull request that shows a plan");
    expect(await history()).not.toMatch(/start +1\.3\.0/);
    const drift = await run("wavegate-drift", "schedule");
    expect(results(drift)).toEqual({ drift: "failure" });
    expect(log(drift)).toContain("::error title=wavegate::the fleet is not as declared");
  }, 120_000);
});
