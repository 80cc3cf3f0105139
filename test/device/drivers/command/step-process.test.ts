import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  AGENT_VARIABLE,
  endLeftovers,
  STEP_VARIABLE,
} from "../../../../device/drivers/command/step-leftovers.ts";
import type { StepProcess } from "../../../../device/drivers/command/step-process.ts";
import { runProcess } from "../../../../device/drivers/command/step-process.ts";
import { isAlive } from "../../../support/is-alive.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

async function shell(script: string, change: Partial<StepProcess> = {}): Promise<StepProcess> {
  return {
    program: "/bin/sh",
    args: ["-c", script],
    folder: await temporaryDirectory(),
    environment: { PATH: process.env["PATH"] ?? "" },
    timeoutMs: 20_000,
    killAfterMs: 5_000,
    signal: new AbortController().signal,
    onLine: () => undefined,
    ...change,
  };
}

/** Process ids a script has written. */
async function pidsIn(file: string): Promise<number[]> {
  return (await readFile(file, "utf8")).trim().split(/\s+/).map(Number);
}

describe("a step's process", () => {
  it("ends with its code and its last words", async () => {
    expect(await runProcess(await shell("echo one; echo two >&2; exit 7"))).toEqual({
      type: "exited",
      code: 7,
      tail: "two | one",
    });
  });

  it("ends by a signal", async () => {
    expect(await runProcess(await shell("kill -SEGV $$"))).toMatchObject({ type: "killed", by: "SIGSEGV" });
  });

  it("that is not there, or may not be run, says so", async () => {
    const missing = await shell("", { program: "./no-such-program" });
    expect(await runProcess(missing)).toEqual({
      type: "notStarted",
      reason: `there is no program ./no-such-program, or no folder ${missing.folder}`,
    });
    const plain = await shell("", { program: "./plain" });
    await writeFile(join(plain.folder, "plain"), "", { mode: 0o644 });
    expect(await runProcess(plain)).toMatchObject({
      reason: "./plain may not be run: it is not executable",
    });
    const long = await shell("", { args: ["-c", "true", "x".repeat(4_000_000)] });
    expect(await runProcess(long)).toMatchObject({ type: "notStarted" });
  });

  it("sees the environment it is given and no other", async () => {
    const lines: string[] = [];
    const step = await shell("env", {
      environment: { ONLY: "this" },
      onLine: (line) => lines.push(line),
    });
    await runProcess(step);
    expect(lines.filter((line) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(line))).toEqual(["ONLY=this"]);
  });

  it.each([
    [
      "asks it to end first",
      "trap 'echo bye; exit 0' TERM; sleep 1000 & echo $$ $! > pids; echo up; wait",
      "bye",
    ],
    [
      "ends it when it does not listen",
      "trap '' TERM; sleep 1000 & echo $$ $! > pids; echo up; wait; wait",
      "up",
    ],
  ])("that is to end takes its grandchildren along: %s", async (_, script, last) => {
    const stop = new AbortController();
    const lines: string[] = [];
    const step = await shell(script, {
      killAfterMs: last === "bye" ? 20_000 : 50,
      signal: stop.signal,
      onLine(line) {
        lines.push(line);
        stop.abort();
      },
    });
    expect(await runProcess(step)).toEqual({ type: "stopped" });
    expect(lines.at(-1)).toBe(last);
    const pids = await pidsIn(join(step.folder, "pids"));
    expect(pids).toHaveLength(2);
    for (const pid of pids) await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("is ended when its time is over", async () => {
    const step = await shell("echo working; exec sleep 1000", { timeoutMs: 300 });
    expect(await runProcess(step)).toMatchObject({ type: "timedOut" });
  });

  it("takes along what it has left behind when it ends well", async () => {
    const step = await shell("sleep 1000 & echo $! > pids");
    expect(await runProcess(step)).toMatchObject({ type: "exited", code: 0 });
    const [pid] = await pidsIn(join(step.folder, "pids"));
    await expect.poll(() => isAlive(pid!)).toBe(false);
  });

  it("ends though a process of another session holds its output open", async () => {
    const step = await shell("setsid sleep 1000 & echo $! > pids; sleep 0.1");
    expect(await runProcess(step)).toMatchObject({ type: "exited", code: 0 });
    const [pid] = await pidsIn(join(step.folder, "pids"));
    process.kill(pid!, "SIGKILL");
  });

  it("is stopped with the agent", async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    const running = runProcess(
      await shell("echo up; exec sleep 1000", {
        signal: stop.signal,
        onLine: (line) => {
          lines.push(line);
          stop.abort();
        },
      }),
    );
    expect(await running).toEqual({ type: "stopped" });
    expect(lines).toEqual(["up"]);
    expect(await runProcess(await shell("touch made", { signal: stop.signal }))).toEqual({ type: "stopped" });
  });
});

describe("output that is meant to hurt", () => {
  it("of a hundred megabytes without a line break is one line of a thousand characters", async () => {
    const lines: string[] = [];
    const step = await shell("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last", {
      onLine: (line) => lines.push(line),
    });
    expect(await runProcess(step)).toMatchObject({
      type: "exited",
      tail: expect.stringMatching(/last$/) as string,
    });
    expect(lines.map((line) => line.length)).toEqual([1000, 4]);
  });

  it("of random bytes and escapes reaches nobody's terminal", async () => {
    const lines: string[] = [];
    const step = await shell(
      String.raw`head -c 200000 /dev/urandom; printf '\n\033[31mred\033[0m \007bell \342\200\256turned\n\377\376\n'; exit 3`,
      { onLine: (line) => lines.push(line) },
    );
    const end = await runProcess(step);
    expect(end).toMatchObject({ type: "exited", code: 3 });
    expect(lines).toContain("red bell turned");

    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect("tail" in end && end.tail.length).toBeLessThanOrEqual(203);
  });
});

describe("what an agent that was killed has left running", () => {
  it("is ended by the next, and nothing else is", async () => {
    const directory = await temporaryDirectory();
    const start = (environment: Record<string, string>): ReturnType<typeof spawn> =>
      spawn("sleep", ["1000"], {
        env: { PATH: process.env["PATH"], ...environment },
        detached: true,
        stdio: "ignore",
      });
    const installer = start({ [AGENT_VARIABLE]: directory, [STEP_VARIABLE]: "install" });
    const firmware = start({ [AGENT_VARIABLE]: directory, [STEP_VARIABLE]: "reboot" });
    const neighbour = start({ [AGENT_VARIABLE]: `${directory}-2`, [STEP_VARIABLE]: "install" });
    await Promise.all([installer, firmware, neighbour].map((child) => once(child, "spawn")));
    const ended = once(installer, "exit");
    await endLeftovers(directory);
    expect((await ended)[1]).toBe("SIGKILL");
    expect([firmware, neighbour].map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([
      null,
      null,
    ]);
    firmware.kill("SIGKILL");
    neighbour.kill("SIGKILL");
  });
});
