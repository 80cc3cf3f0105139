import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cursorsIn } from "../../../../rollout/adapters/cursors-in-files.ts";
import { folderFiles } from "../../../../rollout/adapters/folder-records.ts";
import type { Command, Context, Result } from "../../../../rollout/cli/command.ts";
import { abort } from "../../../../rollout/cli/commands/abort.ts";
import { apply } from "../../../../rollout/cli/commands/apply.ts";
import { hold } from "../../../../rollout/cli/commands/hold.ts";
import { reconcile } from "../../../../rollout/cli/commands/reconcile.ts";
import { resume } from "../../../../rollout/cli/commands/resume.ts";
import { retry } from "../../../../rollout/cli/commands/retry.ts";
import { stop } from "../../../../rollout/cli/commands/stop.ts";
import { notifySchema } from "../../../../rollout/cli/settings/notify-settings.ts";
import type { Session } from "../../../../rollout/cli/session.ts";
import { startNumberService, type NumberService, type Said } from "../../../support/number-service.ts";
import { createWorld, type Behaviour, type World } from "../../../support/world.ts";
import { aFleet, imagesOf } from "../../../support/declarations.ts";
import {
  checkSignature,
  receive,
  WEBHOOK_KEY,
  type checkBody,
} from "../../adapters/notify/strict-receivers.ts";
import { HOUR, PRODUCT } from "../../reconcile/in-canary.ts";

type Kind = keyof typeof checkBody;
const KINDS: readonly Kind[] = ["webhook", "slack", "teams", "grafana"];

