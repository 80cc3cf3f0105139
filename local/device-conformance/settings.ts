import { readFile } from "node:fs/promises";
import { readDuration } from "../hub-command/settings.ts";
import type { Signing } from "./attempt.ts";
import { imageOf, ROLES, type Image, type Images, type Role } from "./images.ts";
import { RULES } from "./rules.ts";
import { SCENARIOS } from "./scenarios.ts";
import { createMaker } from "./signed-statement.ts";
import type { Times } from "./trial.ts";

/** What commander hands over. */
export interface Typed {
  readonly image?: readonly string[];
  readonly only?: readonly string[];
  readonly product: string;
  readonly hardware: string;
  readonly unsigned?: true;
  readonly signKey?: string;
  readonly wait?: true;
  readonly host?: string;
  readonly mqttPort?: string;
  readonly health: string;
  readonly quiet: string;
  readonly timeout: string;
  readonly atOnce?: string;
}

/** What is to be done. */
export interface Settings {
  /** Absent: the example device. Empty with `wait`. */
  readonly command: readonly string[] | undefined;
  readonly isWaiting: boolean;
  /** Absent: those of the example device. */
  readonly images: Images | undefined;
  readonly signing: Signing | undefined;
  readonly times: Times;
  readonly only: readonly string[];
  readonly atOnce: number | undefined;
  readonly host: string | undefined;
  readonly mqttPort: number | undefined;
}

/** Read what was typed: the settings, or all that is wrong with it at once. */
export async function readSettings(
  typed: Typed,
  command: readonly string[],
): Promise<Settings | { readonly problems: readonly string[] }> {
  const problems: string[] = [];
  const attempt = async <Value>(
    option: string,
    read: () => Value | Promise<Value>,
  ): Promise<Value | undefined> => {
    try {
      return await read();
    } catch (error) {
      problems.push(`${option} ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const { image: given = [], only = [] } = typed;
  const isWaiting = typed.wait === true;
  const isExample = command.length === 0 && !isWaiting;
  if (isWaiting && command.length > 0)
    problems.push("--wait is for a device that starts by itself: leave the command out");
  if (isExample && given.length > 0)
    problems.push("--image is for a device of your own: say after -- how to start it, or give --wait");
  const times = {
    healthMs: (await attempt("--health", () => readDuration("2s", 100)(typed.health))) ?? 0,
    quietMs: (await attempt("--quiet", () => readDuration("2s", 100)(typed.quiet))) ?? 0,
    patienceMs: (await attempt("--timeout", () => readDuration("90s", 1000)(typed.timeout))) ?? 0,
  };
  const images = isExample ? undefined : await readImages(given, problems);
  const maker =
    typed.unsigned === true
      ? undefined
      : await attempt("--sign-key", async () =>
          createMaker(typed.signKey === undefined ? undefined : await readFile(typed.signKey, "utf8")),
        );
  const { product, hardware } = typed;
  const known = new Set([...SCENARIOS, ...RULES].map(({ name }) => name));
  for (const name of only)
    if (!known.has(name))
      problems.push(`--only ${name}: there is no such scenario or rule; --list shows them`);
  const settings: Settings = {
    ...{ isWaiting, images, times, only, host: typed.host },
    command: isExample ? undefined : command,
    signing: maker === undefined ? undefined : { maker, product, hardware },
    atOnce: await attempt("--at-once", () => wholeNumber(typed.atOnce, 64)),
    mqttPort: await attempt("--mqtt-port", () => wholeNumber(typed.mqttPort, 65_535)),
  };
  return problems.length > 0 ? { problems } : settings;
}

async function readImages(given: readonly string[], problems: string[]): Promise<Images | undefined> {
  const images: Partial<Record<Role, Image>> = {};
  for (const text of given) {
    const { role, file, version } =
      /^(?<role>[a-z]+)=(?<file>.+)@(?<version>[^@]+)$/.exec(text)?.groups ?? {};
    if (role === undefined || file === undefined || version === undefined || !isRole(role)) {
      problems.push(
        `--image ${text}: give ROLE=FILE@VERSION, such as good=fw-2.0.0.bin@2.0.0; roles are ${Object.keys(ROLES).join(", ")}`,
      );
      continue;
    }
    try {
      images[role] = imageOf(await readFile(file), version);
    } catch (error) {
      problems.push(`--image ${text}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const { factory, good } = images;
  if (factory !== undefined && good !== undefined) return { ...images, factory, good };
  const missing = ["factory", "good"].filter((role) => !given.some((text) => text.startsWith(`${role}=`)));
  if (missing.length > 0) {
    const options = missing.map((role) => `--image ${role}=FILE@VERSION`);
    problems.push(`a device of your own needs ${options.join(" and ")}`);
  }
  return undefined;
}

function isRole(name: string): name is Role {
  return Object.hasOwn(ROLES, name);
}

function wholeNumber(text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= most) return number;
  throw new RangeError(`takes a whole number from 1 to ${most}, not ${text.slice(0, 60)}`);
}
