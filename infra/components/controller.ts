import * as app from "@pulumi/azure-native/app/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { Diagnostics } from "./diagnostics.ts";
import type { WorkloadIdentity } from "./workload-identity.ts";

/** What a controller in Azure needs. */
export interface ControllerArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  /** Image by digest, as infra/controller/Dockerfile makes it. */
  readonly image: string;
  /** Cron expression of five fields, UTC. */
  readonly schedule: string;
  readonly identity: WorkloadIdentity;
  /** Absent: what a look says is lost. */
  readonly diagnostics: Diagnostics | undefined;
  /** Where the rollout finds its hub and stores: `WAVEGATE_*` variables, none of them secret. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
}

/** Table of what containers print, where the environment logs by a diagnostic setting and not by a key. */
export const CONSOLE_TABLE = "ContainerAppConsoleLogs";

/**
 * `wavegate reconcile` on a schedule, as the rollout identity. A look that is late, runs twice or dies is harmless, so
 * nothing is retried: the next look carries on.
 */
export class Controller extends pulumi.ComponentResource {
  constructor(name: string, args: ControllerArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:Controller", name, {}, options);
    const { resourceGroupName, image, schedule, identity, diagnostics, environment } = args;
    const child = { parent: this };
    const managed = new app.ManagedEnvironment(
      name,
      // The other destination, `log-analytics`, wants the workspace's key.
      { resourceGroupName, appLogsConfiguration: { destination: "azure-monitor" } },
      child,
    );
    diagnostics?.log("controller", managed.id, {
      categories: ["ContainerAppConsoleLogs", "ContainerAppSystemLogs"],
      metrics: false,
    });
    new app.Job(
      name,
      {
        resourceGroupName,
        environmentId: managed.id,
        identity: {
          type: app.ManagedServiceIdentityType.UserAssigned,
          userAssignedIdentities: [identity.id],
        },
        configuration: {
          triggerType: app.TriggerType.Schedule,
          // Longer than any look takes; a look that hangs is ended before it blocks a second one.
          replicaTimeout: 240,
          replicaRetryLimit: 0,
          scheduleTriggerConfig: { cronExpression: schedule, parallelism: 1, replicaCompletionCount: 1 },
          registries: registriesOf(image).map((server) => ({ server, identity: identity.id })),
        },
        template: {
          containers: [
            {
              name: "reconcile",
              image,
              args: ["reconcile", "--json"],
              env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
              resources: { cpu: 0.5, memory: "1Gi" },
            },
          ],
        },
      },
      child,
    );
    this.registerOutputs({});
  }
}

/** Azure's own registries are read as the identity, which needs AcrPull there; others must be public. */
function registriesOf(image: string): string[] {
  const [server = ""] = image.split("/");
  return server.endsWith(".azurecr.io") ? [server] : [];
}
