import { createHash } from "node:crypto";
import { z } from "zod";
import type { AgentEvent } from "../../device/agent-event.ts";

/** The names of the block, from the agent's types: a name that changes there does not compile here. */
type Reported = Extract<AgentEvent, { readonly type: "reported" }>["reported"];

/** What a device has made of its block in the twin; nothing is known of it but what was looked at. */
export type Block = Readonly<Partial<Record<keyof Reported, unknown>>>;

/** Section of desired and of reported properties. */
export const SECTION = "firmware";
/** Ways an attempt ends. */
export const ENDS: ReadonlySet<unknown> = new Set(["ok", "failed", "ok-already", "newer"]);
/** Statuses in which something is being installed. */
const BUSY: ReadonlySet<unknown> = new Set(["downloading", "verifying", "applying", "rebooting"]);
const LONGEST_SUBSTATUS = 256;

const instant = z.union([z.literal(""), z.iso.datetime()]);
/** As docs/device.md has it; written again, so that agent and kit can disagree. */
const SCHEMA = z.object({
  currentFwVersion: z.string().min(1),
  pendingFwVersion: z.string(),
  fwUpdateStatus: z.enum([
    "current",
    "downloading",
    "verifying",
    "applying",
    "rebooting",
    "error",
    "rolledback",
  ]),
  fwUpdateSubstatus: z.string().max(LONGEST_SUBSTATUS),
  lastFwUpdateStartTime: instant,
  lastFwUpdateEndTime: instant,
  rolloutId: z.string(),
  outcome: z.enum(["", "contacted", "ok", "failed", "ok-already", "newer"]),
  contactedAt: z.number(),
  fromVersion: z.string(),
  fwHealth: z.enum(["healthy", "unhealthy", ""]),
  errorCode: z.string(),
  bootId: z.string().min(1),
  bucket: z.number(),
  // Absent on a device that knows no keys to images: it wants none.
  fwSource: z.enum(["wanted", ""]).default(""),
  recovered: z.boolean().exactOptional(),
}) satisfies z.ZodType<Reported>;

/** What is wrong with a block by itself; empty when nothing is. */
export function blockFaults(block: Block): readonly string[] {
  const parsed = SCHEMA.safeParse(block);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const { pendingFwVersion, fwUpdateStatus, rolloutId, outcome, errorCode, fromVersion } = parsed.data;
  const faults: string[] = [];
  if (BUSY.has(fwUpdateStatus) && pendingFwVersion === "")
    faults.push(`pendingFwVersion is empty while the status is ${fwUpdateStatus}`);
  if (ENDS.has(outcome) && fwUpdateStatus === "current" && pendingFwVersion !== "")
    faults.push(`pendingFwVersion is ${pendingFwVersion} though nothing is being installed`);
  if ((outcome === "") !== (rolloutId === ""))
    faults.push(`rolloutId "${rolloutId}" stands beside outcome "${outcome}"`);
  if (rolloutId !== "" && fromVersion === "") faults.push("fromVersion is empty");
  if (outcome === "failed" && errorCode === "") faults.push("errorCode is empty beside a failure");
  if ((outcome === "ok" || outcome === "contacted") && errorCode !== "")
    faults.push(`errorCode is ${errorCode} beside ${outcome}`);
  return faults;
}

/** Bucket of a device: first six bytes of the SHA-256 of its id, big-endian, modulo a million. */
export function expectedBucket(deviceId: string): number {
  return createHash("sha256").update(deviceId, "utf8").digest().readUIntBE(0, 6) % 1_000_000;
}

/** A block as one line of evidence. */
export function blockLine(block: Block): string {
  const { outcome, fwUpdateStatus, currentFwVersion, pendingFwVersion, rolloutId } = block;
  const more = (["errorCode", "fwHealth", "recovered", "contactedAt", "fromVersion"] as const)
    .filter((name) => block[name] !== undefined && block[name] !== "" && block[name] !== 0)
    .map((name) => `${name} ${text(block[name])}`);
  const pending = pendingFwVersion === "" ? "" : `, pending ${text(pendingFwVersion)}`;
  const boot = text(block.bootId).slice(0, 8);
  return `${text(outcome) || "-"} / ${text(fwUpdateStatus)}, runs ${text(currentFwVersion)}${pending}, boot ${boot}, ${text(rolloutId) || "no rolloutId"}${more.length === 0 ? "" : `; ${more.join(", ")}`}`;
}

/** Any value of a twin, short. */
export function text(value: unknown): string {
  if (value === undefined) return "absent";
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 80);
}
