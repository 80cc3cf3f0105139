import * as managedidentity from "@pulumi/azure-native/managedidentity/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { Principal } from "./principal.ts";

/** What an identity for programs needs. */
export interface WorkloadIdentityArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  /** GitHub workflow that may act as this identity: `repo:ORG/REPOSITORY:environment:NAME`; absent: none. */
  readonly subject: string | undefined;
}

/** An identity that a program runs as: no password, no key. What it may do is granted elsewhere. */
export class WorkloadIdentity extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly clientId: pulumi.Output<string>;
  readonly principal: Principal;

  constructor(name: string, args: WorkloadIdentityArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:WorkloadIdentity", name, {}, options);
    const { resourceGroupName, subject } = args;
    const child = { parent: this };
    const identity = new managedidentity.UserAssignedIdentity(name, { resourceGroupName }, child);
    if (subject !== undefined) {
      new managedidentity.FederatedIdentityCredential(
        name,
        {
          resourceGroupName,
          resourceName: identity.name,
          federatedIdentityCredentialResourceName: "github",
          issuer: "https://token.actions.githubusercontent.com",
          subject,
          audiences: ["api://AzureADTokenExchange"],
        },
        child,
      );
    }
    this.id = identity.id;
    this.clientId = identity.clientId;
    this.principal = { principalId: identity.principalId, principalType: "ServicePrincipal" };
    this.registerOutputs({ clientId: this.clientId });
  }
}
