import { describe, expect, it } from "vitest";
import type { NamedProgress, StepSubject } from "../../../../device/drivers/command/maker-steps.ts";
import type { MakerSteps } from "../../../../device/drivers/command/maker-steps.ts";
import { makerSteps, StoppedError } from "../../../../device/drivers/command/maker-steps.ts";
import type { StepEnd, StepProcess } from "../../../../device/drivers/command/step-process.ts";
import { runProcess } from "../../../../device/drivers/command/step-process.ts";
import {
  outputReader,
  parseProgress,
  progressLimiter,
} from "../../../../device/drivers/command/step-output.ts";
import { parseUpdateSteps } from "../../../../device/drivers/command/update-steps-file.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const ABOUT: StepSubject = {
  WAVEGATE_IMAGE: "/var/lib/wavegate/image",
  WAVEGATE_VERSION: "2.0.0",
  WAVEGATE_SHA256: "ab".repeat(32),
  WAVEGATE_SLOT: "b",
};

interface Setting {
  readonly install: string;
  readonly environment?: string;
  readonly run?: (step: StepProcess) => Promise<StepEnd>;
  readonly folder?: string;
}

function described({ install, environment = "[]", run = runProcess, folder = "/" }: Setting): {
  readonly maker: MakerSteps;
  readonly progress: NamedProgress[];
} {
  const { description, problems } = parseUpdateSteps(`
schemaVersion: 1
slots: [a, b]
environment: ${environment}
steps:
  version: { command: [cat, version], pattern: "(?<version>.) (?<slot>.)" }
  install: ${install}
  reboot: { command: [reboot] }
  selfTest: { command: [sleep, "1000"], timeout: 50 ms }
`);
  if (description === undefined) throw new Error(JSON.stringify(problems));
  const progress: NamedProgress[] = [];
  const maker = makerSteps({
    steps: { file: "/update-steps.yaml", folder, description },
    directory: "/agent",
    environment: { PATH: process.env["PATH"], SECRET: "hidden", FIELD: "yes", TZ: "UTC" },
    onProgress: (one) => progress.push(one),
    run,
  });
  return { maker, progress };
}

/** A program that ends with each of the codes in turn, the last for ever. */
function ending(...codes: readonly number[]): (step: StepProcess) => Promise<StepEnd> {
  let runs = 0;
  return () =>
    Promise.resolve({ type: "exited", code: codes[Math.min(runs++, codes.length - 1)]!, tail: "" });
}

describe("a step's exit codes", () => {
  const install =
    "{ command: [swupdate], attempts: 3, retryAfter: 0 s, exitCodes: { 2: ok, 3: reboot, 4: HARDWARE_MISMATCH, 5: failed, 75: retry } }";

  it.each<[readonly number[], { readonly needsReboot: boolean }]>([
    [[0], { needsReboot: false }],
    [[2], { needsReboot: false }],
    [[3], { needsReboot: true }],
    [[75, 75, 0], { needsReboot: false }],
  ])("%j are well", async (codes, done) => {
    const { maker } = described({ install, run: ending(...codes) });
    expect(await maker.run("install", ABOUT)).toMatchObject(done);
  });

  it.each<[readonly number[], string, string]>([
    [[1], "INSTALL_FAILED", "install: swupdate ended with 1"],
    [[4], "HARDWARE_MISMATCH", "install: swupdate ended with 4"],
    [[5], "INSTALL_FAILED", "install: swupdate ended with 5"],
    [[75], "INSTALL_FAILED", "install: swupdate ended with 75 in 3 tries"],
    [[75, 4], "HARDWARE_MISMATCH", "install: swupdate ended with 4 in 2 tries"],
  ])("%j are the failure %s", async (codes, code, message) => {
    const { maker } = described({ install, run: ending(...codes) });
    await expect(maker.run("install", ABOUT)).rejects.toMatchObject({ code, message });
  });

  it("that take 0 for a failure are obeyed", async () => {
    const { maker } = described({
      install: "{ command: [x], exitCodes: { 0: failed, 1: ok } }",
      run: ending(0),
    });
    await expect(maker.run("install", ABOUT)).rejects.toMatchObject({ code: "INSTALL_FAILED" });
  });
});

