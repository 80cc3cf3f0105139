import { z } from "zod";
import type { SecretPlace } from "../adapters/metrics/secret.ts";
import { durationSchema } from "../model/duration.ts";
import { TWINS } from "../model/metric.ts";
import { isSafeAddress } from "../adapters/safe-address.ts";
import { credentialSchema } from "./credential-settings.ts";

/** Longest time for one query: a look that takes a minute is not acted on. */
const LONGEST_MS = 20_000;

const timeout = durationSchema
  .refine((ms) => ms > 0 && ms <= LONGEST_MS, "must be above 0, at most 20 seconds")
  .default(10_000);

/** An address without secrets in it, over TLS unless it is this machine's. */
export const address = z
  .url({ protocol: /^https?$/, error: "an https address" })
  .refine((text) => {
    const url = URL.parse(text);
    return url === null || isSafeAddress(url);
  }, "an https address: only this machine may be asked without TLS")
  .refine((text) => {
    const url = URL.parse(text);
    return (
      url === null || (url.username === "" && url.password === "" && url.search === "" && url.hash === "")
    );
  }, "nothing but host and path: a token has a place of its own, `token`");

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "name of an environment variable");

/** Where a secret is, never the secret itself; `what` names it for people. */
export function secretPlace(what: string): z.ZodType<SecretPlace> {
  const meaning = `where the ${what} is: { file } or { variable }, never the ${what} itself`;
  return z
    .strictObject({ file: z.string().exactOptional(), variable: variableName.exactOptional() }, meaning)
    .transform(({ file, variable }, context): SecretPlace => {
      if (file !== undefined && variable === undefined) return { file };
      if (file === undefined && variable !== undefined) return { variable };
      context.addIssue({ code: "custom", message: meaning });
      return z.NEVER;
    });
}

const token = secretPlace("token").exactOptional();
const caFile = z.string().exactOptional();

const sourceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("prometheus"), url: address, token, caFile, timeout }),
  z.strictObject({ kind: z.literal("http-json"), url: address, token, caFile, timeout }),
  z.strictObject({
    kind: z.literal("log-analytics"),
    /** Id of the workspace. */
    workspace: z.string().regex(/^[A-Za-z0-9-]{1,63}$/, "the workspace's id"),
    credential: credentialSchema,
    /** Another cloud's: https://api.loganalytics.azure.cn/v1. */
    endpoint: address.exactOptional(),
    caFile,
    timeout,
  }),
  z.strictObject({
    kind: z.literal("command"),
    /** The program and its arguments; it runs in the folder of the settings, without a shell. */
    command: z.tuple([z.string().min(1)], z.string()),
    /** Names of environment variables that it gets beside PATH, HOME, LANG and TZ. */
    environment: z.array(variableName).exactOptional(),
    timeout,
  }),
]);

/** Schema of the sources of metrics, by the name that releases know them by. */
export const sourcesSchema = z.record(
  z
    .string()
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "lower-case words joined by single dashes")
    .refine((text) => text !== TWINS, `"${TWINS}" is built in`),
  sourceSchema,
);

/** How to ask one source. */
export type SourceSettings = z.output<typeof sourceSchema>;
