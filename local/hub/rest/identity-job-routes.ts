import { z } from "zod";
import type { JsonObject } from "../json-value.ts";
import { argumentInvalid, ServiceError } from "../service-error.ts";
import { containerTrouble, type StorageAccess } from "../storage/blob-container.ts";
import type { IdentityJob, IdentityJobRequest, IdentityJobs } from "../storage/identity-jobs.ts";
import { serviceTime } from "../timestamp.ts";
import { ACCESS } from "./route-access.ts";
import type { Route, ServiceReply } from "./service-call.ts";

/** A name in the container itself: no folders, nothing that has to be encoded. */
const blobName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/u)
  .nullish();

const request = z.object({
  type: z.string(),
  inputBlobContainerUri: z.string().nullish(),
  inputBlobName: blobName,
  outputBlobContainerUri: z.string(),
  outputBlobName: blobName,
  excludeKeysInExport: z.boolean().nullish(),
  storageAuthenticationType: z.string().nullish(),
});

/** Import and export of identities through blob storage [facts 4.1]. Keys go with them, so it takes RegistryWrite. */
export function identityJobRoutes(jobs: IdentityJobs, storage: StorageAccess): readonly Route[] {
  const operation = { counted: "jobs", throttled: "jobs" } as const;
  return [
    {
      ...operation,
      method: "POST",
      path: "/jobs/create",
      access: ACCESS.writeIdentityJobs,
      answer: ({ body }) => reply(jobs.create(parseRequest(body, storage))),
    },
    {
      ...operation,
      method: "GET",
      path: "/jobs",
      access: ACCESS.readIdentityJobs,
      answer: () => ({ status: 200, body: jobs.all().map(documentOf) }),
    },
    {
      ...operation,
      method: "GET",
      path: "/jobs/:id",
      access: ACCESS.readIdentityJobs,
      answer: ({ parameter }) => reply(jobs.get(parameter("id"))),
    },
    {
      ...operation,
      method: "DELETE",
      path: "/jobs/:id",
      access: ACCESS.deleteIdentityJobs,
      answer: ({ parameter }) => {
        jobs.cancel(parameter("id"));
        return { status: 204 };
      },
    },
  ];
}

function parseRequest(body: unknown, storage: StorageAccess): IdentityJobRequest {
  const parsed = request.safeParse(body);
  if (!parsed.success) throw argumentInvalid(`The job is malformed: ${z.prettifyError(parsed.error)}`);
  const { storageAuthenticationType, inputBlobName, outputBlobName, ...written } = parsed.data;
  const type = written.type.toLowerCase();
  if (type !== "import" && type !== "export")
    throw argumentInvalid(`type is ${JSON.stringify(written.type.slice(0, 40))}: use import or export`);
  if (storageAuthenticationType && storageAuthenticationType.toLowerCase() !== "keybased") {
    throw new ServiceError(400, "ManagedIdentityNotEnabled", {
      message:
        "The local hub has no identity of its own: use container addresses with a shared access signature",
    });
  }
  const container = (name: "inputBlobContainerUri" | "outputBlobContainerUri"): string => {
    const uri = written[name] ?? "";
    const trouble = containerTrouble(uri, storage);
    if (trouble === undefined) return uri;
    throw new ServiceError(400, "BlobContainerValidationError", { message: `${name} ${trouble}` });
  };
  return {
    type,
    ...(type === "import" ? { inputContainer: container("inputBlobContainerUri") } : {}),
    outputContainer: container("outputBlobContainerUri"),
    ...(inputBlobName ? { inputBlob: inputBlobName } : {}),
    ...(outputBlobName ? { outputBlob: outputBlobName } : {}),
    excludeKeys: written.excludeKeysInExport ?? false,
  };
}

/** FIDELITY: addresses are told without their signature, which whoever may read jobs should not get. */
function documentOf(job: IdentityJob): JsonObject {
  const { endedAt, failureReason, inputContainer, inputBlob, outputBlob } = job;
  return {
    jobId: job.jobId,
    type: job.type,
    status: job.status,
    progress: job.progress,
    startTimeUtc: serviceTime(job.startedAt),
    ...(endedAt === undefined ? {} : { endTimeUtc: serviceTime(endedAt) }),
    ...(inputContainer === undefined ? {} : { inputBlobContainerUri: withoutSignature(inputContainer) }),
    ...(inputBlob === undefined ? {} : { inputBlobName: inputBlob }),
    outputBlobContainerUri: withoutSignature(job.outputContainer),
    ...(outputBlob === undefined ? {} : { outputBlobName: outputBlob }),
    excludeKeysInExport: job.excludeKeys,
    storageAuthenticationType: "keyBased",
    ...(failureReason === undefined ? {} : { failureReason }),
  };
}

function withoutSignature(uri: string): string {
  const { origin, pathname } = new URL(uri);
  return `${origin}${pathname}`;
}

function reply(job: IdentityJob): ServiceReply {
  return { status: 200, body: documentOf(job) };
}
