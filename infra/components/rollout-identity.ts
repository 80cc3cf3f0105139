import * as managedidentity from "@pulumi/azure-native/managedidentity/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { BlobStore } from "./blob-store.ts";
import { dataActionsOf, ROLLOUT_CALLS } from "./hub-data-actions.ts";
import { hubRole } from "./hub-role.ts";
import type { IotHub } from "./iot-hub.ts";
import type { Principal } from "./principal.ts";

/** What the rollout's identity works with. */
export interface RolloutIdentityArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly resourceGroupId: pulumi.Input<string>;
  readonly hub: IotHub;
  readonly firmware: BlobStore;
  readonly records: BlobStore;
  /** GitHub workflow that may act as this identity: `repo:ORG/REPOSITORY:environment:NAME`. */
  readonly githubSubject?: string;
}

/** The identity a controller runs as. It moves configurations and writes records; it registers no device and stores no image. */
export class RolloutIdentity extends pulumi.ComponentResource {
  readonly clientId: pulumi.Output<string>;

  constructor(name: string, args: RolloutIdentityArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:RolloutIdentity", name, {}, options);
    const { resourceGroupName, resourceGroupId, hub, firmware, records, githubSubject } = args;
    const child = { parent: this };
    const identity = new managedidentity.UserAssignedIdentity(name, { resourceGroupName }, child);
    const principal: Principal = { principalId: identity.principalId, principalType: "ServicePrincipal" };
    hubRole(
      name,
      {
        purpose: "rollout",
        description: "Reads and writes configurations and counts devices; touches no device.",
        dataActions: dataActionsOf(ROLLOUT_CALLS),
        resourceGroupId,
        hubId: hub.id,
        hubName: hub.name,
        principal,
      },
      child,
    );
    // It checks that an image is the declared one, and cannot replace it.
    firmware.grant(name, "blobDataReader", principal);
    records.grant(name, "blobDataContributor", principal);
    if (githubSubject !== undefined) {
      new managedidentity.FederatedIdentityCredential(
        name,
        {
          resourceGroupName,
          resourceName: identity.name,
          federatedIdentityCredentialResourceName: "github",
          issuer: "https://token.actions.githubusercontent.com",
          subject: githubSubject,
          audiences: ["api://AzureADTokenExchange"],
        },
        child,
      );
    }
    this.clientId = identity.clientId;
    this.registerOutputs({ clientId: this.clientId });
  }
}
