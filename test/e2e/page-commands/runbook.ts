import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import type { Repository } from "../../support/repository.ts";
import { adopted, done, inCanary, running, type LeftOut, type Story } from "./story.ts";

const ATTEMPT = "fw--thermostat--1-1-0--1";

/** Lines of the runbook that are not run. */
export const RUNBOOK_LEFT_OUT: readonly LeftOut[] = [
  {
    page: "docs/runbook.md#Devices are silent",
    line: "npx wavegate logs DEVICE",
    reason: "needs a device on the line, which a light fleet has not; test/device/agent.test.ts asks one",
  },
];

/** 1.1.0 is open to its canaries. */
async function opened(repository: Repository): Promise<void> {
  await adopted(repository);
  await inCanary(repository, "1.1.0");
}

/** The gate has stopped 1.1.0, and its six canaries are back. */
async function stopped(repository: Repository): Promise<void> {
  repository.behave = ({ version }) => (version === "1.1.0" ? "failed" : "ok");
  await adopted(repository);
  await inCanary(repository, "1.1.0", 0);
  // Back on their baseline devices do not say any more that they failed: the stop is recorded first.
  repository.answers = false;
  await done(repository, "npx wavegate reconcile", 3);
  repository.answers = true;
  await done(repository, "npx wavegate apply", 3);
}

/** The schedule goes on, until they are back. */
async function areTakenBack(repository: Repository): Promise<void> {
  await done(repository, "npx wavegate apply", 3);
  await areBack(repository);
}

function areBack(repository: Repository): Promise<void> {
  expect(repository.versions()).toEqual({ "1.0.0": 24 });
  return Promise.resolve();
}

/** The sections of the runbook with lines to type, but those that test/e2e/drill.test.ts plays. */
export const RUNBOOK: Readonly<Record<string, Story>> = {
  "docs/runbook.md#Stop it now": {
    before: opened,
    lines: [
      { says: /is held: in force on plant/ },
      { says: /is stopped: in force on plant/ },
      { says: /is stopped already/ },
    ],
    after: areBack,
  },
  "docs/runbook.md#A release was stopped": {
    before: stopped,
    lines: [{ says: /1\.1\.0 +rolled back/ }, { says: /abort +1\.1\.0 +\d of \d failed in A.*\[gate\]/ }],
    after: areBack,
  },
  "docs/runbook.md#False alarm": {
    before: async (repository) => {
      await stopped(repository);
      repository.behave = () => "ok";
    },
    lines: [{ says: /may be tried once more, for 6 devices/ }, { says: /1\.1\.0 is complete/ }],
    after: (repository) => {
      expect(repository.versions()).toEqual({ "1.0.0": 18, "1.1.0": 6 });
      return Promise.resolve();
    },
  },
  "docs/runbook.md#A release is held": {
    before: async (repository) => {
      await opened(repository);
      await done(repository, 'npx wavegate hold thermostat --reason "odd calls"');
      await done(repository, "npx wavegate reconcile", 4);
    },
    lines: [{ says: /1\.1\.0 is held/ }, { says: /hold +1\.1\.0 +odd calls/ }],
    after: (repository) => {
      expect(running(repository, "1.1.0")).toBe(6);
      return Promise.resolve();
    },
  },
  "docs/runbook.md#Nothing moves": {
    before: opened,
    lines: [{ says: /next: / }, { says: /1\.1\.0: wave "canary" \(1 of 2\)/ }],
    after: () => Promise.resolve(),
  },
  "docs/runbook.md#Something was deleted on the hub": {
    settings: () => ({}),
    before: async (repository) => {
      await opened(repository);
      await connectRegistry(repository.hub).removeConfiguration(ATTEMPT);
      await done(repository, "npx wavegate reconcile", 4);
      const { text } = await repository.type("npx wavegate history");
      expect(text).toMatch(/REF_LOST: its configuration was deleted/);
    },
    lines: [
      { says: /is stopped: in force on plant/ },
      { code: 3, says: /abort 1\.1\.0: its configuration was deleted/ },
    ],
    after: areTakenBack,
  },
  "docs/runbook.md#The records are damaged": {
    before: async (repository) => {
      await opened(repository);
      const file = join(repository.folder, "records", "taken", "thermostat", "plant.json");
      const mark = await readFile(file, "utf8");
      // The backup that is restored, after verify has named the file.
      await writeFile(file, mark.replace(/[0-9a-f]{64}/, "0".repeat(64)));
      await done(repository, "npx wavegate verify thermostat", 1);
      await writeFile(file, mark);
    },
    lines: [{ says: /all as recorded/ }, { says: /thermostat: / }],
    after: () => Promise.resolve(),
  },
  "docs/runbook.md#Devices are silent": {
    before: opened,
    fill: (line) => Promise.resolve(line.replace("DEVICE", "device-0")),
    lines: [{ says: /device-0[^]*canary/ }],
    after: () => Promise.resolve(),
  },
  "docs/runbook.md#With the portal alone": {
    before: async (repository) => {
      await opened(repository);
      const registry = connectRegistry(repository.hub);
      const { responseBody: configuration } = await registry.getConfiguration(ATTEMPT);
      await registry.updateConfiguration({ ...configuration, targetCondition: "" });
      await done(repository, "npx wavegate reconcile", 4);
    },
    lines: [{ says: /is stopped: in force on plant/ }],
    after: areTakenBack,
  },
  "docs/runbook.md#Afterwards": {
    before: stopped,
    lines: [
      { says: /one unbroken chain[^]*abort/ },
      { says: /all as recorded/ },
      { says: /written to incident\.json/ },
    ],
    after: (repository) => done(repository, "npx wavegate verify --file incident.json"),
  },
};

/** Its sections that test/e2e/drill.test.ts plays against two hubs. */
export const DRILLED = ["CI is down", "The record store is down", "A hub is down"];
