import { describe, expect, it } from "vitest";
import { copyProject, type Ended } from "./project-copy.ts";

const GREEN = "echo; echo '12 passed, 0 failed'";

/** Run .ci/run over a project whose two suites are these shell commands. */
async function runOver(suites: { readonly test: string; readonly extras: string }): Promise<Ended> {
  await using project = await copyProject(".ci");
  const scripts = { test: suites.test, "test:extras": suites.extras };
  await project.write("package.json", JSON.stringify({ name: "copy", scripts }));
  return await project.run(".ci/run", []);
}

function lastLine({ stdout }: Ended): string | undefined {
  return stdout.trimEnd().split("\n").at(-1);
}

describe("the continuous integration run", () => {
  it("sums the totals of both suites in its last line", async () => {
    const ended = await runOver({ test: GREEN, extras: "echo '3 passed, 0 failed'" });
    expect(lastLine(ended)).toBe("15 passed, 0 failed");
    expect(ended.code).toBe(0);
  });

  it("fails when a suite has a failure, and runs the other one all the same", async () => {
    const ended = await runOver({
      test: "echo '2 passed, 1 failed'; exit 1",
      extras: "echo '3 passed, 0 failed'",
    });
    expect(lastLine(ended)).toBe("5 passed, 1 failed");
    expect(ended.code).toBe(1);
  });

  it("takes the last totals of a suite that prints several", async () => {
    const ended = await runOver({ test: `echo '9 passed, 9 failed'; ${GREEN}`, extras: GREEN });
    expect(lastLine(ended)).toBe("24 passed, 0 failed");
  });

  it.each([
    ["ends without totals", "echo all is well"],
    ["dies before its totals", "kill -9 $$"],
    ["ends badly though its totals are clean", `${GREEN}; exit 3`],
  ])("fails when a suite %s", async (_, test) => {
    const ended = await runOver({ test, extras: GREEN });
    expect(lastLine(ended)).toMatch(/^(12|24) passed, 1 failed$/);
    expect(ended.code).toBe(1);
  });

  it("repeats the skips of both suites, by reason, above the totals", async () => {
    const skipping = (reason: string): string =>
      `printf 'skipped:\\n  2 ${reason}\\n\\nslowest:\\n  1 s  a test\\n\\n1 passed, 0 failed\\n'`;
    const ended = await runOver({ test: skipping("no broker here"), extras: skipping("no browser here") });
    const end = "\nskipped:\n  2 no broker here\n  2 no browser here\n\n2 passed, 0 failed\n";
    expect(ended.stdout.endsWith(end)).toBe(true);
  });
});
