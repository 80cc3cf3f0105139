import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { gitHub as adapter } from "../../../rollout/adapters/github/github.ts";
import { secret } from "../../../rollout/model/secret.ts";
import { main } from "../../../rollout/cli/main.ts";
import { COMMENT_LIMIT, REPORT_MARK } from "../../../rollout/cli/views/plan-report.ts";
import { readPlans, writePlans } from "../../../rollout/cli/plans/plan-file.ts";
import { planIn } from "../../../rollout/cli/plans/saved-plan.ts";
import type { StoredFiles } from "../../../rollout/model/store-contents.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { PROJECT, start } from "../../support/command-line.ts";
import { aRelease } from "../../support/declarations.ts";
import { startGitHub, type GitHubServer } from "../../support/github/github-server.ts";
import { emptyRepository, type WorkTree } from "../../support/github/work-tree.ts";
import { aStoredRollout } from "../engine/a-stored-rollout.ts";
import { seenEvidence, STRICT, stuck } from "../reconcile/stuck-wave.ts";

// The commands against a GitHub of this machine on real git, with the records of whole rollouts: good and bad.

const folder = join(PROJECT, ".wavegate", "git-test");
const RELEASE = "rollout/releases/thermostat-1.1.0.ts";
const TOKEN = "bot-token";
let stored: Readonly<Record<"good" | "bad", StoredFiles>>;
let tree: WorkTree;
let gitHub: GitHubServer;
let number = 0;

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  stored = { good: await aStoredRollout("good"), bad: await aStoredRollout("bad") };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  number += 1;
  const at = join(folder, String(number));
  tree = await emptyRepository(join(at, "bare.git"), join(at, "work"));
  await write(
    "rollout/fleet.ts",
    'import { defineFleet } from "wavegate";\nexport default defineFleet({ products: { thermostat: {} } });\n',
  );
  await write("README.md", "Our fleet.\n");
  tree.push("feat: the fleet");
  await write(RELEASE, `export default ${JSON.stringify(aRelease("1.1.0"))};\n`);
  tree.push("feat: thermostat 1.1.0");
  await write("README.md", "Our whole fleet.\n");
  tree.push("docs: more");
  gitHub = await startGitHub(join(at, "bare.git"));
  return () => gitHub[Symbol.asyncDispose]();
});

async function write(path: string, text: string): Promise<void> {
  const file = join(tree.folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode: 0o600 });
}

/** Records and settings beside the clone, never in it. */
async function records(kind: "good" | "bad"): Promise<void> {
  const at = join(tree.folder, "..");
  for (const [name, files] of Object.entries(stored[kind].folders))
    for (const [file, text] of files) {
      await mkdir(join(at, "store", name, "thermostat"), { recursive: true });
      await writeFile(join(at, "store", name, "thermostat", file), text);
    }
  const settings = {
    schemaVersion: 1,
    hub: { name: "memory", hostName: "localhost:1", credential: { kind: "azure-cli" } },
    images: { base: "https://localhost:1/firmware", credential: { kind: "azure-cli" } },
    records: { folder: "store" },
    declarations: { fleet: "work/rollout/fleet.ts", releases: "work/rollout/releases" },
  };
  await writeFile(join(at, "settings.json"), JSON.stringify(settings));
}

/** Run the command line in this process, as a job of Actions would. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  let text = "";
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((written) => {
      text += String(written);
      return true;
    }),
  );
  const all = {
    ...{ GITHUB_TOKEN: TOKEN, GITHUB_API_URL: gitHub.apiUrl, GITHUB_REPOSITORY: gitHub.repository },
    ...{ GITHUB_SHA: "", GITHUB_REF: "", WAVEGATE_SETTINGS: join(tree.folder, "..", "settings.json") },
    ...environment,
  };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value === "" ? undefined : value);
  try {
    const code = await main(args);
    expect(text).not.toContain(TOKEN);
    return { code, text };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** What is not read only. */
