import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { InvariantError, WavegateError } from "../model/problem.ts";
import { tagsWithBucket } from "../model/twin-contract.ts";
import type { ClockPort, IdentityJobsPort, ImportedTags } from "../reconcile/ports.ts";
import { hubAnswer } from "./hub-answer.ts";
import { jsonOf } from "./json-text.ts";
import type { JobContainer } from "./job-container.ts";
import type { Registry } from "./registry.ts";
import { singleCall } from "./single-call.ts";

/** What the jobs stand on. */
export interface IdentityJobsOptions {
  readonly registry: Registry;
  /** The hub's name in the settings. */
  readonly hub: string;
  readonly container: JobContainer;
  readonly clock: ClockPort;
}

/** Always the same device, so that one that a killed run left is found and removed by the next. */
export const PROBE_DEVICE = "wavegate-enroll-probe";
/** The names that the SDK's jobs have for their blobs. */
const IDENTITIES = "devices.txt";
const ERRORS = "importErrors.log";
const ASK_EVERY_MS = 2_000;

const jobSchema = z.object({
  jobId: z.string(),
  status: z.string(),
  failureReason: z.string().nullish(),
});
const errorSchema = z.object({ deviceId: z.string(), errorCode: z.union([z.string(), z.number()]) });

/** Exports and imports through Microsoft's service SDK, and the container that they go through. */
export function identityJobs({ registry, hub, container, clock }: IdentityJobsOptions): IdentityJobsPort {
  const call = <T>(what: string, run: () => Promise<T>): Promise<T> => singleCall(run, { what, hub });
  const jobOf = (body: unknown): z.output<typeof jobSchema> =>
    hubAnswer(jobSchema, body, { hub, what: "job" });
  /** A job that an earlier run started may still read the container. */
  const refuseBusy = async (): Promise<void> => {
    const answer = await call("list jobs", () => registry.listJobs());
    const listed: unknown = answer.responseBody;
    const jobs: readonly unknown[] = Array.isArray(listed) ? listed : [];
    const busy = jobs.map(jobOf).find(({ status }) => ["enqueued", "queued", "running"].includes(status));
    if (busy === undefined) return;
    throw new WavegateError(
      "HUB_THROTTLED",
      `job ${busy.jobId} is ${busy.status} on ${hub}, and a hub takes one at a time`,
      {
        hint: "wait until it has ended, then run the command again",
      },
    );
  };
  /** The blob that the import was started with. */
  let imported: string | undefined;
  const port: IdentityJobsPort = {
    probe: async () => {
      await refuseBusy();
      await forget(registry, call);
      const tags = { probe: { keep: "this" } };
      try {
        await call("make a device to try on", () =>
          registry.create({ deviceId: PROBE_DEVICE, status: "disabled" }),
        );
        const before = await call("write the twin of the probe", () =>
          registry.updateTwin(PROBE_DEVICE, { tags, properties: { desired: { keep: "this" } } }, "*"),
        );
        // The SDK types twins without their parts.
        const etag = (before.responseBody as { etag: string }).etag;
        await container.write(IDENTITIES, [
          lineOf({ deviceId: PROBE_DEVICE, etag, tags: tagsWithBucket(tags, 1) }),
        ]);
        const job = await port.startImport();
        while (!(await port.hasEnded(job))) await clock.sleep(ASK_EVERY_MS);
        const [error] = await port.errors();
        if (error !== undefined) throw unfit(hub, [`the import says ${error.code}`]);
        const after = await call("read the twin of the probe", () => registry.getTwin(PROBE_DEVICE));
        refuseSideEffects(before.responseBody, after.responseBody, tagsWithBucket(tags, 1), hub);
      } finally {
        await forget(registry, call);
      }
    },
    startExport: async () => {
      const uri = await container.signedAddress();
      // true: the keys of devices stay where they are.
      return jobOf(await call("export twins", () => registry.exportDevicesToBlob(uri, true))).jobId;
    },
    rewrite: (choose) =>
      container.rewrite(IDENTITIES, (line) => {
        const chosen = choose(jsonOf(line));
        return chosen === undefined ? undefined : lineOf(chosen);
      }),
    startImport: async () => {
      // What an earlier import said must not be taken for what this one says.
      await container.remove(ERRORS);
      imported = await container.etag(IDENTITIES);
      const uri = await container.signedAddress();
      return jobOf(await call("import tags", () => registry.importDevicesFromBlob(uri, uri))).jobId;
    },
    hasEnded: async (jobId) => {
      const { status, failureReason } = jobOf(
        await call(`look at job ${jobId}`, () => registry.getJob(jobId)),
      );
      if (status === "completed") return true;
      if (status !== "failed" && status !== "cancelled") return false;
      throw new WavegateError(
        "HUB_REJECTED",
        `job ${jobId} on ${hub} ${status}: ${failureReason ?? "no reason given"}`,
        {
          hint: "check identities.container in the settings: the hub itself has to reach it",
        },
      );
    },
    errors: async () => {
      if ((await container.etag(IDENTITIES)) !== imported) {
        throw new WavegateError("HUB_CONFLICT", "somebody else used the container of import jobs meanwhile", {
          hint: "run the command again: it looks anew at which devices have a bucket",
        });
      }
      const errors = [];
      for await (const line of container.lines(ERRORS)) {
        const parsed = errorSchema.safeParse(jsonOf(line));
        if (parsed.success)
          errors.push({ deviceId: parsed.data.deviceId, code: String(parsed.data.errorCode) });
        else if (line.trim() !== "") errors.push({ deviceId: "", code: line.slice(0, 200) });
      }
      return errors;
    },
    cleanUp: async () => {
      await container.remove(IDENTITIES);
      await container.remove(ERRORS);
    },
  };
  return port;
}

/** Only tags, and each line on its own condition [IoT Hub: import and export identities, import modes]. */
function lineOf({ deviceId, etag, tags }: ImportedTags): string {
  return JSON.stringify({ id: deviceId, importMode: "updateTwinIfMatchETag", twinETag: etag, tags });
}

async function forget(
  registry: Registry,
  call: <T>(what: string, run: () => Promise<T>) => Promise<T>,
): Promise<void> {
  try {
    await call("remove the probe", () => registry.delete(PROBE_DEVICE));
  } catch (error) {
    if (!(error instanceof WavegateError && error.code === "HUB_NOT_FOUND")) throw error;
  }
}

/** Devices that were notified, or lost what they were asked to run, cannot be taken back: better none of them. */
function refuseSideEffects(before: unknown, after: unknown, tags: unknown, hub: string): void {
  const [was, is] = [partsOf(before), partsOf(after)];
  const wrong = [
    ...(isDeepStrictEqual(is.tags, tags) ? [] : [`tags are ${JSON.stringify(is.tags)}`]),
    ...(isDeepStrictEqual(is.desired, was.desired) ? [] : ["desired properties were touched"]),
  ];
  if (wrong.length > 0) throw unfit(hub, wrong);
}

function unfit(hub: string, wrong: readonly string[]): WavegateError {
  return new WavegateError(
    "ENROLL_UNFIT",
    `an import of tags on ${hub} did more or less than that: ${wrong.join("; ")}`,
    { hint: "no device was changed: use twin patches, --import-above 1000000" },
  );
}

function partsOf(twin: unknown): { readonly tags: unknown; readonly desired: unknown } {
  if (typeof twin !== "object" || twin === null) throw new InvariantError("a twin is no object");
  const { tags, properties } = twin as { tags?: unknown; properties?: { desired?: unknown } };
  return { tags, desired: properties?.desired };
}
