import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gateOf, gateSchema, type Gate } from "../model/gate.ts";
import { WavegateError } from "../model/problem.ts";
import { problemsFromZod } from "../model/schema-problems.ts";

/** Read a gate from a file: a JSON object, or a module whose default export is a gate or a release that has one. */
export async function loadGate(file: string, folder: string): Promise<Gate> {
  const value = await valueOf(resolve(folder, file), file);
  const declared = isObject(value) && "gate" in value ? value["gate"] : value;
  const parsed = gateSchema.safeParse(declared);
  if (parsed.success) return gateOf(parsed.data);
  throw new WavegateError("GATE_INVALID", `${file} holds no gate`, {
    hint: 'declare it as in a release: { tolerate: "1%", reject: "5%", falseStop: "5%", missedBad: "5%", deadline: "48 hours", bake: "72 hours", harmCap: 50 }',
    problems: problemsFromZod({ error: parsed.error, code: "GATE_INVALID", file, shape: gateSchema }),
  });
}

async function valueOf(path: string, file: string): Promise<unknown> {
  try {
    if (path.endsWith(".json")) return JSON.parse(await readFile(path, "utf8")) as unknown;
    // A module's exports are unknown until they are checked.
    return ((await import(pathToFileURL(path).href)) as { readonly default?: unknown }).default;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? error.name) : String(error);
    throw new WavegateError("BAD_OPTION", `${file} cannot be read: ${why}`, {
      hint: "name a .json file, or a module like a release file: --gate rollout/releases/NAME.ts",
      cause: error,
    });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
