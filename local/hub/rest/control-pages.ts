import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { grantingPolicy, type AccessPolicies } from "../access-policy.ts";
import { COUNTED_CLASSES } from "../call-counts.ts";
import type { NewDevice } from "../device.ts";
import type { Evaluation } from "../evaluation.ts";
import type { FaultRule, Faults } from "../faults.ts";
import type { JsonValue } from "../json-value.ts";
import { parseSasToken } from "../sas-token.ts";
import { argumentInvalid, unauthorized } from "../service-error.ts";
import type { OperatorPage } from "./operator-pages.ts";
import { readJsonBody } from "./request-body.ts";

/** What whoever runs the hub can do to it from outside of its process. */
export interface HubControls {
  readonly saveSnapshot: (name: string) => void;
  readonly restoreSnapshot: (name: string) => void;
  readonly snapshots: () => readonly string[];
  readonly evaluateNow: () => Evaluation;
  readonly createDevice: (device: NewDevice) => string;
  readonly faults: Faults;
}

/** Whom the pages obey. */
export interface ControlAccess {
  readonly hosts: readonly string[];
  readonly policies: AccessPolicies;
  readonly tokenSkewMs: number;
}

/** Rules at a time: each costs every request a look. */
const MAX_FAULTS = 100;
const CONTROL = "/control";

const fault = z.strictObject({
  // A pattern from outside could take for ever to match, so a route is a text here.
  match: z.strictObject({
    api: z.enum(["rest", "mqtt"]).optional(),
    call: z.enum(COUNTED_CLASSES).optional(),
    route: z.string().max(256).optional(),
    deviceId: z.string().max(128).optional(),
  }),
  kind: z.enum(["delay", "status", "lost answer", "no answer", "drop before", "mqtt drop"]),
  ms: z.number().min(0).max(86_400_000).optional(),
  status: z.union([z.literal(429), z.literal(500), z.literal(503)]).optional(),
  times: z.int().min(1).optional(),
  probability: z.number().gt(0).max(1).optional(),
});

const device = z.strictObject({
  deviceId: z.string(),
  tags: z.record(z.string(), z.json()).optional(),
});

/**
 * Control of the hub itself, for the policy iothubowner alone. FIDELITY: ours alone; like the other pages of the
 * operator it is not counted, throttled or struck by a fault.
 */
export function controlPages(options: HubControls & ControlAccess): readonly OperatorPage[] {
  const { faults } = options;
  let rules = 0;
  const page = (
    method: NonNullable<OperatorPage["method"]>,
    path: string,
    answer: (call: { readonly name: string; readonly body: JsonValue | undefined }) => JsonValue,
  ): OperatorPage => ({
    method,
    path: `${CONTROL}${path}`,
    contentType: "application/json; charset=utf-8",
    text: async (request, parameters) => {
      // Before anything is read: a stranger costs nothing.
      checkOwner(request, options);
      const { json } = await readJsonBody(request);
      return JSON.stringify(answer({ name: parameters["name"] ?? "", body: json }));
    },
  });
  return [
    page("GET", "/snapshots", () => ({ snapshots: [...options.snapshots()] })),
    page("PUT", "/snapshots/:name", ({ name }) => {
      named(() => {
        options.saveSnapshot(name);
      });
      return { saved: name };
    }),
    page("POST", "/snapshots/:name/restore", ({ name }) => {
      named(() => {
        options.restoreSnapshot(name);
      });
      return { restored: name };
    }),
    page("POST", "/evaluations", () => ({ ...options.evaluateNow() })),
    page("POST", "/devices", ({ body }) => {
      // JSON by its schema, which allows for an absent `tags` to be undefined.
      const connectionString = options.createDevice(parsed(device, body) as NewDevice);
      return { connectionString };
    }),
    page("POST", "/faults", ({ body }) => {
      if (rules >= MAX_FAULTS)
        throw argumentInvalid(`There are ${MAX_FAULTS} faults, the most at a time: clear them first`);
      const rule = parsed(fault, body);
      if (rule.kind === "delay" && rule.ms === undefined) throw argumentInvalid("A delay needs its ms");
      if (rule.kind === "status" && rule.status === undefined)
        throw argumentInvalid("A fault of the kind status needs its status: 429, 500 or 503");
      // Every field was looked at, and that each kind has its own.
      faults.add(rule as FaultRule);
      rules += 1;
      return { faults: rules };
    }),
    page("DELETE", "/faults", () => {
      faults.clear();
      rules = 0;
      return { faults: 0 };
    }),
  ];
}

function checkOwner(
  { headers, url = "" }: IncomingMessage,
  { hosts, policies, tokenSkewMs }: ControlAccess,
): void {
  const token = parseSasToken(headers.authorization ?? "");
  const path = (url.split("?", 1)[0] ?? "").slice(1);
  const check = { hosts, policies, path, right: "RegistryWrite", skewMs: tokenSkewMs } as const;
  if (token === undefined || grantingPolicy(token, check)?.name !== "iothubowner") throw unauthorized();
}

/** A name that cannot be one, or that nothing is kept under, is the caller's to put right. */
function named(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw error instanceof RangeError ? argumentInvalid(error.message) : error;
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: JsonValue | undefined): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, 10).map(({ path, message }) => {
    const place = path.map(String).join(".").slice(0, 80);
    return `${place === "" ? "the body" : place}: ${message.slice(0, 300)}`;
  });
  throw argumentInvalid(problems.join(", "));
}
