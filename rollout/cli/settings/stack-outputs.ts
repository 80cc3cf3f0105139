import { readFile } from "node:fs/promises";
import { z } from "zod";
import { WavegateError } from "../../model/problem.ts";
import { problemsFromZod } from "../../model/schema-problems.ts";

/** What a stack puts out of what the rollout needs; it puts out more. */
const outputsSchema = z.looseObject({
  outputsVersion: z.literal(1, "not a version of outputs that this wavegate knows"),
  hubName: z.string(),
  hubHostName: z.string(),
  tier: z.string(),
  units: z.number(),
  firmwareBase: z.string(),
  recordsUrl: z.string(),
  rolloutClientId: z.string(),
});

/** A stack's outputs, read from the file that `pulumi stack output --json` writes. */
export type StackOutputs = z.output<typeof outputsSchema>;

const HINT = (file: string): string => `write it anew: pulumi stack output --json > ${file}`;

/** Read a stack's outputs. Pulumi itself is not needed for it. */
export async function readStackOutputs(file: string): Promise<StackOutputs> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new WavegateError("SETTINGS_MISSING", `no stack outputs at ${file}`, { hint: HINT(file), cause });
  });
  const parsed = outputsSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new WavegateError("SETTINGS_INVALID", `${file} holds no outputs of a wavegate stack`, {
    hint: HINT(file),
    problems: problemsFromZod({ error: parsed.error, code: "SETTINGS_INVALID", file, shape: outputsSchema }),
  });
}

/** The settings that a stack's outputs are, for a person or a pipeline that signed in with the Azure CLI. */
export function settingsOfOutputs(outputs: StackOutputs): Record<string, Record<string, unknown>> {
  const { hubName: name, hubHostName: hostName, tier, units, firmwareBase: base, recordsUrl } = outputs;
  const credential = { kind: "azure-cli" };
  return {
    hub: { name, hostName, credential, tier, units },
    images: { base, credential },
    records: { container: recordsUrl, credential },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The schema then says what was expected.
    return undefined;
  }
}
