import { z } from "zod";
import { durationSchema } from "../../model/duration.ts";
import { TWINS } from "../../model/metric.ts";
import { credentialSchema } from "./credential-settings.ts";
import { address, caFile, secretPlace, variableName } from "./shared-settings.ts";

/** Longest time for one query: a look that takes a minute is not acted on. */
const LONGEST_MS = 20_000;

const timeout = durationSchema
  .refine((ms) => ms > 0 && ms <= LONGEST_MS, "must be above 0, at most 20 seconds")
  .default(10_000)
  .describe("Longest time for one query, at most 20 seconds; then the look has no data of it.");

const token = secretPlace("token")
  .exactOptional()
  .describe("Where a bearer token is, a file or a variable; never the token itself.");
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