function writes(): readonly string[] {
  return gitHub.requests.filter((request) => !request.startsWith("GET") && !request.endsWith("/graphql"));
}

async function report(text: string): Promise<string> {
  const file = join(tree.folder, "..", "report.md");
  await writeFile(file, `${REPORT_MARK}\n\n${text}\n`);
  return file;
}

describe("wavegate git comment", () => {
  it("posts one comment and changes that one, whatever others write", async () => {
    const pull = gitHub.openPull("main");
    gitHub.comments.push({ id: 1, issue: pull.number, login: "mallory", body: `${REPORT_MARK}\nforged` });
    for (let id = 2; id < 120; id++)
      gitHub.comments.push({ id, issue: pull.number, login: "ada", body: "well" });
    const env = { GITHUB_REF: `refs/pull/${pull.number}/merge` };
    expect(await run(["git", "comment", await report("one")], env)).toMatchObject({ code: 0 });
    expect((await run(["git", "comment", await report("two")], env)).text).toContain("brought up to date");
    expect((await run(["git", "comment", await report("two")], env)).text).toContain("as it was");
    const own = gitHub.comments.filter(({ login }) => login === "github-actions[bot]");
    expect(own.map(({ body }) => body)).toEqual([`${REPORT_MARK}\n\ntwo`]);
    expect(gitHub.comments[0]?.body).toContain("forged");
  });

  it("leaves one comment when two jobs post at once", async () => {
    const pull = gitHub.openPull("main");
    let isFirst = true;
    gitHub.before = (request) => {
      if (!request.startsWith("POST /repos") || !isFirst) return;
      isFirst = false;
      gitHub.comments.push({
        id: 9,
        issue: pull.number,
        login: "github-actions[bot]",
        body: `${REPORT_MARK}\nof the other job`,
      });
    };
    const { code, text } = await run(["git", "comment", "--pull-request", "1", await report("mine")]);
    expect(code, text).toBe(0);
    expect(gitHub.comments.map(({ body }) => body)).toEqual([`${REPORT_MARK}\n\nmine`]);
  });

  it("waits when GitHub says so, tries a failed read again, and never sends a post twice", async () => {
    gitHub.openPull("main");
    gitHub.weather.push(
      { status: 502 },
      { status: 429, headers: { "retry-after": "0" } },
      { status: 403, headers: { "x-ratelimit-remaining": "0", "retry-after": "0" } },
    );
    expect((await run(["git", "comment", "--pull-request", "1", await report("one")])).code).toBe(0);
    gitHub.comments.length = 0;
    gitHub.before = (request) => {
      if (request.startsWith("POST /repos"))
        gitHub.weather.push({ status: 500, document: { message: "oh" } });
    };
    const posts = writes().length;
    const { code, text } = await run(["git", "comment", "--pull-request", "1", await report("one")]);
    expect({ code, posts: writes().length - posts }).toEqual({ code: 1, posts: 1 });
    expect(text).toContain("GIT_HOST_FAILED: comment on pull request 1 of acme/fleet: oh (500)");
  });

  it.each([
    [
      "a token that may not",
      { GITHUB_TOKEN: "reader" },
      'give the token the permission "pull-requests: write"',
    ],
    ["a token that is none", { GITHUB_TOKEN: "old" }, "GitHub does not accept the token"],
    ["no token", { GITHUB_TOKEN: "" }, "there is no token in GITHUB_TOKEN"],
    [
      "an address in the clear",
      { GITHUB_API_URL: "http://github.example" },
      "a token would be sent in the clear",
    ],
    ["no repository", { GITHUB_REPOSITORY: "fleet" }, '"fleet" names no repository'],
    ["a repository that is not there", { GITHUB_REPOSITORY: "acme/other" }, "correct GITHUB_REPOSITORY"],
  ])("says what to do about %s", async (_, environment: Readonly<Record<string, string>>, words) => {
    gitHub.openPull("main");
    gitHub.tokens.set("reader", { login: "ada", may: [] });
    const { code, text } = await run(
      ["git", "comment", "--pull-request", "1", await report("x")],
      environment,
    );
    expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining(words) as string });
    expect(text).toMatch(/next: \S/);
  });

  it("refuses what is no report, is too long, or belongs to no pull request", async () => {
    const file = await report("x".repeat(COMMENT_LIMIT));
    expect((await run(["git", "comment", "--pull-request", "1", file])).text).toContain(
      "a comment takes 65536",
    );
    await writeFile(file, "hello");
    expect((await run(["git", "comment", "--pull-request", "1", file])).text).toContain(
      "is no report of a plan",
    );
    expect(
      (await run(["git", "comment", await report("x")], { GITHUB_REF: "refs/heads/main" })).text,
    ).toContain("is no number of a pull request");
    expect(gitHub.requests).toEqual([]);
  });
});

