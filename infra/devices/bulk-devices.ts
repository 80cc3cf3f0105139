import { z } from "zod";
import { notingDoubt, retryCalls, type RetryOptions } from "./call-retry.ts";
import type { Pace } from "./hub-pace.ts";
import type { Registry } from "./registry-connection.ts";
import { bodyOf, errorFrom } from "./registry-failure.ts";

/** A device as a bulk call takes it [IoT Hub REST: bulk registry operations, ExportImportDevice]. */
export type BulkDevice = Parameters<Registry["addDevices"]>[0][number];

/** What a bulk operation does with each of its devices. */
export type BulkOperation = "add" | "update" | "remove";

/** What became of one device of a bulk operation. */
export type BulkOutcome =
  | { readonly kind: "done" }
  /** Registered, but its twin has not the tags. */
  | { readonly kind: "untagged" }
  /** `wasUncertain`: an attempt before may have done it, its answer was lost. */
  | {
      readonly kind: "failed";
      readonly code: string;
      readonly reason: string;
      readonly wasUncertain: boolean;
    };

/** How a bulk operation ended: for each device that was tried, and what stopped it before the others. */
export interface BulkResult {
  readonly outcomes: ReadonlyMap<string, BulkOutcome>;
  readonly stopped?: Error;
  /** Devices of the call that stopped it, where that may have been done all the same. */
  readonly doubtful?: readonly string[];
}

/** Most devices of one bulk call [IoT Hub REST: bulk registry operations]. */
const MAX_ITEMS = 100;

const reportSchema = z.object({
  isSuccessful: z.boolean(),
  errors: z
    .array(
      z.object({ deviceId: z.string(), errorCode: z.coerce.string(), errorStatus: z.string().default("") }),
    )
    .nullish(),
  warnings: z.array(z.object({ deviceId: z.string(), warningCode: z.coerce.string() })).nullish(),
});

/** Do something to many devices, a hundred at a time, as fast as the hub takes them. */
export async function runBulk(
  registry: Registry,
  {
    operation,
    devices,
    pace,
    retries,
  }: { operation: BulkOperation; devices: readonly BulkDevice[]; pace: Pace; retries: RetryOptions },
): Promise<BulkResult> {
  const outcomes = new Map<string, BulkOutcome>();
  for (let first = 0; first < devices.length; first += MAX_ITEMS) {
    const batch = devices.slice(first, first + MAX_ITEMS);
    const doubt = { wasUncertain: false };
    try {
      const report = await retryCalls(retries).execute(async () => {
        // Each attempt is paid for, as the hub counts those it refuses for another reason.
        await pace("registry", batch.length);
        return notingDoubt(doubt, () => send(registry, operation, batch));
      });
      note(outcomes, batch, report, doubt.wasUncertain);
    } catch (error) {
      const doubtful = doubt.wasUncertain ? batch.map(({ deviceId }) => deviceId) : [];
      return { outcomes, stopped: errorFrom(error), doubtful };
    }
  }
  return { outcomes };
}

type Report = z.output<typeof reportSchema>;

async function send(registry: Registry, operation: BulkOperation, batch: BulkDevice[]): Promise<Report> {
  try {
    return reportFrom((await call(registry, operation, batch)).responseBody);
  } catch (error) {
    const body = bodyOf(error);
    // Some of the devices were refused: the report is the body of the error.
    if (reportSchema.safeParse(body).success) return reportFrom(body);
    throw error;
  }
}

function reportFrom(body: unknown): Report {
  const report = reportSchema.parse(body);
  // Taken at its word it would say that all devices are done.
  if (!report.isSuccessful && !report.errors?.length)
    throw new Error("the hub says that a bulk call failed, and of no device why");
  return report;
}

function call(
  registry: Registry,
  operation: BulkOperation,
  batch: BulkDevice[],
): ReturnType<Registry["addDevices"]> {
  switch (operation) {
    case "add":
      return registry.addDevices(batch);
    case "update":
      // Conditional on the etag of each: what somebody changed in between is refused, not overwritten.
      return registry.updateDevices(batch, false);
    case "remove":
      return registry.removeDevices(batch, true);
  }
}

function note(
  outcomes: Map<string, BulkOutcome>,
  batch: readonly BulkDevice[],
  report: Report,
  wasUncertain: boolean,
): void {
  const errors = new Map(report.errors?.map((error) => [error.deviceId, error]));
  const untagged = new Set(report.warnings?.map(({ deviceId }) => deviceId));
  for (const { deviceId } of batch) {
    const error = errors.get(deviceId);
    if (error !== undefined) {
      const { errorCode: code, errorStatus: reason } = error;
      outcomes.set(deviceId, { kind: "failed", code, reason, wasUncertain });
    } else outcomes.set(deviceId, { kind: untagged.has(deviceId) ? "untagged" : "done" });
  }
}
