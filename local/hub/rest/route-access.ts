import type { AccessRight } from "../access-policy.ts";
import type { DataAction } from "../data-action.ts";

/** What a call of the service API takes: a right of its policy, or data actions of its roles [facts 4.4]. */
export interface RouteAccess {
  readonly right: Exclude<AccessRight, "DeviceConnect">;
  /** All of them. */
  readonly actions: readonly DataAction[];
}

const HUB = "Microsoft.Devices/IotHubs";

/** What each kind of call takes; a route names its own. */
export const ACCESS = {
  readDevices: { right: "RegistryRead", actions: [`${HUB}/devices/read`] },
  writeDevices: { right: "RegistryWrite", actions: [`${HUB}/devices/write`] },
  deleteDevices: { right: "RegistryWrite", actions: [`${HUB}/devices/delete`] },
  /** A bulk call may do either. */
  bulkDevices: { right: "RegistryWrite", actions: [`${HUB}/devices/write`, `${HUB}/devices/delete`] },
  readTwins: { right: "ServiceConnect", actions: [`${HUB}/twins/read`] },
  writeTwins: { right: "ServiceConnect", actions: [`${HUB}/twins/write`] },
  readConfigurations: { right: "ServiceConnect", actions: [`${HUB}/configurations/read`] },
  writeConfigurations: { right: "ServiceConnect", actions: [`${HUB}/configurations/write`] },
  deleteConfigurations: { right: "ServiceConnect", actions: [`${HUB}/configurations/delete`] },
  testQueries: { right: "ServiceConnect", actions: [`${HUB}/configurations/testQueries/action`] },
  applyToEdge: { right: "ServiceConnect", actions: [`${HUB}/configurations/applyToEdgeDevice/action`] },
  invokeMethods: { right: "ServiceConnect", actions: [`${HUB}/directMethods/invoke/action`] },
  sendMessages: { right: "ServiceConnect", actions: [`${HUB}/cloudToDeviceMessages/send/action`] },
  purgeMessages: { right: "ServiceConnect", actions: [`${HUB}/cloudToDeviceMessages/queue/purge/action`] },
  /** Ours alone, so no action of Azure's is about it: who may read twins may read what devices send. */
  readTelemetry: { right: "ServiceConnect", actions: [`${HUB}/twins/read`] },
  readJobs: { right: "ServiceConnect", actions: [`${HUB}/jobs/read`] },
  writeJobs: { right: "ServiceConnect", actions: [`${HUB}/jobs/write`] },
  deleteJobs: { right: "ServiceConnect", actions: [`${HUB}/jobs/delete`] },
  /** Imports and exports carry keys, so that reading them takes what writing identities takes [G]. */
  readIdentityJobs: { right: "RegistryWrite", actions: [`${HUB}/jobs/read`] },
  writeIdentityJobs: { right: "RegistryWrite", actions: [`${HUB}/jobs/write`] },
  deleteIdentityJobs: { right: "RegistryWrite", actions: [`${HUB}/jobs/delete`] },
  readStatistics: { right: "RegistryRead", actions: [`${HUB}/statistics/read`] },
} as const satisfies Record<string, RouteAccess>;