let service: NumberService;
let folder: string;
let down: Kind | undefined;
let answers: Said[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-notify-"));
  down = undefined;
  answers = [];
  service = await startNumberService((asked) => {
    const kind = KINDS.find((one) => asked.path.startsWith(`/${one}`)) ?? "grafana";
    const answer: Said = kind === down ? "gone" : receive(kind, asked);
    answers.push(answer);
    return answer;
  });
  for (const kind of KINDS)
    vi.stubEnv(`${kind.toUpperCase()}_URL`, `${service.url}/${kind}/very-secret-part`);
  vi.stubEnv("KEY", WEBHOOK_KEY);
  vi.stubEnv("TOKEN", "glsa_token");
  vi.stubEnv("GITHUB_ACTIONS", "true");
  vi.stubEnv("GITHUB_SERVER_URL", "https://github.example.com");
  vi.stubEnv("GITHUB_REPOSITORY", "acme/fleet");
  vi.stubEnv("GITHUB_RUN_ID", "77");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A console whose settings name a channel of each kind; progress is kept. */
function consoleOf(world: World): {
  readonly progress: string[];
  readonly run: (command: Command, options?: Readonly<Record<string, unknown>>) => Promise<Result>;
} {
  const place = (kind: string): unknown => ({ variable: `${kind}_URL` });
  const notify = notifySchema.parse({
    channels: [
      { kind: "webhook", name: "webhook", url: place("WEBHOOK"), secret: { variable: "KEY" } },
      { kind: "slack", name: "slack", url: place("SLACK") },
      { kind: "teams", name: "teams", url: place("TEAMS"), on: ["abort"] },
      { kind: "grafana", name: "grafana", url: service.url, token: { variable: "TOKEN" } },
      { kind: "slack", name: "others", url: place("SLACK"), products: ["boiler"] },
    ],
  });
  const { records, images, clock } = world.ports;
  const session = {
    settings: {
      ...{ queryLag: 0, lookEvery: HOUR, notify, otherHubs: [] },
      hub: { name: "plant", tier: "S1", units: 1 },
    },
    hubs: [{ ...world.hub, name: "plant" }],
    ...{ records, images, clock, actor: "ada", cursors: cursorsIn(folderFiles(folder)) },
    declarations: () => Promise.resolve({ products: [PRODUCT], problems: [] }),
  } as unknown as Session; // The rest of a session is for other commands.
  const progress: string[] = [];
  return {
    progress,
    run: async (command, options = {}) => {
      const later: (() => Promise<void>)[] = [];
      const context = {
        session: () => Promise.resolve(session),
        progress: (line: string) => progress.push(line),
        afterwards: (work: () => Promise<void>) => later.push(work),
        signal: new AbortController().signal,
      } as unknown as Context;
      const result = await command.run(context, { args: ["thermostat"], options });
      for (const work of later) await work();
      return result;
    },
  };
}

/** Types of what one receiver was sent, in order. */
function types(): readonly string[] {
  return service.asked
    .filter(({ path }) => path.startsWith("/webhook"))
    .map(({ body }) => (JSON.parse(body) as { readonly type: string }).type.replace("rollout.", ""));
}

function sentTo(kind: Kind): number {
  const path = kind === "grafana" ? "/api" : `/${kind}`;
  return service.asked.filter((asked) => asked.path.startsWith(path)).length;
}

describe("a rollout with channels", () => {
  it("tells each what it asked for, in forms that its receiver takes, while the runs stop and take a release back", async () => {
    const world = createWorld({ devices: aFleet(60), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { run, progress } = consoleOf(world);
    const answer = async (behave: Behaviour, hours: number): Promise<Result> => {
      world.settle(behave);
      world.advance(hours * HOUR);
      return run(reconcile);
    };
    await run(apply, { wait: false });
    await answer(() => "ok", 1);
    await answer(() => "ok", 4);
    await run(hold, { reason: "support sees <odd> calls" });
    await run(reconcile);
    await run(resume, { reason: "another cause" });
    const stopped = await answer(({ stratum }) => (stratum === "B" ? "failed" : "ok"), 1);
    expect(stopped.exitCode).toBe(3);
    await answer(() => "ok", 1);
    await run(reconcile);
    expect(types()).toEqual(["start", "promote", "hold", "resume", "abort", "rolled_back"]);
    expect(answers.map((said) => (typeof said === "string" ? said : (said.status ?? 200)))).not.toContain(
      400,
    );
    expect([sentTo("slack"), sentTo("teams"), sentTo("grafana")]).toEqual([6, 1, 6]);
    const abort = service.asked.find(
      ({ path, body }) => path.startsWith("/webhook") && body.includes("rollout.abort"),
    );
    if (abort === undefined) throw new Error("no stop was told");
    checkSignature(abort);
    expect(JSON.parse(abort.body)).toMatchObject({
      schemaVersion: 1,
      data: {
        ...{ severity: "critical", product: "thermostat", release: "1.1.0", actor: "gate", wave: "half" },
        gate: { verdict: "abort", reasons: [{ stratum: "B" }] },
        link: "https://github.example.com/acme/fleet/actions/runs/77",
        reason: expect.stringMatching(/failed in B/) as string,
      },
    });
    const annotations = progress.filter((line) => line.startsWith("::"));
    expect(annotations[0]).toBe(
      "::warning title=wavegate%3A thermostat 1.1.0 is held and waits for a person::support sees <odd> calls",
    );
    expect(annotations.filter((line) => line.startsWith("::error"))).toEqual([
      expect.stringMatching(
        /^::error title=wavegate%3A [^:]*was stopped and is taken back::.*failed in B.*2%25/,
      ),
    ]);
    expect(progress.join("\n")).not.toMatch(/very-secret|whsec_|glsa_|warning: /);
  });

  it.each([
    ["hold", hold, {}, ["start", "hold"]],
    ["abort", abort, {}, ["start", "abort"]],
    ["stop --all", stop, { all: true }, ["start", "hold"]],
  ] as const)("is told of a person's %s by the command itself, once", async (_, command, options, told) => {
    const world = createWorld({ devices: aFleet(60), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { run, progress } = consoleOf(world);
    await run(apply, { wait: false });
    await run(command, { ...options, reason: "support sees odd calls" });
    expect(types()).toEqual(told);
    await run(reconcile);
    expect(types()).toEqual(told);
    expect(progress.filter((line) => line.startsWith("warning: "))).toEqual([]);
  });

  it("is told of what a person had recorded by that command: a resume, a retry", async () => {
    const world = createWorld({ devices: aFleet(60), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { run } = consoleOf(world);
    await run(apply, { wait: false });
    await run(hold, { reason: "odd calls" });
    await run(resume, { reason: "another cause" });
    expect(types()).toEqual(["start", "hold", "resume"]);
    await run(hold, { reason: "the same cause" });
    await run(retry, { reason: "mended" });
    expect(types()).toEqual(["start", "hold", "resume", "hold", "retry"]);
  });

  it("does not fail a stop that it cannot be told of, which the next run tells", async () => {
    const world = createWorld({ devices: aFleet(60), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { run, progress } = consoleOf(world);
    await run(apply, { wait: false });
    down = "webhook";
    const stopped = await run(abort, { reason: "units overheat" });
    expect(stopped.exitCode).toBe(0);
    expect(progress.filter((line) => line.startsWith("warning: "))).toEqual([
      expect.stringMatching(/channel "webhook": .* cannot be reached; it is told by the next run/),
    ]);
    const triedBefore = types().length;
    down = undefined;
    await run(reconcile);
    expect(types().slice(triedBefore)).toEqual(["abort"]);
  });

  it("goes its way when a receiver is down, and tells it later", async () => {
    const world = createWorld({ devices: aFleet(60), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { run, progress } = consoleOf(world);
    down = "webhook";
    expect((await run(apply, { wait: false })).exitCode).toBe(0);
    expect(progress.filter((line) => line.startsWith("warning: "))).toEqual([
      expect.stringMatching(
        /^warning: thermostat: channel "webhook": 127\.0\.0\.1:\d+ cannot be reached; it is told/,
      ),
    ]);
    expect(sentTo("slack")).toBe(1);
    const triedBefore = types().length;
    down = undefined;
    await run(reconcile);
    expect(types().slice(triedBefore)).toEqual(["start"]);
    expect(sentTo("slack")).toBe(1);
  });
});
