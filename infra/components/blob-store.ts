import * as authorization from "@pulumi/azure-native/authorization/index.js";
import * as storage from "@pulumi/azure-native/storage/index.js";
import * as pulumi from "@pulumi/pulumi";
import { roleDefinitionId, STORAGE_ROLE, type Principal } from "./principal.ts";

/** What a store of blobs needs. */
export interface BlobStoreArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  /** Name of its one container, which others know. */
  readonly container: string;
  /** Whether anybody may read a blob whose name they know. */
  readonly anonymousRead: boolean;
  /** Days that a blob can be neither replaced nor deleted; 0: no such rule. Pulumi makes it unlocked. */
  readonly immutableDays: number;
  readonly redundancy: "Standard_LRS" | "Standard_ZRS";
  /** Days that deleted blobs and the deleted container can be brought back. */
  readonly retentionDays: number;
  readonly protect: boolean;
}

/**
 * A storage account of its own with one container. Anonymous access is allowed by account, so what is public and what
 * is private never share one.
 */
export class BlobStore extends pulumi.ComponentResource {
  readonly containerId: pulumi.Output<string>;
  /** Where the account's blobs are logged [Azure Monitor: diagnostic settings of storage]. */
  readonly blobServiceId: pulumi.Output<string>;
  /** Address of the container, without a slash at the end. */
  readonly url: pulumi.Output<string>;
  readonly #accountId: pulumi.Output<string>;
  readonly #name: string;

  /** The name becomes a storage account's: lower-case letters and digits, at most 16, for eight more are added. */
  constructor(name: string, args: BlobStoreArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:BlobStore", name, {}, options);
    const { resourceGroupName, container, anonymousRead, immutableDays } = args;
    const { redundancy, retentionDays, protect } = args;
    const kept = { parent: this, protect };
    const account = new storage.StorageAccount(
      name,
      {
        resourceGroupName,
        kind: storage.Kind.StorageV2,
        sku: { name: redundancy },
        minimumTlsVersion: storage.MinimumTlsVersion.TLS1_2,
        enableHttpsTrafficOnly: true,
        allowBlobPublicAccess: anonymousRead,
        allowSharedKeyAccess: false,
        defaultToOAuthAuthentication: true,
        allowCrossTenantReplication: false,
        isLocalUserEnabled: false,
      },
      kept,
    );
    const inAccount = { accountName: account.name, resourceGroupName };
    const services = new storage.BlobServiceProperties(
      name,
      {
        ...inAccount,
        blobServicesName: "default",
        // An overwritten or deleted blob stays as a version.
        isVersioningEnabled: true,
        deleteRetentionPolicy: { enabled: true, days: retentionDays },
        containerDeleteRetentionPolicy: { enabled: true, days: retentionDays },
      },
      { parent: this },
    );
    const blobs = new storage.BlobContainer(
      name,
      {
        ...inAccount,
        containerName: container,
        // `Blob`, not `Container`: whoever knows a name may read it, nobody may list.
        publicAccess: anonymousRead ? storage.PublicAccess.Blob : storage.PublicAccess.None,
      },
      // No blob is written before deleted ones are kept.
      { ...kept, dependsOn: services },
    );
    if (immutableDays > 0) {
      new storage.BlobContainerImmutabilityPolicy(
        name,
        {
          ...inAccount,
          containerName: blobs.name,
          immutabilityPolicyName: "default",
          immutabilityPeriodSinceCreationInDays: immutableDays,
          allowProtectedAppendWrites: false,
        },
        kept,
      );
    }
    this.#accountId = account.id;
    this.#name = name;
    this.containerId = blobs.id;
    this.blobServiceId = pulumi.interpolate`${account.id}/blobServices/default`;
    this.url = pulumi.interpolate`${account.primaryEndpoints.blob}${container}`;
    this.registerOutputs({ url: this.url });
  }

  /** Give a principal a role on the container, and on nothing else of the account. */
  grant(
    to: string,
    role: "blobDataReader" | "blobDataContributor",
    principal: Principal,
  ): authorization.RoleAssignment {
    return this.#assign(to, { role, scope: this.containerId, principal });
  }

  /** Let a principal sign addresses that open for others what it may open itself; Azure knows that by account only. */
  letDelegate(to: string, principal: Principal): authorization.RoleAssignment {
    return this.#assign(`${to}-delegator`, { role: "blobDelegator", scope: this.#accountId, principal });
  }

  #assign(
    name: string,
    given: {
      readonly role: keyof typeof STORAGE_ROLE;
      readonly scope: pulumi.Output<string>;
      readonly principal: Principal;
    },
  ): authorization.RoleAssignment {
    const { role, scope, principal } = given;
    return new authorization.RoleAssignment(
      `${this.#name}-${name}`,
      { ...principal, scope, roleDefinitionId: roleDefinitionId(scope, STORAGE_ROLE[role]) },
      { parent: this },
    );
  }
}
