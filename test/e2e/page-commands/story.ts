import { expect } from "vitest";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aRelease } from "../../support/declarations.ts";
import type { Repository } from "../../support/repository.ts";
import type { WorldDevice } from "../../support/world.ts";
import { adoptedFleet } from "./page-file.ts";

/** What a line comes to. */
export interface Outcome {
  readonly says: RegExp;
  /** Default: 0. */
  readonly code?: number;
  /** What happens before it is typed. */
  readonly before?: (repository: Repository) => Promise<void>;
  /** What others do again and again while it runs. */
  readonly meanwhile?: (repository: Repository) => Promise<void>;
}

/** What surrounds the lines of a page: a fleet, a time, what was before, and what the page promises in the end. */
export interface Story {
  /** Default: 24, six of them in the ring of canaries. */
  readonly devices?: readonly WorldDevice[];
  /** Default: some day in March. */
  readonly startsAt?: string;
  /** Virtual ms in a real one; default half a day a second: a bake of hours is over before a command ends. */
  readonly scale?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly before: (repository: Repository) => Promise<void>;
  /** What the reader fills into a line. */
  readonly fill?: (line: string, repository: Repository) => Promise<string>;
  /** Settings of the page, for this machine. */
  readonly settings?: (text: string) => object;
  /** Outcomes, line by line. */
  readonly lines: readonly Outcome[];
  readonly after: (repository: Repository) => Promise<void>;
}

/** A line of a page that is not run. */
export interface LeftOut {
  readonly page: string;
  readonly line: string;
  readonly reason: string;
}

/** Virtual ms in a real one. */
export const HALF_A_DAY_A_SECOND = 43_200;
/** Waves that a small fleet can go through. */
export const SMOKE = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
  { name: "everyone", cohort: percent(100), kind: "smoke" as const },
];

/** Write the file of a release with those waves. */
export async function declare(repository: Repository, version: string, more: object = {}): Promise<void> {
  const artifact = await repository.store(version);
  const release = { ...aRelease(version, { waves: SMOKE }), ...more, artifact };
  await repository.write(
    `rollout/releases/thermostat-${version}.ts`,
    `export default ${JSON.stringify(release)};\n`,
  );
}

/** Devices that run a version. */
export function running(repository: Repository, version: string): number {
  return repository.versions()[version] ?? 0;
}

/** Something that was done before the page is opened. */
export async function done(repository: Repository, line: string, code = 0): Promise<void> {
  const ended = await repository.type(line);
  expect(ended.code, `${line}\n${ended.text}`).toBe(code);
}

/** The fleet runs 1.0.0, and says so. */
export async function adopted(repository: Repository): Promise<void> {
  await repository.write("rollout/fleet.ts", await adoptedFleet(repository));
}

/** The first wave of a release is open, and its devices have answered; as many as told, default all six, run it. */
export async function inCanary(repository: Repository, version: string, run = 6): Promise<void> {
  await declare(repository, version);
  await done(repository, "npx wavegate apply --no-wait");
  expect(running(repository, version)).toBe(run);
}
