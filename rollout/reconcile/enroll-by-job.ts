import { bucketOf } from "../model/bucket.ts";
import { stampNeed, tagsWithBucket } from "../model/twin-contract.ts";
import { refusals, waiting, type EnrollmentResult, type OnProgress } from "./enrollment-result.ts";
import { patiently } from "./patience.ts";
import type { ClockPort, IdentityJobsPort, ImportedTags } from "./ports.ts";

/** What a run by jobs works with. */
export interface JobRun {
  readonly product: string;
  readonly jobs: IdentityJobsPort;
  readonly clock: ClockPort;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** How often a job is asked for; a hub of one unit takes a hundred such calls a minute. */
const ASK_EVERY_MS = 5_000;

/**
 * Give the devices of a large product that have no bucket theirs: one export, one import of their tags, each line on the
 * condition of its twin's etag. An interrupt ends the watching; a job that was started is finished by the hub.
 */
export async function enrollByJob(run: JobRun): Promise<EnrollmentResult> {
  const { product, jobs, clock, signal, onProgress } = run;
  const say = (text: string): void => onProgress?.({ kind: "job", text });
  const patience = { clock, signal, onWait: waiting(onProgress) };
  const ended = async (start: () => Promise<string>): Promise<void> => {
    const job = await patiently(start, patience);
    while (!(await patiently(() => jobs.hasEnded(job), patience))) await clock.sleep(ASK_EVERY_MS, signal);
  };
  const { refuse, soFar } = refusals();
  const choose = (line: unknown): ImportedTags | undefined => {
    const twin = exportedTwin(line);
    if (twin === undefined) return undefined;
    const need = stampNeed(twin.tags, product);
    if (need.kind === "malformed") refuse(twin.deviceId, need.why);
    if (need.kind !== "needed") return undefined;
    return { ...twin, tags: tagsWithBucket(twin.tags, bucketOf(twin.deviceId)) };
  };
  let lines = 0;
  try {
    say("trying an import on a device made for it");
    await patiently(() => jobs.probe(), patience);
    say("exporting twins");
    await ended(() => jobs.startExport());
    lines = await jobs.rewrite(choose);
    say(`importing the tags of ${lines} devices`);
    if (lines > 0) await ended(() => jobs.startImport());
  } catch (error) {
    // The hub may still be reading what is in storage.
    if (signal.aborted)
      return { stamped: 0, changedMeanwhile: 0, ...soFar(), left: lines, interrupted: true };
    throw error;
  }
  const errors = lines > 0 ? await jobs.errors() : [];
  let changedMeanwhile = 0;
  for (const { deviceId, code } of errors) {
    if (code === "PreconditionFailed" || code === "DeviceNotFound") changedMeanwhile += 1;
    else refuse(deviceId, `the import says ${code}`);
  }
  await jobs.cleanUp();
  return { stamped: lines - errors.length, changedMeanwhile, ...soFar(), left: 0, interrupted: false };
}

/** A device of an export; modules are lines of their own, and have no wave. */
function exportedTwin(line: unknown): ImportedTags | undefined {
  if (typeof line !== "object" || line === null) return undefined;
  const { id, moduleId, twinETag, tags } = line as Readonly<Record<string, unknown>>;
  const isDevice = typeof id === "string" && (moduleId === undefined || moduleId === null || moduleId === "");
  if (!isDevice || typeof twinETag !== "string" || typeof tags !== "object" || tags === null)
    return undefined;
  return { deviceId: id, etag: twinETag, tags: tags as ImportedTags["tags"] };
}
