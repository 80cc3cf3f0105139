import { join } from "node:path";
import Table from "cli-table3";
import { afterAll, describe, expect, it } from "vitest";
import { BROKEN_DEVICES } from "./broken-devices.ts";
import { brokenProgram } from "./broken-program.ts";
import { checkDevice, evidenceOf } from "./check-device.ts";

/** `DEVICE=words` plays the broken devices whose fault has those words. */
const CHOSEN = BROKEN_DEVICES.filter(({ fault }) => fault.includes(process.env["DEVICE"] ?? ""));
/** Of each broken device the scenario that has to find it; with `SOAK` all of them. */
const PLAYS_ALL = process.env["SOAK"] !== undefined;
/** What a broken device never does is not waited for any longer. */
const PATIENCE_MS = 25_000;
const LIMIT_MS = 600_000;

describe("the conformance kit", () => {
  const table = new Table({
    head: ["a device that", "is found by rule", "in", "and breaks besides"],
    style: { head: [], border: [], compact: true },
  });
  afterAll(() => {
    process.stdout.write(`${table.toString()}\n`);
  });

  it("finds nothing wrong with the agent, and leaves no rule out", { timeout: LIMIT_MS }, async () => {
    const verdict = await checkDevice([
      process.execPath,
      join(import.meta.dirname, "../../../local/device-conformance/example-device.ts"),
    ]);
    expect(verdict.broken, evidenceOf(verdict)).toEqual([]);
    expect(verdict.judgements.filter(({ result }) => result !== "kept")).toEqual([]);
  });

  // They wait more than they work.
  it.concurrent.for(CHOSEN)(
    "finds a device that $fault, by the rule $rule",
    { timeout: LIMIT_MS },
    async ({ fault, rule, scenario, edits }, { expect, onTestFinished: onFinished }) => {
      const { broken, results } = await checkDevice(await brokenProgram(edits, onFinished), {
        only: PLAYS_ALL ? [] : [scenario],
        patienceMs: PATIENCE_MS,
        onFinished,
      });
      const besides = broken.filter((name) => name !== rule);
      table.push([fault, broken.includes(rule) ? rule : "NONE", scenario, besides.join(", ")]);
      const found = results.find((result) => result.scenario.name === scenario);
      expect(found?.findings.filter(({ isKept }) => !isKept).map((finding) => finding.rule)).toContain(rule);
    },
  );
});
