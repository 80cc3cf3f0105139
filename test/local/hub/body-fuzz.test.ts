import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { createConfigurationStore } from "../../../local/hub/configuration-store.ts";
import { createDeviceStore } from "../../../local/hub/device-store.ts";
import { createJobStore } from "../../../local/hub/jobs/job-store.ts";
import type { JsonValue } from "../../../local/hub/json-value.ts";
import { bulkRoutes } from "../../../local/hub/rest/bulk-routes.ts";
import { configurationCheckRoutes } from "../../../local/hub/rest/configuration-check-routes.ts";
import { configurationRoutes } from "../../../local/hub/rest/configuration-routes.ts";
import { identityJobRoutes } from "../../../local/hub/rest/identity-job-routes.ts";
import { identityRoutes } from "../../../local/hub/rest/identity-routes.ts";
import { jobRoutes } from "../../../local/hub/rest/job-routes.ts";
import { statisticsRoutes } from "../../../local/hub/rest/statistics-routes.ts";
import { twinRoutes } from "../../../local/hub/rest/twin-routes.ts";
import { ServiceError } from "../../../local/hub/service-error.ts";
import { createIdentityJobs } from "../../../local/hub/storage/identity-jobs.ts";
import { createManualClock } from "./manual-clock.ts";

const RUNS = 10_000;

const clock = createManualClock();
const devices = createDeviceStore({ clock, maxDevices: 1000 });
const configurations = createConfigurationStore({ clock, maxConfigurations: 100, onChange: () => undefined });
const jobs = createJobStore({ clock, maxConcurrentJobs: 10 });
const blankKeys = "keep";
const identityJobs = createIdentityJobs({
  ...{ devices, clock, blankKeys, storage: {} },
  closing: AbortSignal.abort(),
});
const routes = [
  ...identityRoutes(devices, { blankKeys }),
  ...bulkRoutes(devices, { blankKeys }),
  ...twinRoutes(devices),
  ...configurationRoutes(configurations, { countGets: false }),
  ...configurationCheckRoutes(devices),
  ...statisticsRoutes(devices),
  ...jobRoutes(jobs, { clock, wake: () => undefined }),
  ...identityJobRoutes(identityJobs, {}),
];

const NAMES = [
  ...["id", "deviceId", "moduleId", "importMode", "eTag", "twinETag", "status", "authentication", "type"],
  ...["tags", "properties", "desired", "content", "deviceContent", "moduleContent", "properties.desired.a"],
  ...[
    "targetCondition",
    "metrics",
    "queries",
    "customMetricQueries",
    "queryCondition",
    "updateTwin",
    "jobId",
  ],
  ...[
    "cloudToDeviceMethod",
    "methodName",
    "startTime",
    "maxExecutionTimeInSeconds",
    "outputBlobContainerUri",
  ],
  ...["symmetricKey", "primaryKey", "__proto__", "constructor", "toString", "$version"],
];
const TEXTS = [
  ...[
    "d1",
    "d1/m1",
    "m1",
    "create",
    "updateTwin",
    "deleteIfMatchETag",
    "enabled",
    "sas",
    "selfSigned",
    "*",
    "",
  ],
  ...[
    "scheduleUpdateTwin",
    "scheduleDeviceMethod",
    "import",
    "export",
    "from devices.modules where tags.a = 1",
  ],
  ...["tags.a = 1", "SELECT * FROM devices", "https://127.0.0.1:1/c?sig=x", "9999-99-99", "x".repeat(5000)],
];
const leaf = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ maxLength: 20 }),
  fc.integer(),
  fc.constant(null),
);
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 6 })), tie("value")), {
        maxLength: 8,
      })
      // As JSON.parse makes them: __proto__ is a property like any other.
      .map(
        (members) =>
          JSON.parse(
            `{${members.map((pair) => pair.map((part) => JSON.stringify(part)).join(":")).join()}}`,
          ) as JsonValue,
      ),
  ),
}));
const id = fc.oneof(
  fc.constantFrom("d1", "m1", "d1/m1", "a/b/c", "__proto__", "constructor", "c1"),
  fc.string(),
);

describe(`${RUNS} hostile requests`, () => {
  test.prop(
    {
      route: fc.constantFrom(...routes),
      body: fc.option(value, { nil: undefined }),
      id,
      moduleId: id,
      etag: fc.option(id),
    },
    { numRuns: RUNS },
  )(
    "are answered or refused, and never crash the hub",
    async ({ route, body, id: deviceId, moduleId, etag }) => {
      const parameters: Readonly<Record<string, string>> = {
        id: deviceId,
        moduleId: route.path.includes(":moduleId") ? moduleId : "",
      };
      try {
        route.amount?.(body);
        const reply = await route.answer({
          parameter: (name) => parameters[name] ?? "",
          option: () => deviceId,
          header: () => moduleId,
          ifMatch: etag === null ? undefined : { etag, isQuoted: true },
          body,
          content: Buffer.from(JSON.stringify(body ?? null)),
          headers: () => [["iothub-to", deviceId]],
        });
        expect([200, 204, 400]).toContain(reply.status);
        expect(() => JSON.stringify(reply.body)).not.toThrow();
      } catch (error) {
        expect(error).toBeInstanceOf(ServiceError);
        const { status } = error as ServiceError;
        expect(status).toSatisfy((code: number) => (code >= 400 && code < 500) || code === 501);
      }
    },
  );
});
