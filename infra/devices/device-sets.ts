import { readFileSync } from "node:fs";
import { z } from "zod";
import { deviceSetSettingsSchema } from "./device-set-settings.ts";

/** A set as the configuration of a stack names it. */
export type NamedDeviceSet = z.output<typeof namedSetSchema>;

const namedSetSchema = z.preprocess(
  (set, context) => withFile(set, context),
  deviceSetSettingsSchema.extend({
    /** Name of the resource: with another it is another set. */
    name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "a set's name is lower-case letters, digits and dashes"),
  }),
);

/** Schema of the sets of a stack's configuration. */
export const deviceSetsSchema = z.array(namedSetSchema).max(50);

/** Thousands of devices do not belong into the stack's file: `file` names a JSON file that has the list. */
function withFile(set: unknown, context: z.RefinementCtx): unknown {
  if (typeof set !== "object" || set === null || !("file" in set)) return set;
  const { file, ...others } = set;
  if ("devices" in others) {
    const message = "a set has devices or a file of them, not both: remove one";
    context.addIssue({ code: "custom", path: ["file"], message });
  }
  if (typeof file !== "string") return set;
  try {
    return { ...others, devices: JSON.parse(readFileSync(file, "utf8")) as unknown };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot be read as a JSON list of devices: ${reason}; correct the path, seen from the project's folder`;
    context.addIssue({ code: "custom", path: ["file"], message });
    return z.NEVER;
  }
}