describe("wavegate git verify-plan", () => {
  it("takes a plan that overrides a gate only as its pull request showed it", async () => {
    const world = await stuck();
    const override = {
      ...{ product: "thermostat", version: "1.1.0", wave: "canary", reason: "in a drawer" },
      ...{ evidence: await seenEvidence(world), until: world.now() + 3_600_000 },
    };
    const save = async (name: string, overrides: NonNullable<Declared["overrides"]>): Promise<string> => {
      const product: Declared = { ...STRICT, overrides };
      const observed = await observeProduct(product, { ...world.ports, settings: { queryLag: 0 } });
      const file = join(tree.folder, "..", name);
      await writePlans(file, tree.folder, [planIn(observed, "thermostat")]);
      return file;
    };
    const named = { override, file: "rollout/overrides/canary.ts" };
    const [plain, overriding, edited] = await Promise.all([
      save("plain.plan.json", []),
      save("overriding.plan.json", [named]),
      save("edited.plan.json", [{ ...named, override: { ...override, until: override.until + 1 } }]),
    ]);
    const [reviewed] = (await readPlans(overriding)).plans;
    const pull = gitHub.openPull("main");
    const shown = `<sub>Plan ${reviewed?.digest ?? ""} of what the hub held when it was made</sub>`;
    await run(["git", "comment", "--pull-request", String(pull.number), await report(shown)]);
    const commit = gitHub.merge(pull.number);
    const verify = (file: string) => run(["git", "verify-plan", file, "--commit", commit]);
    expect((await verify(overriding)).text).toContain("is the one that was reviewed");
    expect((await verify(plain)).text).toContain("starts no release and overrides no gate");
    const refused = await verify(edited);
    expect(refused.code).toBe(1);
    expect(refused.text).toMatch(/PLAN_NOT_REVIEWED: plan [0-9a-f]{12} of thermostat overrides a gate, and/);
  });
});

