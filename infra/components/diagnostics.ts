import * as monitor from "@pulumi/azure-native/monitor/index.js";
import * as operationalinsights from "@pulumi/azure-native/operationalinsights/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { BlobStore } from "./blob-store.ts";
import type { IotHub } from "./iot-hub.ts";

/** What is logged, and for how long. */
export interface DiagnosticsArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly hub: IotHub;
  readonly stores: Readonly<Record<string, BlobStore>>;
  readonly retentionDays: number;
}

/**
 * Log categories that say who changed what [IoT Hub monitoring reference: resource logs]. `Connections` and the
 * telemetry categories grow with the fleet and are left to whoever wants to pay for them.
 */
const HUB_CATEGORIES = ["Configurations", "DeviceIdentityOperations", "TwinQueries", "JobsOperations"];
/** Who wrote or deleted a blob [Azure Blob Storage monitoring reference: resource logs]. */
const BLOB_CATEGORIES = ["StorageWrite", "StorageDelete"];

/** A Log Analytics workspace and what flows into it. */
export class Diagnostics extends pulumi.ComponentResource {
  readonly workspaceId: pulumi.Output<string>;

  constructor(name: string, args: DiagnosticsArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:Diagnostics", name, {}, options);
    const { resourceGroupName, hub, stores, retentionDays } = args;
    const workspace = new operationalinsights.Workspace(
      name,
      {
        resourceGroupName,
        sku: { name: operationalinsights.WorkspaceSkuNameEnum.PerGB2018 },
        retentionInDays: retentionDays,
        // Nothing signs in by the workspace's key.
        features: { disableLocalAuth: true },
      },
      { parent: this },
    );
    this.workspaceId = workspace.id;
    this.log("hub", hub.id, { categories: HUB_CATEGORIES, metrics: true });
    for (const [store, { blobServiceId }] of Object.entries(stores))
      this.log(store, blobServiceId, { categories: BLOB_CATEGORIES, metrics: false });
    this.registerOutputs({ workspaceId: this.workspaceId });
  }

  /** Let a resource write these categories into the workspace. */
  log(
    name: string,
    resourceUri: pulumi.Input<string>,
    { categories, metrics }: { readonly categories: readonly string[]; readonly metrics: boolean },
  ): void {
    new monitor.DiagnosticSetting(
      name,
      {
        name: "wavegate",
        resourceUri,
        workspaceId: this.workspaceId,
        logAnalyticsDestinationType: "Dedicated",
        logs: categories.map((category) => ({ category, enabled: true })),
        metrics: metrics ? [{ category: "AllMetrics", enabled: true }] : [],
      },
      { parent: this },
    );
  }
}
