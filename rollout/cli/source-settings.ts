import { z } from "zod";
import type { SecretPlace } from "../adapters/secret-place.ts";
import { durationSchema } from "../model/duration.ts";
import { TWINS } from "../model/metric.ts";
import { isSafeAddress } from "../adapters/safe-address.ts";
import { credentialSchema } from "./credential-settings.ts";

/** Longest time for one query: a look that takes a minute is not acted on. */
const LONGEST_MS = 20_000;

const timeout = durationSchema
  .refine((ms) => ms > 0 && ms <= LONGEST_MS, "must be above 0, at most 20 seconds")
  .default(10_000)
  .describe("Longest time for one query, at most 20 seconds; then the look has no data of it.");

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
    .strictObject(
      {
        file: z.string().exactOptional().describe("The file that holds it; from the settings file's folder."),
        variable: variableName.exactOptional().describe("The environment variable that holds it."),
      },
      meaning,
    )
    .transform(({ file, variable }, context): SecretPlace => {
      if (file !== undefined && variable === undefined) return { file };
      if (file === undefined && variable !== undefined) return { variable };
      context.addIssue({ code: "custom", message: meaning });
      return z.NEVER;
    });
}

const token = secretPlace("token")
  .exactOptional()
  .describe("Where a bearer token is, a file or a variable; never the token itself.");
const caFile = z
  .string()
  .exactOptional()
  .describe("Certificates to trust beside the system's, as PEM; from the settings file's folder.");
const url = address.describe("Its https address, without a query; http for this machine alone.");

const sourceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("prometheus").describe("A server with Prometheus' HTTP API."),
    ...{ url, token, caFile, timeout },
  }),
  z.strictObject({
    kind: z.literal("http-json").describe("A service that answers with JSON."),
    ...{ url, token, caFile, timeout },
  }),
  z.strictObject({
    kind: z.literal("log-analytics").describe("A workspace of Azure Monitor."),
    workspace: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,63}$/, "the workspace's id")
      .describe("Id of the workspace."),
    credential: credentialSchema,
    endpoint: address
      .exactOptional()
      .describe("Another cloud's address, such as https://api.loganalytics.azure.cn/v1."),
    ...{ caFile, timeout },
  }),
  z.strictObject({
    kind: z.literal("command").describe("A program of yours that prints the number."),
    command: z
      .tuple([z.string().min(1)], z.string())
      .describe("The program and its arguments; it runs in the settings file's folder, without a shell."),
    environment: z
      .array(variableName)
      .exactOptional()
      .describe("Names of environment variables that it gets beside PATH, HOME, LANG and TZ."),
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
