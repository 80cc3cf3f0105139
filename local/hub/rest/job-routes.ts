import { z } from "zod";
import { checkTwinWrite } from "../device-outcome.ts";
import type { HubClock } from "../clock.ts";
import { isEnded, jobDocument, type JobWork } from "../jobs/job.ts";
import { compileJobTarget } from "../jobs/job-target.ts";
import type { JobRecord } from "../jobs/job-records.ts";
import type { JobStore, NewJob } from "../jobs/job-store.ts";
import type { JsonObject, JsonValue } from "../json-value.ts";
import type { QueryOptions } from "../query/query-options.ts";
import { argumentInvalid, ServiceError } from "../service-error.ts";
import { ACCESS } from "./route-access.ts";
import { parseCount, type Route, type ServiceCall, type ServiceReply } from "./service-call.ts";
import { parseTwinWrite } from "../twin-body.ts";

const PAGE_SIZE = 100;
/** [IoT Hub: jobs]: up to 64 characters of these; the SDK sends them percent-encoded when it creates a job only. */
const JOB_ID = /^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,64}$/u;
const DEFAULT_SECONDS = 3600;
const MAX_SECONDS = 30 * 86_400;

const document = z.record(z.string(), z.unknown());
const request = z.object({
  jobId: z.string().nullish(),
  type: z.enum(["scheduleUpdateTwin", "scheduleDeviceMethod"]),
  queryCondition: z.string().nullish(),
  updateTwin: document.nullish(),
  cloudToDeviceMethod: z.looseObject({ methodName: z.string().min(1).max(128) }).nullish(),
  startTime: z.string().nullish(),
  maxExecutionTimeInSeconds: z.int().min(0).max(MAX_SECONDS).nullish(),
});

/** Jobs over many devices: create, get, cancel, query [facts 4.1]; `wake` has what was created or ended looked at. */
export function jobRoutes(
  jobs: JobStore,
  {
    clock,
    wake,
    queryOptions = {},
  }: {
    readonly clock: Pick<HubClock, "now">;
    readonly wake: () => void;
    readonly queryOptions?: QueryOptions;
  },
): readonly Route[] {
  const operation = { counted: "jobs", throttled: "jobs" } as const;
  return [
    {
      ...operation,
      method: "GET",
      path: "/jobs/v2/query",
      access: ACCESS.readJobs,
      answer: (call) => page(jobs.all(), call),
    },
    {
      ...operation,
      method: "PUT",
      path: "/jobs/v2/:id",
      access: ACCESS.writeJobs,
      answer: ({ parameter, body }) => {
        const created = reply(
          jobs.create(parseJob(parameter("id"), body, { now: clock.now(), queryOptions })),
        );
        wake();
        return created;
      },
    },
    {
      ...operation,
      method: "GET",
      path: "/jobs/v2/:id",
      access: ACCESS.readJobs,
      answer: ({ parameter }) => reply(jobs.get(parameter("id"))),
    },
    {
      ...operation,
      method: "POST",
      path: "/jobs/v2/:id/cancel",
      access: ACCESS.deleteJobs,
      answer: ({ parameter }) => {
        const { job } = jobs.get(parameter("id"));
        if (isEnded(job)) {
          throw new ServiceError(400, "InvalidOperation", {
            message: `Job ${job.jobId} is ${job.status}: only one that has not ended can be cancelled`,
          });
        }
        jobs.end(job.jobId, { status: "cancelled" }, { status: "canceled" });
        wake();
        return reply(jobs.get(job.jobId));
      },
    },
  ];
}

function parseJob(
  jobId: string,
  body: JsonValue | undefined,
  { now, queryOptions }: { readonly now: number; readonly queryOptions: QueryOptions },
): NewJob {
  if (!JOB_ID.test(jobId))
    throw argumentInvalid(
      `The job id ${JSON.stringify(jobId.slice(0, 80))} is not 1 to 64 letters, digits and - : . + % _ # * ? ! ( ) , = @ $ '`,
    );
  const parsed = request.safeParse(body);
  if (!parsed.success) throw argumentInvalid(`The job is malformed: ${z.prettifyError(parsed.error)}`);
  const { queryCondition, startTime, maxExecutionTimeInSeconds } = parsed.data;
  if (parsed.data.jobId && parsed.data.jobId !== jobId) {
    throw argumentInvalid(
      `The body has the jobId ${JSON.stringify(parsed.data.jobId)}, the address has ${JSON.stringify(jobId)}`,
    );
  }
  const startAt = startTime ? Date.parse(startTime) : now;
  if (Number.isNaN(startAt))
    throw argumentInvalid(`startTime is ${JSON.stringify(startTime?.slice(0, 40))}, no date`);
  compileJobTarget(queryCondition ?? "", queryOptions);
  return {
    jobId,
    work: workFrom(parsed.data),
    queryCondition: queryCondition ?? "",
    startAt: Math.max(startAt, now),
    maxExecutionSeconds: maxExecutionTimeInSeconds || DEFAULT_SECONDS,
  };
}

// The body was parsed from JSON, so what zod calls unknown is JSON.
function workFrom({ type, ...body }: z.infer<typeof request>): JobWork {
  const part = type === "scheduleUpdateTwin" ? body.updateTwin : body.cloudToDeviceMethod;
  if (!part) {
    const name = type === "scheduleUpdateTwin" ? "updateTwin" : "cloudToDeviceMethod";
    throw argumentInvalid(`A job of type ${type} needs ${name}`);
  }
  if (type === "scheduleDeviceMethod") return { type, cloudToDeviceMethod: part as JsonObject };
  checkTwinWrite(parseTwinWrite(part as JsonObject));
  return { type, updateTwin: part as JsonObject };
}

function page(records: readonly JobRecord[], { option, header }: ServiceCall): ServiceReply {
  const size = parseCount(header("x-ms-max-item-count"), { name: "x-ms-max-item-count", limit: PAGE_SIZE });
  const after = placeFrom(header("x-ms-continuation"));
  const is = (value: string, wanted: string | undefined): boolean =>
    !wanted || value.toLowerCase() === wanted.toLowerCase();
  const found = records.filter(
    ({ job }) =>
      job.sequence > after && is(job.work.type, option("jobType")) && is(job.status, option("jobStatus")),
  );
  const shown = found.slice(0, size);
  const last = shown.at(-1)?.job.sequence;
  return {
    status: 200,
    body: shown.map(({ job, counts }): JsonValue => jobDocument(job, counts)),
    headers: {
      "x-ms-item-type": "JobResponse",
      // Left out on the last page: an empty one would keep the SDK asking for ever [facts 3.1].
      ...(found.length > size && last !== undefined ? { "x-ms-continuation": String(last) } : {}),
    },
  };
}

function placeFrom(token: string | undefined): number {
  if (token === undefined || token === "") return 0;
  if (/^\d{1,15}$/u.test(token)) return Number(token);
  throw argumentInvalid("The continuation is not one of this query: start again without x-ms-continuation");
}

function reply({ job, counts }: JobRecord): ServiceReply {
  return { status: 200, body: jobDocument(job, counts) };
}
