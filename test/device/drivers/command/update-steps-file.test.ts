import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseUpdateSteps, readUpdateSteps } from "../../../../device/drivers/command/update-steps-file.ts";
import { STEP_NAMES, updateStepsSchema } from "../../../../device/drivers/command/update-steps.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
const LEAST = `schemaVersion: 1
steps:
  version: { command: [./board, version] }
  install: { command: [./board, install] }
  reboot: { command: [./board, reboot] }
  selfTest: { command: [./board, test] }
`;

function problemsIn(text: string): string[] {
  return parseUpdateSteps(text).problems.map(({ line, path, summary }) => `${line} ${path}: ${summary}`);
}

describe("a maker's update-steps.yaml", () => {
  it("needs four steps, and has defaults for everything else", () => {
    const { description } = parseUpdateSteps(LEAST);
    expect(description).toMatchObject({
      workingDirectory: ".",
      environment: [],
      killAfter: 10_000,
      steps: {
        version: { timeout: 30_000, pattern: String.raw`^(?<version>\S+)\s*$` },
        install: { timeout: 1_800_000, exitCodes: {}, attempts: 3, retryAfter: 10_000, environment: [] },
        reboot: { timeout: 600_000, restarts: "device", when: "always" },
        selfTest: { timeout: 60_000 },
      },
    });
  });

  it("is read whole: every problem at once, with its line", () => {
    const problems = problemsIn(`schemaVersion: 1
slots: [a]
extra: 1
steps:
  version:
    command: []
    pattern: 3
  install:
    command: [swupdate, "\${WAVEGATE_IMGE}"]
    timeout: 3 weeks
    exitCodes:
      1: perhaps
      x: ok
      300: ok
    environment: ["WAVEGATE_SLOT=a", "A B"]
  selfTest:
    shell: ./test
    command: [./test]
    exitCodes: { 10: reboot }
  confirm: {}
  holds: { command: [./holds] }
`);
    const codes = "SIGNATURE_INVALID, PRODUCT_MISMATCH, HARDWARE_MISMATCH, BELOW_FLOOR, DIGEST_MISMATCH, ";
    expect(problems).toEqual([
      "2 slots: Too small: expected array to have >=2 items",
      "3 extra: is no key known here",
      "4 steps.reboot: is missing",
      "6 steps.version.command.0: is missing",
      "7 steps.version.pattern: expected string, received number",
      "10 steps.install.timeout: is no duration such as 500 ms, 30 s, 10 min or 2 h, of at most 24 h",
      `12 steps.install.exitCodes.1: means ok, retry, reboot, failed or one of ${codes}WRITE_FAILED, INSTALL_FAILED, SLOT_CORRUPT, BOOT_FAILED, HUNG, SELF_TEST_FAILED, HEALTH_FAILED`,
      "13 steps.install.exitCodes.x: is no exit code, 0 to 255",
      "15 steps.install.environment.0: sets a WAVEGATE_ variable, and those are the agent's",
      "15 steps.install.environment.1: is neither NAME nor NAME=value",
      "16 steps.selfTest: names both a command and a shell line",
      "19 steps.selfTest.exitCodes.10: reboot is for install and rollback: they change what the next boot starts",
      "20 steps.confirm: names neither a command nor a shell line",
      "21 steps.holds: needs a rollback step, which boots the slot that it speaks of",
    ]);
  });

  it.each([
    [
      "a variable that the step is not told",
      'install: { command: [x, "${WAVEGATE_IMGE}"] }',
      /4 .*\$\{WAVEGATE_IMGE\} is not known/,
    ],
    [
      "a variable in the version step",
      'version: { command: [x, "${WAVEGATE_SLOT}"] }',
      /3 .*is not known to this step/,
    ],
    [
      "a slot that nothing tells",
      'rollback: { command: [x, "${WAVEGATE_SLOT}"] }',
      /7 .*nothing says which slot runs/,
    ],
    [
      "a code no program ends with",
      "selfTest: { command: [x], exitCodes: { 300: ok } }",
      /6 .*those are 0 to 255/,
    ],
    ["a pattern that is none", 'version: { command: [x], pattern: "(" }', /3 .*is no regular expression/],
    [
      "a pattern without a version",
      'version: { command: [x], pattern: "(.*)" }',
      /3 .*has no group \(\?<version>/,
    ],
    [
      "a slot without slots",
      'version: { command: [x], pattern: "(?<version>1) (?<slot>a)" }',
      /3 .*no slots are named/,
    ],
    ["a wait of days", "install: { command: [x], retryAfter: 25 h }", /4 .*at most 24 h/],
  ])("names %s", (_, line, problem) => {
    const name = /^\w+/.exec(line)![0];
    const others = LEAST.split("\n").filter((one) => !one.startsWith(`  ${name}:`));
    const at = LEAST.split("\n").findIndex((one) => one.startsWith(`  ${name}:`));
    const text = others.toSpliced(at === -1 ? others.length - 1 : at, 0, `  ${line}`).join("\n");
    const problems = problemsIn(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it("that names slots has to find one in the version step", () => {
    expect(problemsIn(`slots: [a, b]\n${LEAST}`)).toEqual([
      "1 slots: are named, and the pattern of the version step has no group (?<slot>…)",
    ]);
  });

  it("that is no YAML says where", () => {
    expect(problemsIn("schemaVersion: 1\nsteps:\n  version: [a\n  install: {").length).toBeGreaterThan(0);
    expect(problemsIn("a: &x [*x2]\n")[0]).toMatch(/^1 /);
    expect(problemsIn("a: 1\na: 2\n")[0]).toMatch(/^2 : is no YAML here: Map keys must be unique/);
    expect(problemsIn("")).not.toEqual([]);
    expect(problemsIn("\u0000\u0001\uffff{{{")).not.toEqual([]);
  });

  it("is not taken apart by aliases of aliases", () => {
    const bomb = ["a0: &a0 [x]"];
    for (let n = 1; n < 20; n++)
      bomb.push(
        `a${n}: &a${n} [${Array(10)
          .fill(`*a${n - 1}`)
          .join(", ")}]`,
      );
    expect(problemsIn(bomb.join("\n")).length).toBeGreaterThan(0);
  });

  it("that cannot be read names the file, and each line as editors open it", async () => {
    const file = join(await temporaryDirectory(), "update-steps.yaml");
    await expect(readUpdateSteps(file)).rejects.toThrow(`${file} cannot be read`);
    await writeFile(file, LEAST.replace("schemaVersion: 1", "schemaVersion: 2"));
    await expect(readUpdateSteps(file)).rejects.toThrow(`${file}:1: schemaVersion: expected 1`);
    await writeFile(file, LEAST);
    expect(await readUpdateSteps(file)).toMatchObject({ file, description: { schemaVersion: 1 } });
  });
});

describe("the makers' documentation", () => {
  it("has a complete example that is read without a problem", async () => {
    const text = await readFile(join(ROOT, "docs", "drivers.md"), "utf8");
    const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = ""]) => yaml);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(problemsIn(example)).toEqual([]);
    const { steps, ...rest } = updateStepsSchema.shape;
    const keys = [
      ...Object.keys(rest),
      ...STEP_NAMES,
      ...Object.keys(steps.shape.version.shape),
      ...Object.keys(steps.shape.reboot.shape),
    ];
    for (const key of keys) expect(text).toContain(`\`${key}\``);
  });
});
