/**
 * `npm run bench -- AREA [ARGUMENT ...]`: the figures that the documentation states, measured on this machine; without
 * an area, the areas there are.
 */
import { availableParallelism } from "node:os";
import { UsageError } from "./arguments.ts";
import { formatFigures, type Figure } from "./figure.ts";

/** A file of this folder that measures something. */
interface Area {
  readonly summary: string;
  readonly load: () => Promise<{ readonly measure: (args: readonly string[]) => Promise<readonly Figure[]> }>;
}

const AREAS: Readonly<Record<string, Area>> = {
  cli: {
    summary: "`--help` beside a bare Node, and `plan` on 100,000 devices, or as many as you say: cli 1000",
    load: () => import("./cli.ts"),
  },
  engine: {
    summary:
      "calls of a rollout's controller with 1,000 to 1,000,000 devices, or as many as you say: engine 1000 20000",
    load: () => import("./engine.ts"),
  },
  fleet: {
    summary:
      "5,000 simulated devices through a good and a bad release, or as many, so many times faster, by which line: fleet 2000 600 microsoft",
    load: () => import("./fleet.ts"),
  },
  forecast: {
    summary: "10,000 rollouts over 1,000,000 devices, or as many as you say: forecast 2000 1000000",
    load: () => import("./forecast.ts"),
  },
  gates: {
    summary:
      "our gate beside the stop rules of six others, on the same devices; gates write: docs/gates-comparison.md",
    load: () => import("./gates.ts"),
  },
  hub: {
    summary:
      "the local hub with 100,000 twins and 10,000 connections, or as many as you say: hub 1000000 10000",
    load: () => import("./hub.ts"),
  },
  infra: {
    summary:
      "1,000 device identities (or as many as you say) as one set, and resources of their own beside it",
    load: () => import("./infra.ts"),
  },
  promises: {
    summary:
      "the gate's two error rates in 1,000 simulated rollouts, or as many as you say, with a seed: promises 200 7",
    load: () => import("./promises.ts"),
  },
};

const [name = "", ...args] = process.argv.slice(2);
const area = Object.hasOwn(AREAS, name) ? AREAS[name] : undefined;
if (area === undefined) {
  const areas = Object.entries(AREAS).map(([known, { summary }]) => `  ${known}  ${summary}`);
  const usage = ["npm run bench -- AREA, where AREA is one of", ...areas].join("\n");
  if (name === "") console.log(usage);
  else console.error(`There is no area ${JSON.stringify(name)}.\n${usage}`);
  process.exitCode = name === "" ? 0 : 1;
} else {
  try {
    const started = performance.now();
    const figures = await (await area.load()).measure(args);
    console.log(formatFigures(figures));
    if (figures.some(({ isBroken }) => isBroken === true)) process.exitCode = 1;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`\nNode ${process.versions.node}, ${availableParallelism()} cores, ${seconds} s in all`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n  ${name}  ${area.summary}`);
    process.exitCode = 1;
  }
}
