import type { HubClock } from "../clock.ts";
import type { ConfigurationOptions } from "../configuration-options.ts";
import type { ConfigurationStore } from "../configuration-store.ts";
import type { DeviceStore } from "../device-store.ts";
import type { DirectMethods } from "../direct-methods.ts";
import type { Mailbox } from "../mailbox.ts";
import type { DailyQuota } from "../quota.ts";
import type { JobStore } from "../jobs/job-store.ts";
import type { QueryOptions } from "../query/query-options.ts";
import type { StorageAccess } from "../storage/blob-container.ts";
import type { IdentityJobs } from "../storage/identity-jobs.ts";
import { bulkRoutes } from "./bulk-routes.ts";
import { configurationCheckRoutes } from "./configuration-check-routes.ts";
import { configurationRoutes } from "./configuration-routes.ts";
import type { BlankKeys } from "./identity-body.ts";
import { deviceBoundRoutes } from "./device-bound-routes.ts";
import { methodRoutes } from "./method-routes.ts";
import { identityJobRoutes } from "./identity-job-routes.ts";
import { identityRoutes } from "./identity-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { queryRoutes } from "./query-routes.ts";
import type { Route } from "./service-call.ts";
import { statisticsRoutes } from "./statistics-routes.ts";
import { twinRoutes } from "./twin-routes.ts";

/** What the service API reads and writes, and how where the documents leave it open. */
export interface ServiceRoutesOptions {
  readonly clock: HubClock;
  readonly devices: DeviceStore;
  readonly configurations: ConfigurationStore;
  readonly jobs: JobStore;
  /** Has jobs that were created or ended looked at. */
  readonly wakeJobs: () => void;
  readonly methods: DirectMethods;
  readonly mailbox: Mailbox;
  readonly quota: DailyQuota;
  readonly identityJobs: IdentityJobs;
  readonly storage: StorageAccess;
  readonly blankKeys: BlankKeys;
  readonly countConfigurationGets: boolean;
  /** How queries and configurations are read. */
  readonly readings: QueryOptions & ConfigurationOptions;
}

/** Every operation of the service API that the local hub has. */
export function serviceRoutes(options: ServiceRoutesOptions): readonly Route[] {
  const { clock, devices, configurations, jobs, blankKeys, readings } = options;
  return [
    ...queryRoutes({ ...devices.seen, jobs: jobs.rows }, readings),
    ...identityRoutes(devices, { blankKeys }),
    ...bulkRoutes(devices, { blankKeys }),
    ...twinRoutes(devices),
    ...configurationRoutes(configurations, { ...readings, countGets: options.countConfigurationGets }),
    ...configurationCheckRoutes(devices, readings),
    ...statisticsRoutes(devices),
    ...jobRoutes(jobs, { clock, wake: options.wakeJobs, queryOptions: readings }),
    ...methodRoutes(options.methods),
    ...deviceBoundRoutes(options),
    ...identityJobRoutes(options.identityJobs, options.storage),
  ];
}