describe("wavegate git journal", () => {
  it("tags the commit that declared a completed release, once, and never moves the tag", async () => {
    await records("good");
    const { code, text } = await run(["git", "journal"]);
    expect(code, text).toBe(0);
    const declared = tree.git("log", "--format=%H", "-1", "--", RELEASE);
    expect(text).toContain(`thermostat 1.1.0: tag created`);
    const { git } = gitHub;
    expect(git.git(["rev-parse", "thermostat/1.1.0^{commit}"])).toBe(declared);
    expect(git.git(["cat-file", "tag", "thermostat/1.1.0"])).toMatch(
      /has reached everyone[^]*Record [0-9a-f]{64}/,
    );
    await write(RELEASE, `${await readFile(join(tree.folder, RELEASE), "utf8")}// a remark\n`);
    tree.push("docs: a remark");
    const done = writes().length;
    expect((await run(["git", "journal"])).text).toBe("Git knows how every rollout ended\n");
    expect(writes().length).toBe(done);
    expect(gitHub.issues).toEqual([]);
  });

  it("opens one issue with the evidence and one pull request that leaves a valid repository", async () => {
    await records("bad");
    const { code, text } = await run(["git", "journal"]);
    expect(code, text).toBe(0);
    expect(text).toContain("thermostat 1.1.0: pull request that reverts it created");
    expect(text).toContain("thermostat 1.1.0: issue created");
    const [pull, issue] = gitHub.issues;
    expect(issue).toMatchObject({
      title: "thermostat 1.1.0 was stopped and taken back",
      state: "open",
      labels: ["wavegate"],
    });
    for (const words of [
      "failed in B",
      "| Stopped by | gate |",
      "| Gate | abort, guarantee statistical |",
      "| B | cumulative |",
    ])
      expect(issue?.body).toContain(words);
    expect(issue?.body).toContain(
      `merge the revert: ${gitHub.apiUrl}/repos/acme/fleet/pull/${pull?.number ?? 0}`,
    );
    expect(issue?.body).toMatch(/reports another version \(record [0-9a-f]{12}/);
    const branch = pull?.head?.ref ?? "";
    const { git } = gitHub;
    expect(git.git(["diff", "--name-status", "main", branch])).toBe(`D\t${RELEASE}`);
    expect(git.git(["rev-parse", `${branch}^`])).toBe(git.refName("main"));
    git.git(["fsck", "--strict"]);
    expect(git.refs("refs/tags/")).toEqual([]);
    const done = writes().length;
    expect((await run(["git", "journal"])).text).toBe("Git knows how every rollout ended\n");
    expect(writes().length).toBe(done);
  });

  it("finds what it wrote when people closed or edited it, and leaves it so", async () => {
    await records("bad");
    await run(["git", "journal"]);
    for (const issue of gitHub.issues) issue.state = "closed";
    const [, issue] = gitHub.issues;
    if (issue !== undefined) issue.body += "\nA note.";
    const done = writes().length;
    expect((await run(["git", "journal"])).code).toBe(0);
    expect(writes().length).toBe(done);
  });

  it("brings an issue up to date when more is recorded, and trusts no issue of others", async () => {
    await records("bad");
    const forged = "<!-- wavegate fw--thermostat--1-1-0--1 x -->";
    gitHub.issues.push({
      number: 1,
      login: "mallory",
      title: "",
      body: forged,
      state: "open",
      labels: ["wavegate"],
    });
    await run(["git", "journal"]);
    const issue = gitHub.issues.find(({ title }) => title.includes("taken back"));
    expect(issue?.number).toBe(3);
    if (issue !== undefined) issue.body = issue.body.replace(/ [0-9a-f]{64} -->/, " 0 -->");
    expect((await run(["git", "journal"])).text).toMatch(/issue updated/);
    expect(gitHub.issues.length).toBe(3);
  });

  it.each([1, 2, 3, 4, 5, 6])("tells everything once when it dies at write %i", async (dies) => {
    await records("bad");
    let count = 0;
    gitHub.before = (request) => {
      if (request.startsWith("GET") || request.endsWith("/graphql")) return;
      count += 1;
      if (count === dies) gitHub.weather.push({ status: 401, document: { message: "Bad credentials" } });
    };
    expect((await run(["git", "journal"])).code).toBe(1);
    gitHub.before = () => undefined;
    expect((await run(["git", "journal"])).code).toBe(0);
    expect(gitHub.issues.filter(({ head }) => head !== undefined).length).toBe(1);
    expect(gitHub.issues.filter(({ head }) => head === undefined).length).toBe(1);
    expect(gitHub.git.refs("refs/heads/wavegate/").length).toBe(1);
  });

  it("leaves one issue and one pull request when two jobs run at once", async () => {
    await records("bad");
    // Each has looked and found nothing before either writes.
    const meetAt = [
      "POST /repos/acme/fleet/git/refs",
      "POST /repos/acme/fleet/pulls",
      "POST /repos/acme/fleet/issues",
    ];
    const met = new Map(
      meetAt.map((request) => [request, { come: 0, gate: Promise.withResolvers<undefined>() }]),
    );
    gitHub.hold = async (request) => {
      const meeting = met.get(request);
      if (meeting === undefined) return;
      meeting.come += 1;
      if (meeting.come === 2) meeting.gate.resolve(undefined);
      await meeting.gate.promise;
    };
    const jobs = [1, 2].map(() =>
      start(["scripts/wavegate.mjs", "git", "journal"], {
        ...{ GITHUB_TOKEN: TOKEN, GITHUB_API_URL: gitHub.apiUrl, GITHUB_REPOSITORY: gitHub.repository },
        WAVEGATE_SETTINGS: join(tree.folder, "..", "settings.json"),
      }),
    );
    expect(await Promise.all(jobs.map(({ ended }) => ended))).toEqual([0, 0]);
    expect([...met.values()].map(({ come }) => come)).toEqual([2, 2, 2]);
    expect((await run(["git", "journal"])).code).toBe(0);
    expect(gitHub.issues.filter(({ head }) => head !== undefined).length).toBe(1);
    expect(gitHub.issues.filter(({ head, state }) => head === undefined && state === "open").length).toBe(1);
    expect(gitHub.git.refs("refs/heads/wavegate/").length).toBe(1);
  });

  it("reverts all the same where issues are switched off", async () => {
    await records("bad");
    gitHub.before = (request) => {
      if (request === "GET /repos/acme/fleet/issues")
        gitHub.weather.push({
          status: 410,
          document: { message: "Issues has been disabled in this repository." },
        });
    };
    const { code, text } = await run(["git", "journal"]);
    expect(code).toBe(1);
    expect(text).toContain("GIT_HOST_FAILED: list the issues of acme/fleet: Issues has been disabled");
    expect(gitHub.issues.map(({ head }) => head?.ref)).toEqual(["wavegate/revert-fw--thermostat--1-1-0--1"]);
  });

  it("closes the issue of what is over, and opens none for it", async () => {
    const { apiUrl, repository } = gitHub;
    const host = adapter({ apiUrl, repository, token: secret(TOKEN) });
    const issue = { subject: "fw--thermostat--1-1-0--1", title: "held", body: "why" };
    expect(await (await host.issues()).put({ ...issue, version: "1", open: false })).toBeUndefined();
    await (await host.issues()).put({ ...issue, version: "1", open: true });
    await (await host.issues()).put({ ...issue, version: "2", title: "goes on", open: false });
    expect(gitHub.issues).toMatchObject([{ number: 1, title: "goes on", state: "closed" }]);
  });

  it("leaves a file alone that somebody changed on the default branch", async () => {
    await records("bad");
    const text = await readFile(join(tree.folder, RELEASE), "utf8");
    await write(RELEASE, `${text}// changed\n`);
    tree.push("fix: another text");
    await write(RELEASE, text);
    expect((await run(["git", "journal"])).code).toBe(0);
    expect(gitHub.issues.map(({ head }) => head)).toEqual([undefined]);
  });

  it("opens the issue all the same where Actions may open no pull request, and says how to allow it", async () => {
    await records("bad");
    gitHub.before = (request) => {
      if (request === "POST /repos/acme/fleet/pulls")
        gitHub.weather.push({
          status: 403,
          document: { message: "GitHub Actions is not permitted to create or approve pull requests." },
        });
    };
    const { code, text } = await run(["git", "journal"]);
    expect(code).toBe(1);
    expect(text).toContain("Allow GitHub Actions to create and approve pull requests");
    expect(gitHub.issues.map(({ title }) => title)).toEqual(["thermostat 1.1.0 was stopped and taken back"]);
  });
});