describe("a step that does not come to its end", () => {
  it("is a failure of its kind when its program is not there", async () => {
    const { maker } = described({ install: "{ command: [/no/such/program] }" });
    await expect(maker.run("install", ABOUT)).rejects.toMatchObject({
      code: "INSTALL_FAILED",
      message:
        "install: /no/such/program did not run: there is no program /no/such/program, or no folder /; see steps.install in /update-steps.yaml",
    });
  });

  it("hangs, when it is the self-test", async () => {
    const { maker } = described({ install: "{ command: [x] }" });
    await expect(maker.run("selfTest", ABOUT)).rejects.toMatchObject({
      code: "HUNG",
      message: "selfTest: sleep did not end in 0.05 s",
    });
  });

  it("is going down with the device, when it is the reboot that a signal ends", async () => {
    const killed: StepEnd = { type: "killed", by: "SIGTERM", tail: "" };
    const { maker } = described({ install: "{ command: [x] }", run: () => Promise.resolve(killed) });
    expect(await maker.run("reboot", ABOUT)).toEqual({ lines: [], needsReboot: false });
    await expect(maker.run("install", ABOUT)).rejects.toMatchObject({
      code: "INSTALL_FAILED",
      message: "install: x was ended by SIGTERM",
    });
  });

  it("is no failure of the device when the agent closes", async () => {
    const { maker } = described({ install: '{ shell: "echo progress 1; exec sleep 1000" }' });
    const running = maker.run("install", ABOUT);
    maker.stop();
    await expect(running).rejects.toThrow(StoppedError);
    const waiting = described({
      install: "{ command: [x], exitCodes: { 75: retry }, retryAfter: 1 h }",
      run: ending(75),
    });
    const retried = waiting.maker.run("install", ABOUT);
    await Promise.resolve();
    waiting.maker.stop();
    await expect(retried).rejects.toThrow(StoppedError);
  });
});

describe("what a step is told", () => {
  it("stands in its arguments, and a shell's characters mean nothing there", async () => {
    const folder = await temporaryDirectory();
    const { maker } = described({
      install:
        String.raw`{ command: [printf, '%s\n', "a;$(id) $HOME", "stable,slot-\${WAVEGATE_SLOT}", "\${WAVEGATE_IMAGE}"] }`.replaceAll(
          "\\$",
          "$",
        ),
      folder,
    });
    const { lines } = await maker.run("install", { ...ABOUT, WAVEGATE_IMAGE: '/odd $(name) "here"' });
    expect(lines).toEqual(["a;$(id) $HOME", "stable,slot-b", '/odd $(name) "here"']);
  });

  it("stands in its environment, with what is named and nothing else", async () => {
    const { maker } = described({
      environment: "[FIELD, ABSENT, MODE=a=b]",
      install: "{ command: [env], environment: [MODE=own] }",
    });
    const { lines } = await maker.run("install", ABOUT);
    expect(lines.toSorted()).toEqual([
      "FIELD=yes",
      "MODE=own",
      `PATH=${process.env["PATH"] ?? ""}`,
      "TZ=UTC",
      "WAVEGATE_AGENT=/agent",
      "WAVEGATE_IMAGE=/var/lib/wavegate/image",
      `WAVEGATE_SHA256=${"ab".repeat(32)}`,
      "WAVEGATE_SLOT=b",
      "WAVEGATE_STEP=install",
      "WAVEGATE_VERSION=2.0.0",
    ]);
  });

  it("is a line for a shell where the maker says so, in the folder that is named", async () => {
    const folder = await temporaryDirectory();
    const { maker } = described({
      install: '{ shell: "mkdir x && cd x && pwd && echo $WAVEGATE_SLOT" }',
      folder,
    });
    expect((await maker.run("install", ABOUT)).lines).toEqual([`${folder}/x`, "b"]);
  });
});

describe("progress", () => {
  it("is handed on, and the last status stands in a failure", async () => {
    const { maker, progress } = described({
      install:
        '{ shell: "echo progress 10; echo noise; echo status writing slot b; echo progress 90%; exit 1" }',
    });
    await expect(maker.run("install", ABOUT)).rejects.toThrow(/; it said: writing slot b$/);
    expect(progress[0]).toEqual({ step: "install", percent: 10 });
    expect(progress.at(-1)).toMatchObject({ step: "install", percent: 90 });
  });

  it("comes at most once a second, and its newest is not lost", () => {
    let now = 0;
    const handed: object[] = [];
    const { say, flush } = progressLimiter(
      (one) => handed.push(one),
      () => now,
    );
    for (let percent = 0; percent <= 100; percent++) {
      say({ percent });
      now += 30;
    }
    say({ text: "done" });
    flush();
    expect(handed).toEqual([
      { percent: 0 },
      { percent: 34 },
      { percent: 68 },
      { percent: 100, text: "done" },
    ]);
  });

  it.each<[string, unknown]>([
    ["progress 0", { percent: 0 }],
    ["progress 100%", { percent: 100 }],
    ["progress 101", undefined],
    ["progress -1", undefined],
    ["progress", undefined],
    ["status ", undefined],
    ["status writing", { text: "writing" }],
    ["Status writing", undefined],
    [`status ${"x".repeat(900)}`, { text: "x".repeat(200) }],
  ])("%j", (line, expected) => {
    expect(parseProgress(line)).toEqual(expected);
  });

  it("is found wherever the output is cut into pieces", () => {
    const bytes = Buffer.from("progress 4\r\nstatus geöffnet\n\nprogress 5");
    for (let at = 0; at <= bytes.length; at++) {
      const lines: string[] = [];
      const reader = outputReader((line) => lines.push(line));
      reader.add(bytes.subarray(0, at));
      reader.add(bytes.subarray(at));
      reader.end();
      expect(lines).toEqual(["progress 4", "status geöffnet", "progress 5"]);
    }
  });
});
