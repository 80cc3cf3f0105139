import { defineConfig, type Plugin } from "vitest/config";
import { MUTANTS } from "./mutants.ts";

/** Runs the proof on an engine with the rule of `MUTANT` switched off; without it, on the engine as it is. */
export default defineConfig({
  plugins: [mutation(process.env["MUTANT"])],
  test: {
    include: ["test/engine-proof/{holes/holes,holes/found-by-chance,any-schedule}.test.ts"],
    testTimeout: 600_000,
    maxWorkers: 1,
    pool: "forks",
    // The cache knows modules by source and configuration, not by mutant.
    fsModuleCache: false,
    bail: 1,
  },
});

function mutation(rule: string | undefined): Plugin {
  const mutant = MUTANTS.find((one) => one.rule === rule);
  if (rule !== undefined && mutant === undefined) throw new Error(`there is no mutant ${rule}`);
  return {
    name: "mutation",
    enforce: "pre",
    transform: (source, id) => {
      const edits = mutant?.edits.filter(({ file }) => id.endsWith(`/rollout/${file}`)) ?? [];
      return edits.length === 0 ? undefined : edits.reduce(mutated, source);
    },
  };
}

function mutated(source: string, { find, replace, file }: (typeof MUTANTS)[number]["edits"][number]): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}
